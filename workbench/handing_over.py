"""Giving credentials to whoever sets up the other machine: as a file to copy, or by a one-time token."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from glassline.contract import Role
from glassline.link import BrokerAddress
from glassline.program import Credentials, write_credentials
from glassline.program.credentials import PROGRAMS

from .accounts_folder import AccountsFolder, do
from .failing import fail

Id = Annotated[str, typer.Argument(help="Name of the account: 1-32 lower case letters, digits or '-'.")]
OutOption = Annotated[
    Path | None, typer.Option(help="Where its credentials go; without it credentials/ID.toml beside the accounts file.")
]
BrokerOption = Annotated[
    str | None, typer.Option(help="The broker's address as the program reaches it, where it is another than usual.")
]
LocalOption = Annotated[bool, typer.Option("--local", help="The program runs on this machine, beside the broker.")]
TokenOption = Annotated[
    bool, typer.Option("--token", help="Give the credentials to whoever brings a token, once, over HTTPS.")
]
UNTIL = "%d %b %H:%M"
"""How the end of a token is written: one may be good for days."""
MinutesOption = Annotated[int, typer.Option(min=1, max=10_080, help="How long the token is good.")]


def blank(folder: AccountsFolder, id: str, role: Role, *, broker: str | None, local: bool, token: bool) -> Credentials:
    """The credentials without their password; ends the command where they could not be handed over."""
    address = do(lambda: BrokerAddress.parse(broker or folder.broker_address(local=local)))
    ca = folder.ca_pem if address.tls else ""
    if token and not ca:
        fail("a token needs HTTPS and mqtts:// with this machine's CA: make it with `glassline ca init`")
    return Credentials(id, role, str(address), password="", ca=ca)


def enrolled(folder: AccountsFolder, made: Credentials, *, token: bool) -> Credentials:
    """`made` with the password of its new account; with `token` also in place of one whose token nobody used."""
    if token and do(lambda: folder.tokens.withdraw_new(made.id, now=datetime.now(UTC))):
        do(lambda: folder.accounts.remove(made.id))
    made = replace(made, password=do(lambda: folder.accounts.add(made.id, made.role)))
    do(folder.renew_mosquitto)
    return made


def token_for(folder: AccountsFolder, made: Credentials, minutes: int, *, new_account: bool) -> tuple[str, datetime]:
    """A token that brings these credentials, and until when it is good."""
    now = datetime.now(UTC)
    life = timedelta(minutes=minutes)
    text = do(lambda: folder.tokens.issue(made, now=now, life=life, new_account=new_account))
    return text, (now + life).astimezone()


def hand_over_token(folder: AccountsFolder, made: Credentials, minutes: int, *, new_account: bool = False) -> None:
    """Make a token and say what to do with it."""
    text, until = token_for(folder, made, minutes, new_account=new_account)
    typer.echo(f"The token of {made.id}, good once, until {until:{UNTIL}}:\n\n{text}\n")
    typer.echo(
        f"Over there: glassline join auto --out {made.id}.toml   (it asks for the token; in place of auto, the "
        f"page's address https://SERVER:PORT; its setting `tokens` must be {folder.tokens.path.absolute()})"
    )


def hand_over_file(made: Credentials, target: Path, *, local: bool) -> None:
    """Write the file and say what to do with it."""
    do(lambda: write_credentials(target, made))
    program = PROGRAMS.get(made.role, "PROGRAM")
    if local:
        typer.echo(f"Start it with its credentials: python -m {program} --credentials {target}")
        return
    typer.echo(f"Its credentials: {target}. Copy that file there, with mode 0600.")
    typer.echo(f"Over there: python -m {program} --credentials {target.name}")
    if not made.ca and BrokerAddress.parse(made.broker).is_loopback:
        typer.echo("They lead to this machine alone: for others make a certificate first, with `glassline ca init`")
