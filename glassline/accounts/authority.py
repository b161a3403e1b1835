"""A private certificate authority (CA): it signs the server certificate with which broker and web show who they are.

    authority = Authority.make(Path("ca"), "Glassline CA of server", now)
    cert, key = authority.issue(machine_names(), now)

Keys are ECDSA on P-256: any TLS library of the last ten years knows it, and a Pi computes it in a millisecond.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from glassline.program import SecretError
from glassline.program.secrets import read_closed

from .entries import AccountsError
from .shared_files import write_own, write_public

CA_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=800)
"""Apple's devices take none above 825 days."""
_CLOCKS_DIFFER = timedelta(days=1)
_REMEDY = "Make one with `glassline ca init`"


@dataclass(frozen=True)
class Facts:
    """What a certificate says. `fingerprint` is the SHA-256 of its DER form, as bytes."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: bytes

    @property
    def fingerprint_text(self) -> str:
        """As openssl and browsers show it: AB:CD:…"""
        return self.fingerprint.hex(":").upper()


@dataclass(frozen=True)
class Authority:
    """A CA that can sign. `pem` is its certificate."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @classmethod
    def make(cls, folder: Path, name: str, now: datetime) -> "Authority":
        """A new one, written as `ca.crt` and `ca.key` (0600) into `folder`; AccountsError if one is there already."""
        for path in (folder / "ca.crt", folder / "ca.key"):
            if path.exists():
                raise AccountsError(
                    f"there is a CA in {folder} already, and everything that it signed would no longer be trusted. "
                    "`glassline ca show` tells about it; to begin anew, move that folder away first"
                )
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        builder = _builder(subject, subject, key.public_key(), now, CA_LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs=True), critical=True)
        certificate = builder.sign(key, hashes.SHA256())
        write_own(folder / "ca.key", _key_pem(key))
        made = cls(certificate, key)
        write_public(folder / "ca.crt", made.pem)
        return made

    @classmethod
    def load(cls, folder: Path) -> "Authority":
        """The one in `folder`; AccountsError says why it cannot be used."""
        try:
            certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
            text = read_closed(folder / "ca.key", what="CA key", remedy=_REMEDY)
            key = load_pem_private_key(text.encode(), password=None)
        except (OSError, SecretError) as error:
            raise AccountsError(f"there is no usable CA in {folder}: {error}. {_REMEDY}") from None
        except ValueError:
            raise AccountsError(f"ca.crt or ca.key in {folder} is damaged: restore them from a backup") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise AccountsError(f"ca.crt and ca.key in {folder} do not belong together: restore them from a backup")
        return cls(certificate, key)

    def issue(self, names: Iterable[str], now: datetime) -> tuple[str, str]:
        """A server certificate for host names and addresses, and its key (both PEM); ValueError for what is no name."""
        names = list(dict.fromkeys(names))
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(names[0]), self.certificate.subject, key.public_key(), now, SERVER_LIFE)
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(signs=False), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (authority_key, False),
            (x509.SubjectAlternativeName([_general_name(name) for name in names]), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode(), _key_pem(key)


def facts_of(path: Path) -> Facts:
    """What the (first) certificate in a PEM file says; AccountsError if there is none."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise AccountsError(f"cannot read the certificate {path}: {error.strerror}. {_REMEDY}") from None
    except ValueError:
        raise AccountsError(f"{path} holds no certificate in PEM form") from None
    return Facts(
        subject=_common_name(certificate.subject),
        issuer=_common_name(certificate.issuer),
        names=_names_of(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(hashes.SHA256()),
    )


def machine_names() -> list[str]:
    """How others, and it itself, may call this machine: NAME.local, NAME, localhost, its addresses."""
    full = socket.gethostname().lower()
    short = full.partition(".")[0]
    names = [name for name in (f"{short}.local", short, full) if _is_host_name(name) and short != "localhost"]
    found = (one.address for addresses in psutil.net_if_addrs().values() for one in addresses)
    return list(dict.fromkeys([*names, "localhost", "127.0.0.1", "::1", *filter(_is_reachable, found)]))


def _is_reachable(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_link_local)


def _is_host_name(text: str) -> bool:
    labels = text.removeprefix("*.").split(".")
    return text.isascii() and all(
        label and len(label) <= 63 and label.replace("-", "").isalnum() and label.strip("-") == label
        for label in labels
    )


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        if not _is_host_name(text):
            raise ValueError(f"expected a host name or an address, got {text!r}") from None
        return x509.DNSName(text)


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(one.value) for one in found if isinstance(one, x509.DNSName | x509.IPAddress))


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    """From a day before `now`, since clocks differ."""
    now = now.astimezone(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - _CLOCKS_DIFFER).not_valid_after(now + life)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
