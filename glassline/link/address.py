"""Where the broker is. No address is ever guessed: what is missing or cannot be right is said."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from glassline.contract import Reason

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
PREDECESSOR_SETTING = "BACKEND_URL"


class AddressError(ValueError):
    """The broker address cannot be used; `code` is the contract's reason, the text says what to do."""

    def __init__(self, code: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class BrokerAddress:
    """A broker's address.

    >>> BrokerAddress.parse("mqtt://server")
    BrokerAddress(host='server', port=1883, tls=False)
    """

    host: str
    port: int
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether this names the machine itself."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")

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
        invalid = f"the broker address {_shown(text)!r} cannot be used: "
        try:
            url = urlsplit(text.strip())
            port = url.port
        except ValueError as error:
            raise AddressError(Reason.BROKER_ADDRESS_INVALID, f"{invalid}{error}") from None
        if url.scheme not in DEFAULT_PORTS:
            hint = "that is a web page's address; " if url.scheme.startswith("http") else ""
            raise AddressError(
                Reason.BROKER_ADDRESS_INVALID, f"{invalid}{hint}expected mqtt://HOST:PORT or mqtts://HOST:PORT"
            )
        if not url.hostname:
            raise AddressError(Reason.BROKER_ADDRESS_INVALID, f"{invalid}it names no host")
        if url.username or url.password:
            raise AddressError(
                Reason.BROKER_ADDRESS_INVALID, f"{invalid}a password belongs into the file that `password_file` names"
            )
        return cls(url.hostname, port or DEFAULT_PORTS[url.scheme], url.scheme == "mqtts")


def _shown(text: str) -> str:
    """`text` without what may be a password."""
    scheme, mark, rest = text.partition("://")
    return f"{scheme}{mark}…@{rest.rpartition('@')[2]}" if "@" in rest else text
