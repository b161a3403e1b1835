"""TLS as every program of the project speaks it: a server's own certificate, whom a client trusts, and why not."""

import os
import socket
import ssl
import stat
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

PEM_BEGIN = "-----BEGIN CERTIFICATE-----"


class CertificateError(Exception):
    """The certificate or its key cannot be used; the text says why and what to do."""


class TlsFault(StrEnum):
    """Why a client ended a TLS handshake."""

    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    WRONG_NAME = "wrong name"
    NOT_TLS = "not TLS"
    OTHER = "other"


_VERIFY_FAULTS = {9: TlsFault.NOT_YET_VALID, 10: TlsFault.EXPIRED, 62: TlsFault.WRONG_NAME, 64: TlsFault.WRONG_NAME}
"""X509_V_ERR_… of OpenSSL's x509_vfy.h; every other one is about who signed it."""
_NOT_TLS = {"WRONG_VERSION_NUMBER", "UNEXPECTED_EOF_WHILE_READING", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}


def fault_of(error: BaseException) -> TlsFault | None:
    """What was wrong in the handshake that ended with `error`; None if that is no fault of TLS."""
    match error:
        case ssl.SSLCertVerificationError():
            return _VERIFY_FAULTS.get(error.verify_code, TlsFault.UNTRUSTED)
        case ssl.SSLEOFError():
            return TlsFault.NOT_TLS
        case ssl.SSLError():
            return TlsFault.NOT_TLS if error.reason in _NOT_TLS else TlsFault.OTHER
    return None


def fault_sentence(error: ssl.SSLError, host: str) -> str:
    """What was wrong in the handshake with `host` that ended with `error`, in words."""
    match fault_of(error):
        case TlsFault.UNTRUSTED:
            return "its certificate was signed by none that is trusted here (another CA, or none was named)"
        case TlsFault.EXPIRED:
            return "its certificate has expired, or the clock of this machine is ahead"
        case TlsFault.NOT_YET_VALID:
            return "its certificate is not valid yet: the clock of this machine, or of the one that made it, is wrong"
        case TlsFault.WRONG_NAME:
            return f"its certificate is good, but made for other names than {host}"
        case TlsFault.NOT_TLS:
            return "it does not speak TLS"
    return f"the TLS handshake failed: {error.reason or error}"


class ServerCertificate:
    """A server's certificate and key (PEM files) as `context`, which `refresh` keeps as they are on the disk."""

    def __init__(self, cert: str, key: str, *, alpn: Sequence[str] = ()) -> None:
        """TLS 1.2 and later. CertificateError if the files cannot be used."""
        self._cert, self._key = cert, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        if alpn:
            self.context.set_alpn_protocols(list(alpn))
        self._load(self.context)
        self._signature = self._now()

    def refresh(self) -> bool:
        """Take what is in the files if that changed; whether it did. CertificateError: the former stays in use."""
        if (now := self._now()) == self._signature:
            return False
        self._signature = now
        self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self._load(self.context)
        return True

    def _now(self) -> tuple[object, ...]:
        try:
            facts = [os.stat(path) for path in (self._cert, self._key)]
        except OSError:
            return ()
        return tuple((one.st_mtime_ns, one.st_ino) for one in facts)

    def _load(self, context: ssl.SSLContext) -> None:
        cert, key = self._cert, self._key
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


class _ForName(ssl.SSLContext):
    """Wants a certificate for `name`, whatever address was connected to."""

    name = ""

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """As of every context, but for the name."""
        return super().wrap_socket(sock, *args, **{**kwargs, "server_hostname": self.name})


def client_context(
    *, ca_file: str | None = None, ca: str | None = None, server_name: str | None = None
) -> ssl.SSLContext:
    """A client's context: TLS 1.2 and later, certificate and name checked.

    It trusts `ca_file` or `ca` (PEM text) and nobody else, or the system's authorities without either.
    The certificate must be for the host that is connected to, or for `server_name` where that is given.
    CertificateError says what is wrong with them.
    """
    context = (ssl.SSLContext if server_name is None else _ForName)(ssl.PROTOCOL_TLS_CLIENT)
    if isinstance(context, _ForName):
        context.name = server_name or ""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca:
            context.load_verify_locations(cadata=ca)
        elif ca_file:
            context.load_verify_locations(ca_file)
        else:
            context.load_default_certs()
    except ssl.SSLError:
        what = f"`ca_file` {ca_file}" if ca_file else "what was given as the CA"
        raise CertificateError(f"{what} holds no certificate in PEM form") from None
    except OSError as error:
        raise CertificateError(f"`ca_file` {ca_file} cannot be read: {error.strerror}") from None
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
