"""`python -m broker`: runs the embedded broker in the foreground until SIGTERM or SIGINT."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence

from glassline.accounts import Accounts, AccountsError
from glassline.program import load_settings, run_logging
from glassline.program.settings import EXIT_SETTINGS

from .limits import Limits
from .listening import ListenAddress, ListenError, bind
from .server import GlassBroker
from .settings import BrokerSettings

_log = logging.getLogger("broker")
EXIT_CANNOT_LISTEN = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit code. What prevents a start is one line on stderr."""
    settings = load_settings(BrokerSettings, argv).values
    run_logging("broker")
    for chatty in ("amqtt", "transitions"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    address = ListenAddress.parse(settings.listen)
    try:
        accounts = open_accounts(address, settings.accounts)
        listeners = bind(address)
    except AccountsError as error:
        print(f"broker: {error}", file=sys.stderr)
        return EXIT_SETTINGS
    except ListenError as error:
        print(f"broker: {error}", file=sys.stderr)
        return EXIT_CANNOT_LISTEN
    limits = Limits(connections=settings.max_connections)
    try:
        asyncio.run(serve(listeners=listeners, accounts=accounts, limits=limits))
    finally:
        for plug in listeners:
            plug.close()
    return 0


def open_accounts(address: ListenAddress, path: str) -> Accounts | None:
    """The accounts in force, None on a loopback address without any; AccountsError otherwise."""
    if path:
        accounts = Accounts(path)
        accounts.load()
        return accounts
    if address.is_loopback:
        return None
    raise AccountsError(
        f"will not listen on {address} without accounts, since others could reach it. Set `accounts` to the accounts "
        "file (`glassline enroll` makes one), or `listen` to mqtt://127.0.0.1:1883"
    )


async def serve(*, listeners: Sequence[socket.socket], accounts: Accounts | None, limits: Limits) -> None:
    """Run the broker on bound sockets until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = GlassBroker(listeners=listeners, accounts=accounts, limits=limits)
    await broker.start()
    where = ", ".join("{}:{}".format(*plug.getsockname()[:2]) for plug in listeners)
    who = "without accounts: every program on this machine may do everything"
    if accounts is not None:
        who = f"for {len(accounts.list())} accounts of {accounts.path}"
    _log.info("ready, listening on %s %s", where, who)
    await stop.wait()
    _log.info("stopping")
    await broker.shutdown()


if __name__ == "__main__":
    raise SystemExit(main())
