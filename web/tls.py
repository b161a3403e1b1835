"""The web's own certificate."""

import ssl

from glassline.program import CertificateError, ServerCertificate

__all__ = ["CertificateError", "tls_context"]


def tls_context(cert: str, key: str) -> ssl.SSLContext:
    """TLS 1.2 and later from a certificate with its chain and its key, PEM files; CertificateError."""
    return ServerCertificate(cert, key, alpn=("http/1.1",)).context
