"""The text of a one-time token, with which a machine fetches its credentials: `glassline1.FINGERPRINT.SECRET`.

FINGERPRINT is the SHA-256 of the CA's certificate that signed the server's: who does not show it gets no secret. SECRET
is 192 random bits.
"""

import base64
import hashlib
import ssl
from dataclasses import dataclass, field

_PREFIX = "glassline1"
SECRET_BYTES = 24
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@dataclass(frozen=True)
class Token:
    """A token's text, taken apart."""

    fingerprint: bytes
    secret: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Token":
        """ValueError for what is no token; it does not repeat it."""
        prefix, _, rest = text.strip().partition(".")
        fingerprint, secret = map(_decoded, (*rest.split("."), "")[:2])
        if prefix != _PREFIX or len(fingerprint) != hashlib.sha256().digest_size or len(secret) != SECRET_BYTES:
            raise ValueError(f"expected a token as `glassline enroll --token` makes it, which begins with {_PREFIX}.")
        return cls(fingerprint, secret)

    def claimant(self, machine_id: str) -> str:
        """Who `machine_id` is to this token's server, which can tell machines apart, not name them. Empty for none."""
        return hashlib.sha256(b"claimed by" + self.secret + machine_id.encode()).hexdigest() if machine_id else ""

    def __str__(self) -> str:
        return f"{_PREFIX}.{_encoded(self.fingerprint)}.{_encoded(self.secret)}"


def fingerprint_of(pem: str) -> bytes:
    """The SHA-256 of a certificate's DER form; ValueError for what is not one certificate in PEM form."""
    return hashlib.sha256(_der_of(pem)).digest()


def certificate_with(fingerprint: bytes, received: str) -> str:
    """The certificate (PEM) that was received, and nothing that came along; ValueError unless it has that fingerprint.

    It is made anew from the very bytes that were hashed: what loads it sees nothing that the fingerprint did not.
    """
    der = _der_of(received)
    if hashlib.sha256(der).digest() != fingerprint:
        raise ValueError("it is another certificate")
    return ssl.DER_cert_to_PEM_cert(der)


def _der_of(pem: str) -> bytes:
    """Of one certificate. `ssl.PEM_cert_to_DER_cert` ignores what follows the base64's padding, like a second one."""
    text = pem.strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END) and text.count("-----") == 4):
        raise ValueError("expected one certificate in PEM form, and nothing else")
    body = text.removeprefix(_BEGIN).removesuffix(_END)
    return base64.b64decode("".join(body.split()), validate=True)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    """Empty for what is not base64url."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
