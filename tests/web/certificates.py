"""A certificate for loopback, signed by an authority of its own, made anew for each run."""

import ipaddress
import select
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """PEM files: the certificate, its key, and the authority that signed it."""

    cert: Path
    key: Path
    ca: Path

    def trusted(self) -> ssl.SSLContext:
        """A client's context that trusts the authority and nobody else."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.sslsocket_class = TurnSocket
        return context


class TurnSocket(ssl.SSLSocket):
    """Two threads of a client may use it: one at a time is inside OpenSSL, and nobody waits there."""

    @property
    def _turn(self) -> Lock:
        return self.__dict__.setdefault("_lock", Lock())

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        while True:
            with self._turn:
                patience_s = self.gettimeout()
                self.settimeout(0)
                try:
                    return super().recv(buflen, flags)
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self.settimeout(patience_s)
            if not select.select([self], [], [], patience_s)[0]:
                raise TimeoutError

    def send(self, data: bytes | memoryview, flags: int = 0) -> int:
        with self._turn:
            return super().send(data, flags)


def make_certificate(folder: Path) -> Certificate:
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _builder("Test authority", authority_key.public_key())
    authority = authority.issuer_name(_name("Test authority"))
    authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    signed = _builder("localhost", key.public_key()).issuer_name(_name("Test authority"))
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = signed.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = Certificate(cert=folder / "web.crt", key=folder / "web.key", ca=folder / "ca.crt")
    made.ca.write_bytes(authority.sign(authority_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    made.cert.write_bytes(signed.sign(authority_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    made.key.touch(0o600)
    made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder().subject_name(_name(subject)).public_key(key).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    )  # fmt: skip
