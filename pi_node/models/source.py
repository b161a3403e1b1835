"""From where a model may be fetched: from the web that this node knows by its CA or its address, and nobody else."""

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from glassline.contract.archives import path_of
from glassline.link import BrokerAddress
from glassline.link.access import Keys
from glassline.program import is_loopback

from .errors import FetchError

PATIENCE_S = 20.0


@dataclass(frozen=True)
class Source:
    """Host, port and path to ask; `tls` is how, None: plain. `at` is where mDNS found that host, else empty.

    `is_known`: the broker's host. Any other has to prove first that it is ours.
    """

    host: str
    port: int
    path: str
    tls: ssl.SSLContext | None
    at: str = ""
    is_known: bool = True

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def connect(self) -> http.client.HTTPConnection:
        """A connection that waits `PATIENCE_S` at most for the next byte; nothing is sent yet."""
        if self.tls is not None:
            return http.client.HTTPSConnection(self.at or self.host, self.port, timeout=PATIENCE_S, context=self.tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S)


def source_of(url: str, sha256: str, *, broker: BrokerAddress | None, keys: Keys) -> Source:
    """Read the address that a command gave; FetchError for one that this node does not ask.

    HTTPS with a certificate of the CA that the broker's has, or where that is a public one, on the broker's host. Plain
    HTTP on this machine where the broker is here, or on the broker's host where that is spoken to plainly too.
    """
    host, port, scheme, path = _taken_apart(url)
    if not path.endswith(path_of(sha256)):
        raise FetchError(f"expected an address that ends with {path_of(sha256)}, as a web serves models")
    is_brokers = broker is not None and host == broker.host
    if scheme == "http":
        is_here = broker is not None and broker.is_loopback and is_loopback(host)
        if not (is_here or (is_brokers and broker is not None and not broker.tls)):
            raise FetchError(f"models come from {host} over HTTPS only; `public_url` in [web] says how nodes reach it")
        return Source(host, port or 80, path, None)
    if not (keys.ca or keys.ca_file or is_brokers):
        raise FetchError(f"{host} is not the broker's host, and no CA of one's own vouches for it")
    at = broker.at if is_brokers and broker is not None else ""
    return Source(host, port or 443, path, keys.context(host), at, is_known=is_brokers)


def _taken_apart(url: str) -> tuple[str, int | None, str, str]:
    """(host, port, scheme, path); FetchError in our own words, for there may be a password in it."""
    expected = "expected an address like https://SERVER:5000/models/SHA256"
    if len(url) > 1000 or not url.isascii() or not url.isprintable() or " " in url:
        raise FetchError(expected)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise FetchError(expected) from None
    more = "@" in parts.netloc or parts.query or parts.fragment
    if more or not host or port == 0 or parts.scheme not in ("http", "https"):
        raise FetchError(f"{expected}, without password, query or fragment")
    return host, port, parts.scheme, parts.path
