"""Where the broker is, or that it is to be found. No address is guessed: what is missing or cannot be right is said."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from glassline.contract import Reason
from glassline.program import is_blank, is_loopback
from glassline.program.first_contact import trouble

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
PREDECESSOR_SETTING = "BACKEND_URL"
AUTO = "auto"


class AddressError(ValueError):
    """The broker address cannot be used; `code` is the contract's reason, the text says what to do."""

    def __init__(self, code: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class BrokerAddress:
    """A broker's address.

    >>> BrokerAddress.parse("mqtt://server")
    BrokerAddress(host='server', port=1883, tls=False, at='')
    """

    host: str
    port: int
    tls: bool = False
    at: str = ""
    """The address at which `host` was found, where no resolver is to be asked. The certificate is for `host` all the
    same."""

    @property
    def place(self) -> tuple[str, int]:
        """Where to connect."""
        return self.at or self.host, self.port

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether this names the machine itself."""
        return is_loopback(self.host)

    @classmethod
    def parse(cls, text: str, *, environ: Mapping[str, str] = os.environ) -> "BrokerAddress":
        """Read mqtt://HOST[:PORT] or mqtts://…; AddressError says what is missing or wrong, and the remedy."""
        if not text.strip():
            old = (
                f" ({PREDECESSOR_SETTING} is set in the environment, but it named a web server and is not used here)"
                if environ.get(PREDECESSOR_SETTING)
                else ""
            )
            raise AddressError(
                Reason.BROKER_ADDRESS_UNSET,
                f"no broker address is set{old}: set `broker` in glassline.toml, GLASS_BROKER or --broker to the "
                "broker's address, like mqtt://192.168.1.10:1883",
            )
        address, error = _read(text.strip())
        if address is None:
            raise AddressError(
                Reason.BROKER_ADDRESS_INVALID, f"the broker address {_shown(text)!r} cannot be used: {error}"
            )
        return address


@dataclass(frozen=True)
class Sought:
    """A broker that is to be found by mDNS: the only one of our CA, or that of the name `site`."""

    site: str = ""

    def __str__(self) -> str:
        return f"{AUTO}:{self.site}" if self.site else AUTO


def broker_address(broker: str, *, credentials: str = "", ca_file: str = "") -> BrokerAddress | Sought:
    """Where a program with these settings finds its broker; AddressError also where it was not enrolled yet."""
    if credentials and is_blank(credentials):
        raise AddressError(
            Reason.BROKER_NOT_ENROLLED, f"not enrolled yet: {credentials} waits for this machine's credentials"
        )
    kind, _, site = broker.strip().partition(":")
    if kind != AUTO:
        return BrokerAddress.parse(broker)
    if not credentials and not ca_file:
        raise AddressError(
            Reason.BROKER_NOT_ENROLLED,
            f"not enrolled yet: `{AUTO}` knows a server by the CA in this machine's credentials, and there are none",
        )
    return Sought(site.strip())


def as_of_now(error: AddressError) -> AddressError:
    """`error`, or why the first contact, which gives a machine its address, has failed so far."""
    why = trouble() if error.code is Reason.BROKER_NOT_ENROLLED else ""
    return AddressError(Reason.BROKER_NOT_JOINED, why) if why else error


def _read(text: str) -> tuple[BrokerAddress | None, str]:
    """The address, or None and what is wrong: in our own words, since urllib's quote what may be a password."""
    expected = f"expected mqtt://HOST:PORT, mqtts://HOST:PORT or {AUTO}"
    if "@" in text:
        return None, "a password belongs into the file that `password_file` names"
    try:
        url = urlsplit(text)
    except ValueError:
        return None, expected
    if url.scheme not in DEFAULT_PORTS:
        return None, ("that is a web page's address; " if url.scheme.startswith("http") else "") + expected
    if not url.hostname:
        return None, "it names no host"
    try:
        port = url.port
    except ValueError:
        port = 0
    if port == 0:
        return None, "the port is no number from 1 to 65535"
    if url.path not in ("", "/") or url.query or url.fragment:
        return None, f"something follows the host and port; {expected}"
    return BrokerAddress(url.hostname, port or DEFAULT_PORTS[url.scheme], url.scheme == "mqtts"), ""


_PLAIN = re.compile(r"([a-z]+://)?([\w.-]*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?/?", re.IGNORECASE)


def _shown(text: str) -> str:
    """`text` if it is a host and a port at most; else no more than its scheme, for the rest may be a password."""
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return text
    scheme, mark, _ = text.partition("://")
    return f"{scheme}://…" if mark and scheme.isalpha() else "…"
