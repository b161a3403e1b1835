"""`glassline join`: fetch this machine's credentials from the server, once, with a one-time token."""

import itertools
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from glassline.program import (
    Credentials,
    SecretError,
    is_blank,
    read_credentials,
    read_secret,
    write_credentials,
)
from glassline.program.credentials import PROGRAMS
from glassline.program.first_contact import note_trouble
from glassline.program.secrets import wipe
from glassline.program.tokens import Token

from .failing import fail
from .joining import NowhereError, found, given
from .redeeming import JoinError, redeem

EXIT_VOID = 3
"""The token is of no use any more, and there are no credentials."""
PAUSES_S = (1, 2, 5, 10, 20, 30)
"""Between attempts with --wait; the last one again and again."""


def join(
    server: Annotated[str, typer.Argument(help="The page's address, like https://server.local:5000; or auto.")],
    out: Annotated[Path, typer.Option(help="Where the credentials go (0600).")],
    token_file: Annotated[
        Path | None, typer.Option(help="File (0600) with the token, instead of the terminal or stdin.")
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="The CA's certificate, where it came along with the token.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Try again until it works or the token is void.")] = False,
) -> None:
    """Fetch this machine's credentials with the token that `glassline enroll --token` made. It works for one machine.

    With `auto` the server is found by mDNS.

    The token says by which CA the server must be known, so nobody can put himself between. Where the file is there
    already, its password stays in it as the one before. A token's file is removed once it was used.

    Exit codes: 0 the credentials are there, 1 they could not be fetched, 3 the server refuses this token for good.
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
        ca = None if ca_file is None else ca_file.read_text()
    except OSError as error:
        fail(f"cannot read {ca_file}: {error.strerror}. The token was not sent")
    try:
        made = _attempts(lambda: redeem(named or found(fingerprint), text, ca=ca), wait=wait)
    except JoinError as error:
        if error.is_void and before is not None and token_file is not None:
            wipe(token_file)
            typer.echo(f"{error}. The credentials of {before.id} in {out} stay")
            return
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(EXIT_VOID if error.is_void else 1) from None
    _keep(out, made, before)
    if token_file is not None:
        wipe(token_file)
    typer.echo(f"{made.role.value} {made.id} may connect to {made.broker}, with the credentials in {out}")
    if program := PROGRAMS.get(made.role):
        typer.echo(f"    python -m {program} --credentials {out}")


def _attempts(attempt: Callable[[], Credentials], *, wait: bool) -> Credentials:
    """What `attempt` brings: the first time, or with `wait` sooner or later. JoinError.

    What is wrong is left for others to read, and printed when it changes.
    """
    said = ""
    for count in itertools.count():
        try:
            made = attempt()
        except (JoinError, NowhereError) as error:
            sentence, is_void = str(error), isinstance(error, JoinError) and error.is_void
        else:
            note_trouble("")
            return made
        note_trouble(sentence)
        if is_void or not wait:
            raise JoinError(sentence, is_void=is_void)
        if sentence != said:
            typer.echo(f"{sentence}. Trying again …", err=True)
        said = sentence
        time.sleep(PAUSES_S[min(count, len(PAUSES_S) - 1)])
    raise AssertionError


def _keep(out: Path, made: Credentials, before: Credentials | None) -> None:
    if before is not None and before.id != made.id:
        fail(f"{out} holds the credentials of {before.id}, not of {made.id}: the token is used up, and needs another")
    if before is not None:
        is_same = before.password == made.password  # power went after it was written
        made = replace(made, previous_password=before.previous_password if is_same else before.password)
    try:
        write_credentials(out, made)
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror}. Mend that, and join again with the same token")


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
