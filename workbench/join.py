"""`glassline join`: fetch this machine's credentials from the server, once, with a one-time token."""

import http.client
import json
import ssl
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from glassline.program import (
    Credentials,
    SecretError,
    client_context,
    is_blank,
    read_credentials,
    read_secret,
    write_credentials,
)
from glassline.program.credentials import PROGRAMS, parse_credentials
from glassline.program.tls import TlsFault, fault_of, fault_sentence
from glassline.program.tokens import Token, certificate_with

from .failing import fail
from .joining import NowhereError, Place, found, given

TIMEOUT_S = 20.0
MAX_ANSWER_BYTES = 100_000


def join(
    server: Annotated[str, typer.Argument(help="The page's address, like https://server.local:5000; or auto.")],
    out: Annotated[Path, typer.Option(help="Where the credentials go (0600).")],
    token_file: Annotated[
        Path | None, typer.Option(help="File (0600) with the token, instead of the terminal or stdin.")
    ] = None,
) -> None:
    """Fetch this machine's credentials with the token that `glassline enroll --token` made. It works once.

    With `auto` the server is found by mDNS.

    The token says by which CA the server must be known, so nobody can put himself between. Where the file is there
    already, its password stays in it as the one before.
    """
    try:
        named = given(server)
    except NowhereError as error:
        fail(str(error))
    text = _token(token_file)
    try:
        fingerprint = Token.parse(text).fingerprint
        before = read_credentials(out) if out.exists() and not is_blank(out) else None
        _try_to_write(out)
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror}. The token was not sent")
    except (ValueError, SecretError) as error:
        fail(str(error))
    try:
        place = named or found(fingerprint)
    except NowhereError as error:
        fail(str(error))
    try:
        ca = _fetch_ca(place, fingerprint)
        made = _redeem(place, ca, text)
    except ssl.SSLError as error:
        fail(_tls_sentence(error, place))
    except (OSError, http.client.HTTPException) as error:
        fail(f"{place} cannot be reached: {getattr(error, 'strerror', None) or error}")
    if before is not None and before.id != made.id:
        fail(f"{out} holds the credentials of {before.id}, not of {made.id}: the token is used up, and needs another")
    if before is not None:
        made = replace(made, previous_password=before.password)
    try:
        write_credentials(out, made)
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror}. The token is used up, and needs another")
    typer.echo(f"{made.role.value} {made.id} may connect to {made.broker}, with the credentials in {out}")
    if program := PROGRAMS.get(made.role):
        typer.echo(f"    python -m {program} --credentials {out}")


def _try_to_write(out: Path) -> None:
    """OSError where the file could not be written: it is better found before the token is used up."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=out.parent):
        pass


def _token(file: Path | None) -> str:
    """From where it is wanted; never from an argument, which others can see."""
    if file is not None:
        try:
            return read_secret(file, what="token", remedy="Write it there and close it: chmod 600")
        except SecretError as error:
            fail(str(error))
    if sys.stdin.isatty():
        return str(typer.prompt("token", hide_input=True))
    return sys.stdin.readline().strip()


def _fetch_ca(place: Place, fingerprint: bytes) -> str:
    """The CA's certificate, from whoever answers: it is believed for its fingerprint alone."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    status, pem = _ask(place, anybody, "GET", f"/enroll/ca/{fingerprint.hex()}")
    if status == http.client.NOT_FOUND:
        fail(f"{place} knows no such token: it was used, has expired, or belongs to another server")
    if status == http.client.SERVICE_UNAVAILABLE:
        fail(f"{place} cannot give credentials: the log of its web says why. The token was not sent")
    try:
        return certificate_with(fingerprint, pem)
    except ValueError:
        fail(f"who answers at {place} is not the server of this token. The token was not sent")


def _redeem(place: Place, ca: str, text: str) -> Credentials:
    status, answer = _ask(place, client_context(ca=ca, server_name=place.host), "POST", "/enroll", {"token": text})
    try:
        content = json.loads(answer)
        if status == http.client.OK:
            return parse_credentials(content["credentials"])
        fail(f"{place} gives no credentials: {content['error']['message']}")
    except (ValueError, KeyError, TypeError):
        fail(f"{place} gives no credentials, but an answer {status} that is none of Glassline's")


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
