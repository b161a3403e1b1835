"""`python -m broker`: runs the embedded broker in the foreground until SIGTERM or SIGINT."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from glassline.accounts import Accounts, AccountsError
from glassline.accounts.authority import facts_of
from glassline.contract.ids import BROKER_ID
from glassline.discovery import Advertiser
from glassline.program import CertificateError, ServerCertificate, Systemd, load_settings, run_logging
from glassline.program.settings import EXIT_SETTINGS

from .advertised import advertised
from .doors import Door
from .limits import Limits
from .listening import DEFAULT_PORTS, ListenAddress, ListenError, bind
from .server import GlassBroker
from .settings import BrokerSettings

_log = logging.getLogger("broker")
EXIT_CANNOT_LISTEN = 1
WARN_BEFORE = timedelta(days=30)
ALIVE_EACH_S = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit code. What prevents a start is one line on stderr."""
    loaded = load_settings(BrokerSettings, argv)
    settings = loaded.values
    run_logging("broker")
    for chatty in ("amqtt", "transitions"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    doors, running = list[Door](), ExitStack()
    try:
        check_safe(settings)
        accounts = open_accounts(settings.accounts)
        certificate = open_certificate(settings)
        for address in settings.addresses:
            doors += [Door(plug, certificate if address.tls else None) for plug in bind(address)]
        limits = Limits(connections=settings.max_connections)
        if (server := advertised(settings, doors, loaded.file)) is not None:
            running.enter_context(Advertiser(server))
        asyncio.run(serve(doors=doors, accounts=accounts, limits=limits))
    except (AccountsError, CertificateError, UnsafeError) as error:
        print(f"broker: {error}", file=sys.stderr)
        return EXIT_SETTINGS
    except ListenError as error:
        print(f"broker: {error}", file=sys.stderr)
        return EXIT_CANNOT_LISTEN
    finally:
        running.close()
        for door in doors:
            door.socket.close()
    return 0


class UnsafeError(Exception):
    """What the settings ask for would open the broker to strangers; the text says why and what to do."""


def check_safe(settings: BrokerSettings) -> None:
    """UnsafeError unless strangers find nothing: no accounts and no TLS are for loopback alone."""
    for address in settings.addresses:
        if address.is_loopback:
            continue
        if not settings.accounts:
            raise UnsafeError(
                f"will not listen on {address} without accounts, since others could reach it. Set `accounts` to the "
                "accounts file (`glassline enroll` makes one), or `listen` to mqtt://127.0.0.1:1883"
            )
        if not address.tls and not settings.plain_beyond_loopback:
            secure = ListenAddress(address.host, DEFAULT_PORTS["mqtts"], tls=True)
            raise UnsafeError(
                f"will not listen on {address} without TLS, since passwords and pictures would cross the network "
                f"readable by all. Set `listen` to {secure} (`glassline ca init` makes the certificate), or "
                "`plain_beyond_loopback` where the network itself is safe"
            )


def open_accounts(path: str) -> Accounts | None:
    """The accounts in force, None where none are named; AccountsError."""
    if not path:
        return None
    accounts = Accounts(path)
    accounts.load()
    if BROKER_ID in accounts.list():
        raise AccountsError(f"an account is called {BROKER_ID}, as the broker itself: `glassline revoke {BROKER_ID}`")
    return accounts


def open_certificate(settings: BrokerSettings) -> ServerCertificate | None:
    """The certificate, None where no address wants one; CertificateError."""
    if not any(address.tls for address in settings.addresses):
        return None
    if not settings.tls_cert or not settings.tls_key:
        raise CertificateError(
            "mqtts:// needs a certificate: set `tls_cert` and `tls_key` (`glassline ca init` makes them)"
        )
    certificate = ServerCertificate(settings.tls_cert, settings.tls_key)
    until = facts_of(Path(settings.tls_cert)).not_after
    if until - datetime.now(UTC) < WARN_BEFORE:
        _log.warning("the certificate %s is good until %s: `glassline ca server` renews it", settings.tls_cert, until)
    return certificate


async def serve(*, doors: Sequence[Door], accounts: Accounts | None, limits: Limits) -> None:
    """Run the broker behind `doors` until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = GlassBroker(doors=doors, accounts=accounts, limits=limits, id=BROKER_ID)
    await broker.start()
    who = "without accounts: every program on this machine may do everything"
    if accounts is not None:
        who = f"for {len(accounts.list())} accounts of {accounts.path}"
    _log.info("ready, listening on %s %s", ", ".join(map(str, doors)), who)
    systemd = Systemd()
    systemd.ready()
    systemd.status(f"Listens on {', '.join(map(str, doors))} {who}.")
    while not stop.is_set():
        systemd.alive()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), ALIVE_EACH_S)
    systemd.stopping()
    _log.info("stopping")
    await broker.shutdown()


if __name__ == "__main__":
    raise SystemExit(main())
