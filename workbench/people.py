"""`glassline people`: who may sign in at the page."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from glassline.accounts import PersonRole
from glassline.accounts.passwords import new_password
from glassline.program import read_secret

from .accounts_folder import do
from .configured import web_settings
from .people_file import PeopleOption, people_of
from .people_tokens import app as token_app

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Say who may sign in at the page, and as what.")

app.add_typer(token_app, name="token")

Name = Annotated[str, typer.Argument(help="Name to sign in with; it stands under that person's reviews.")]
RoleOption = Annotated[PersonRole, typer.Option(help="viewer looks, reviewer also reviews, admin does everything.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it once.")]
PasswordFile = Annotated[
    Path | None, typer.Option(help="File (0600) with the password, instead of the terminal or stdin.")
]


@app.command()
def add(
    name: Name, role: RoleOption, generate: Generate = False, password_file: PasswordFile = None,
    people: PeopleOption = None,
) -> None:  # fmt: skip
    """Let somebody sign in. The password is asked for twice, or read from stdin."""
    there = people_of(people)
    chosen = do(lambda: _password(generate, password_file))
    do(lambda: there.add(name, role, chosen))
    typer.echo(f"{name} may sign in as {role.value}{_told(generate, chosen)}")
    if people is None and not web_settings().people_file:
        typer.echo(
            f'the web asks nobody yet: set people = "{there.path}" in [web] of glassline.toml and start it again'
        )


@app.command(name="list")
def list_(people: PeopleOption = None) -> None:
    """Everybody who may sign in, with the role."""
    there = people_of(people)
    do(there.load)
    for person in there.list():
        typer.echo(f"{person.role.value:9} {person.name}")


@app.command()
def remove(name: Name, people: PeopleOption = None) -> None:
    """Let somebody in no more; pages that are open end within seconds."""
    do(lambda: people_of(people).remove(name))
    typer.echo(f"{name} may not sign in any more")


@app.command()
def role(
    name: Name, role: Annotated[PersonRole, typer.Argument(help="The new one.")], people: PeopleOption = None
) -> None:
    """Give somebody another role; where they are signed in, they sign in anew."""
    do(lambda: people_of(people).change(name, role=role))
    typer.echo(f"{name} is now {role.value}")


@app.command()
def password(
    name: Name, generate: Generate = False, password_file: PasswordFile = None, people: PeopleOption = None
) -> None:
    """Give somebody another password; where they are signed in, they sign in anew."""
    there = people_of(people)
    do(lambda: there.get(name))
    chosen = do(lambda: _password(generate, password_file))
    do(lambda: there.change(name, password=chosen))
    typer.echo(f"{name} has a new password{_told(generate, chosen)}")


def _password(generate: bool, file: Path | None) -> str:
    """From where it is wanted; never from an argument, which others can see."""
    if generate:
        return new_password()
    if file is not None:
        return read_secret(file, remedy="Write the password into it and close it: chmod 600")
    if sys.stdin.isatty():
        return str(typer.prompt("password", hide_input=True, confirmation_prompt="once more"))
    return sys.stdin.readline().rstrip("\r\n")


def _told(generated: bool, password: str) -> str:
    """Only a password that nobody knows yet is shown."""
    return f", with the password {password}" if generated else ""
