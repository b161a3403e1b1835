"""Exchanging a one-time token for credentials: one attempt, over HTTPS, at the server whose CA the token names."""

import http.client
import json
import ssl
from contextlib import closing
from pathlib import Path

from glassline.program import Credentials, client_context
from glassline.program.credentials import parse_credentials
from glassline.program.tls import TlsFault, fault_of, fault_sentence
from glassline.program.tokens import Token, certificate_with

from .joining import Place

TIMEOUT_S = 20.0
MAX_ANSWER_BYTES = 100_000
MACHINE_ID = Path("/etc/machine-id")
_VOID = "web.bad_token"


class JoinError(Exception):
    """No credentials came; the text says why and what to do.

    `is_void`: the token's own server refuses it, so that another attempt is in vain.
    """

    def __init__(self, sentence: str, *, is_void: bool = False) -> None:
        super().__init__(sentence)
        self.is_void = is_void


def redeem(place: Place, text: str, *, ca: str | None = None) -> Credentials:
    """The credentials for which the token `text` was made. JoinError; ValueError for what is no token.

    `ca` is the certificate of its CA where that lies here already; the server is asked for it otherwise.
    """
    fingerprint = Token.parse(text).fingerprint
    try:
        trusted = _fetch_ca(place, fingerprint) if ca is None else _as_given(fingerprint, ca)
        return _exchange(place, trusted, text)
    except ssl.SSLError as error:
        raise JoinError(_tls_sentence(error, place)) from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or error
        raise JoinError(f"{place} cannot be reached: {why}") from None


def _as_given(fingerprint: bytes, pem: str) -> str:
    try:
        return certificate_with(fingerprint, pem)
    except ValueError:
        raise JoinError("the CA's certificate that lies here is not that of this token") from None


def _fetch_ca(place: Place, fingerprint: bytes) -> str:
    """The CA's certificate, from whoever answers: it is believed for its fingerprint alone."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    status, pem = _ask(place, anybody, "GET", f"/enroll/ca/{fingerprint.hex()}")
    if status == http.client.NOT_FOUND:
        raise JoinError(f"{place} knows no such token: it was used, has expired, or belongs to another server")
    if status == http.client.SERVICE_UNAVAILABLE:
        raise JoinError(f"{place} cannot give credentials: the log of its web says why. The token was not sent")
    try:
        return certificate_with(fingerprint, pem)
    except ValueError:
        raise JoinError(f"who answers at {place} is not the server of this token. The token was not sent") from None


def _exchange(place: Place, ca: str, text: str) -> Credentials:
    asked = {"token": text, "claimant": Token.parse(text).claimant(_machine_id())}
    status, answer = _ask(place, client_context(ca=ca, server_name=place.host), "POST", "/enroll", asked)
    try:
        content = json.loads(answer)
        if status == http.client.OK:
            return parse_credentials(content["credentials"])
        message, is_void = content["error"]["message"], content["error"]["code"] == _VOID
    except (ValueError, KeyError, TypeError):
        raise JoinError(f"{place} gives no credentials, but an answer {status} that is none of Glassline's") from None
    raise JoinError(f"{place} gives no credentials: {message}", is_void=is_void)


def _machine_id() -> str:
    """Empty where there is none: then the token is good for one answer."""
    try:
        return MACHINE_ID.read_text().strip()
    except OSError:
        return ""


def _ask(
    place: Place, tls: ssl.SSLContext, method: str, path: str, body: dict[str, str] | None = None
) -> tuple[int, str]:
    with closing(http.client.HTTPSConnection(place.at, place.port, timeout=TIMEOUT_S, context=tls)) as connection:
        headers = {"Content-Type": "application/json"} if body else {}
        if place.at != place.host:
            headers["Host"] = f"{place.host}:{place.port}"
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(MAX_ANSWER_BYTES).decode("utf-8", "replace")


def _tls_sentence(error: ssl.SSLError, place: Place) -> str:
    if fault_of(error) is TlsFault.NOT_TLS:
        return f"{place} does not speak TLS: `glassline ca init` on the server makes a certificate for its page"
    return f"{place} is not trusted: {fault_sentence(error, place.host)}. The token was not sent"
