"""Where the broker listens: checked, bound, and, if that fails, who is in the way."""

import errno
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from glassline.program import holder_of, is_loopback

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_EXPECTED = "expected addresses like mqtts://0.0.0.0:8883, mqtt://127.0.0.1:1883"


class ListenError(Exception):
    """The broker cannot listen there; one sentence says why and what to do."""


@dataclass(frozen=True)
class ListenAddress:
    """`host` is a name or an address, `port` 0 lets the system choose, `tls` is mqtts://."""

    host: str
    port: int
    tls: bool = False

    @classmethod
    def parse_all(cls, text: str) -> "list[ListenAddress]":
        """Read addresses with commas between them; ValueError says what was expected."""
        found = [cls.parse(part.strip()) for part in text.split(",")]
        if len(set(found)) < len(found):
            raise ValueError(f"{_EXPECTED}, each once, got {text!r}")
        return found

    @classmethod
    def parse(cls, text: str) -> "ListenAddress":
        """Read `mqtt://HOST[:PORT]` or `mqtts://…`; ValueError says what was expected."""
        try:
            url = urlsplit(text)
            host, port = url.hostname, url.port
        except ValueError as error:
            raise ValueError(f"{_EXPECTED}, got {text!r} ({error})") from None
        rest = url.path.strip("/") or url.query or url.fragment or url.username
        if url.scheme not in DEFAULT_PORTS or not host or rest:
            raise ValueError(f"{_EXPECTED}, got {text!r}")
        return cls(host, DEFAULT_PORTS[url.scheme] if port is None else port, url.scheme == "mqtts")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def bind(address: ListenAddress) -> list[socket.socket]:
    """Sockets bound to every address that the host stands for; ListenError says why that cannot be."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise ListenError(
            f"cannot listen on {address}: no address is known for {address.host!r} ({error.strerror}). Set `listen`"
        ) from None
    sockets: list[socket.socket] = []
    for family, _, _, _, where in dict.fromkeys(found):
        try:
            sockets.append(_bound(family, where))
        except OSError as error:
            if error.errno in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL} and len(found) > 1:
                continue
            for opened in sockets:
                opened.close()
            raise ListenError(f"cannot listen on {address}: {_reason(error, address.port)}") from None
    if not sockets:
        raise ListenError(f"cannot listen on {address}: it is no address of this machine. Set `listen`")
    return sockets


def _bound(family: int, where: tuple[object, ...]) -> socket.socket:
    # asyncio turns Nagle's algorithm (40 ms a message) off only on sockets that name their protocol.
    plug = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            plug.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        plug.bind(where)
        plug.listen(128)
        plug.setblocking(False)
    except OSError:
        plug.close()
        raise
    return plug


def _reason(error: OSError, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            holder = holder_of(port) or "another program"
            return f"port {port} is taken by {holder}. Stop that, or set another port with `listen`"
        case errno.EACCES:
            return f"port {port} needs root's rights. Set a port above 1023 with `listen`"
        case errno.EADDRNOTAVAIL:
            return "it is no address of this machine. Set `listen` to one of its own, or to 0.0.0.0"
    return f"{error.strerror}. Set `listen`"
