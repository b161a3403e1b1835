"""`glassline people token`: tokens for scripts, each in the name of a person."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from glassline.accounts import People, PersonRole, PersonToken, PersonTokens

from .accounts_folder import do
from .people_file import PeopleOption, people_of

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Tokens for scripts: Authorization: Bearer SECRET.")

Owner = Annotated[str, typer.Argument(help="The person for whom it speaks.")]


@app.command()
def add(
    owner: Owner,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Annotated[PersonRole, typer.Option(help="Never more than the person's.")] = PersonRole.VIEWER,
    days: Annotated[int, typer.Option(help="How long it lasts.")] = 90,
    people: PeopleOption = None,
) -> None:
    """Make a token, and print its secret once."""
    there = people_of(people)
    person = do(lambda: there.get(owner))
    _, secret = do(lambda: _tokens(there).issue(person, name=name, role=role, days=days, now_s=time.time()))
    typer.echo(secret)


@app.command(name="list")
def list_(owner: Annotated[str | None, typer.Argument()] = None, people: PeopleOption = None) -> None:
    """Everybody's tokens, or those of one person: id, role, last day, last use, owner, name."""
    there = people_of(people)
    tokens = _tokens(there)
    do(tokens.load)
    for token in tokens.list(None if owner is None else do(lambda: there.get(owner))):
        typer.echo(_line(token))


@app.command()
def remove(id: Annotated[str, typer.Argument(help="As `list` shows it.")], people: PeopleOption = None) -> None:
    """Take a token away: it is worth nothing from now on."""
    gone = do(lambda: _tokens(people_of(people)).revoke(id))
    if gone is None:
        typer.echo(f"there is no token {id}: `glassline people token list` shows them", err=True)
        raise typer.Exit(1)
    typer.echo(f"{gone.owner}'s token {gone.name} is worth nothing any more")


def _tokens(people: People) -> PersonTokens:
    return PersonTokens(people.path)


def _line(token: PersonToken) -> str:
    until = datetime.fromtimestamp(token.until_s, UTC).date()
    used = token.used_on or "never"
    return f"{token.id}  {token.role.value:9} until {until}  used {used:10}  {token.owner}: {token.name}"
