"""The web's own certificate."""

import os
import ssl
import stat
from pathlib import Path


class CertificateError(Exception):
    """The certificate or its key cannot be used; the text says why and what to do."""


def tls_context(cert: str, key: str) -> ssl.SSLContext:
    """TLS 1.2 and later from a certificate with its chain and its key, PEM files; CertificateError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    for path in (cert, key):
        _check_readable(path)
    _check_closed(key)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            why = f"the key {key} does not belong to the certificate {cert}: give the two that were made together"
        else:
            why = f"{cert} and {key} are no certificate and key: both must be PEM, the key without a password"
        raise CertificateError(why) from None
    return context


def _check_readable(path: str) -> None:
    try:
        Path(path).open("rb").close()
    except OSError as error:
        raise CertificateError(f"cannot read {path}, which tls_cert or tls_key names: {error.strerror}") from None


def _check_closed(key: str) -> None:
    """A key of another owner may be open to a group: that is how it is shared with this program."""
    facts = Path(key).stat()
    refused = stat.S_IRWXO | (stat.S_IRWXG if facts.st_uid == os.getuid() else 0)
    if facts.st_mode & refused:
        raise CertificateError(f"others can read the key {key}. Close it: chmod 600 {key}")


def _no_password() -> str:
    """Without this OpenSSL would ask on the terminal, and nobody is there."""
    return ""
