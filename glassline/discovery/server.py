"""What mDNS tells of a server: where its broker listens, whose CA vouches for it, where machines join. No secret."""

import hashlib
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glassline.program import shown

SERVICE = "_glassline._tcp.local."
"""A type of its own, not `_secure-mqtt._tcp`: whoever asks for it is answered by servers of Glassline alone."""
MAX_ADDRESSES = 8
MAX_SITE_BYTES = 50
"""DNS knows labels of up to 63; the rest is for the number that a second one of the same name gets."""
_VERSION = b"1"
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server. Its certificate is for `host`, signed by the CA of that `fingerprint` (SHA-256 of its DER form)."""

    site: str
    """The name that people gave it, on one line and printable."""
    host: str
    port: int
    """Of the broker, which speaks TLS there."""
    fingerprint: bytes
    addresses: tuple[str, ...] = ()
    """IPv4, as dotted texts."""
    web_port: int | None = None
    """Of the page at which machines join over HTTPS; None where there is none."""

    def __str__(self) -> str:
        return f"{self.site} ({self.host})"

    def texts(self) -> dict[str, str]:
        """The TXT record."""
        told = {"v": _VERSION.decode(), "host": self.host, "ca": self.fingerprint.hex()}
        return told if self.web_port is None else told | {"web": str(self.web_port)}

    @classmethod
    def read(
        cls, name: str, *, port: int | None, addresses: Sequence[str], texts: Mapping[bytes, bytes | None]
    ) -> "Server":
        """From what came over the network for the instance `name`; ValueError says what was expected, and got."""
        if texts.get(b"v") != _VERSION:
            raise ValueError(f"expected v={_VERSION.decode()}, got {_shown(texts, b'v')}")
        host = (texts.get(b"host") or b"").decode("ascii", "replace")
        if not _HOST.fullmatch(host):
            raise ValueError(f"expected the name of a host, got {_shown(texts, b'host')}")
        fingerprint = _hex(texts.get(b"ca") or b"")
        if len(fingerprint) != hashlib.sha256().digest_size:
            raise ValueError(f"expected the SHA-256 of a CA's certificate, got {_shown(texts, b'ca')}")
        if not port:
            raise ValueError("expected the port of a broker, got none")
        kept = tuple(dict.fromkeys(filter(_is_reachable, addresses)))[:MAX_ADDRESSES]
        if not kept:
            raise ValueError("expected an address, got none that can be reached")
        site = shown(name.removesuffix(f".{SERVICE}"), limit=63)
        return cls(
            site=site, host=host, port=port, fingerprint=fingerprint, addresses=kept, web_port=_port(texts.get(b"web"))
        )


def check_site(text: str) -> str:
    """`text` if a site may be called so; ValueError says what was expected."""
    if not text.isprintable() or set(text) & set(".`:") or len(text.encode()) > MAX_SITE_BYTES or text != text.strip():
        raise ValueError(f"expected a name of up to {MAX_SITE_BYTES} bytes without '.', ':' and '`', like Hall 2")
    return text


def _is_reachable(address: str) -> bool:
    """Whether a server elsewhere can have this IPv4 address: not this machine's own, nor everybody's."""
    try:
        found = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_multicast or found.is_unspecified or found.is_reserved)


def _hex(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return b""


def _port(text: bytes | None) -> int | None:
    if text is None or not re.fullmatch(rb"[0-9]{1,5}", text):
        return None
    return int(text) if 0 < int(text) < 65536 else None


def _shown(texts: Mapping[bytes, bytes | None], key: bytes) -> str:
    return repr(shown(texts.get(key) or b"", limit=80))
