"""By what others can know this server: the CA that signed its certificate, and a name that stands in it."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from .authority import facts_of
from .entries import AccountsError


@dataclass(frozen=True)
class Identity:
    """`host` stands in the certificate; `fingerprint` is the SHA-256 of the CA's (DER)."""

    host: str
    fingerprint: bytes


def ca_beside(accounts: Path) -> Path:
    """Where the CA's certificate lies, for an accounts file."""
    return accounts.parent / "ca" / "ca.crt"


def identity_of(cert: Path, ca: Path) -> Identity:
    """Of the server with that certificate; AccountsError where it is not signed by the CA `ca`, or names nobody."""
    authority, server = facts_of(ca), facts_of(cert)
    try:
        x509.load_pem_x509_certificate(cert.read_bytes()).verify_directly_issued_by(
            x509.load_pem_x509_certificate(ca.read_bytes())
        )
    except (ValueError, TypeError, InvalidSignature):
        raise AccountsError(
            f"{cert} was not signed by the CA in {ca}, by which others know this server: `glassline ca server` makes "
            "one that is"
        ) from None
    host = next((name for name in sorted(server.names, key=_is_address) if _is_good(name)), None)
    if host is None:
        raise AccountsError(f"{cert} is for no name by which others know this server: `glassline ca server` adds it")
    return Identity(host, authority.fingerprint)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_good(name: str) -> bool:
    """Whether it is one server's own: not that of every machine for itself, and not one that stands for many."""
    return (
        name != "localhost" and "*" not in name and not (_is_address(name) and ipaddress.ip_address(name).is_loopback)
    )
