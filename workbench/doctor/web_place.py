"""Where a web is looked at, and the way to it: as a browser goes, with the same Host and Origin."""

import http.client
import socket
import ssl
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from glassline.program import holder_of, is_loopback, is_own_address
from glassline.program.tls import fault_sentence

TIMEOUT_S = 4.0
_PORTS = {"http": 80, "https": 443}


class ClosedFileError(Exception):
    """A file that is needed to look is not ours to read."""


@dataclass(frozen=True, kw_only=True)
class WebPlace:
    """One address of a web.

    >>> place = WebPlace.parse("https://glass.example")
    >>> place.origin, place.port
    ('https://glass.example', 443)
    """

    scheme: str
    host: str
    port: int
    cert: str = ""
    """The web's own certificate, to be trusted beside, or where it is `pinned` instead of, the system's authorities."""
    pinned: bool = False
    """Trust that certificate alone, whatever names stand in it: on this machine the web is asked by its address."""
    behind_proxy: bool = False
    """The proxy before it does TLS: what it takes for its own pages are those with https."""

    @classmethod
    def parse(cls, url: str, *, cert: str = "") -> "WebPlace":
        """Read http://HOST[:PORT] or https://…; ValueError says what was expected."""
        expected = "expected the address of the page, like https://glass.example or http://127.0.0.1:5000"
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port
        except ValueError:
            raise ValueError(expected) from None
        if parts.scheme not in _PORTS or not parts.hostname or parts.username or parts.path.strip("/") or parts.query:
            raise ValueError(expected)
        return cls(scheme=parts.scheme, host=parts.hostname, port=port or _PORTS[parts.scheme], cert=cert)

    def moved_to(self, url: str) -> "WebPlace | None":
        """Where a redirect leads; None if that is no address of a page."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return None
        if parts.scheme not in _PORTS or not parts.hostname:
            return None
        return replace(
            self, scheme=parts.scheme, host=parts.hostname, port=port or _PORTS[parts.scheme], pinned=False
        )  # fmt: skip

    @property
    def authority(self) -> str:
        """Host and port as a browser names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def origin(self) -> str:
        """What a page from there sends as Origin."""
        return f"https://{self.authority}" if self.behind_proxy else self.address

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read what is sent there."""
        return self.scheme == "https" or is_loopback(self.host)

    def http(self, timeout_s: float = TIMEOUT_S) -> http.client.HTTPConnection:
        """A connection for one request."""
        if self.scheme == "http":
            return http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout_s, context=self._context())

    def connected(self) -> socket.socket:
        """A socket for the WebSocket, with its TLS."""
        context = self._context() if self.scheme == "https" else None
        plug = socket.create_connection((self.host, self.port), timeout=TIMEOUT_S)
        return context.wrap_socket(plug, server_hostname=self.host) if context is not None else plug

    def holder(self) -> str:
        """The program that listens there, if that is this machine, and may be known; empty: it is not."""
        try:
            found = {str(where[0]) for *_, where in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)}
        except OSError:
            return ""
        return str(holder_of(self.port) or "") if any(map(is_own_address, found)) else ""

    def told_of(self, error: Exception) -> str:
        """What went wrong there, in plain words."""
        match error:
            case ssl.SSLError():
                return fault_sentence(error, self.host)
            case ConnectionRefusedError():
                return "nothing listens on its port"
            case TimeoutError():
                return f"it accepts connections, but gave no answer for {TIMEOUT_S:g} s"
            case socket.gaierror():
                return "its name is not known on this network"
            case OSError():
                return error.strerror or str(error) or type(error).__name__
        return str(error) or type(error).__name__

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.cert if self.pinned else None)
            if self.cert and not self.pinned:
                context.load_verify_locations(self.cert)
        except PermissionError:
            raise ClosedFileError(f"{self.cert} is not yours to read: run `sudo glassline doctor`.") from None
        context.check_hostname = not self.pinned
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context
