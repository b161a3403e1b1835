"""`glassline enroll`: an account for one program or person."""

from pathlib import Path
from typing import Annotated

import typer

from glassline.accounts import Accounts
from glassline.contract import Role, check_id
from glassline.program import write_secret


def enroll(
    id: Annotated[str, typer.Argument(help="Name of the account: 1-32 lower case letters, digits or '-'.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    accounts: Annotated[Path, typer.Option(help="The broker's accounts file; made if it is missing.")],
    out: Annotated[Path, typer.Option(help="Where the password goes (mode 0600); give it to `password_file`.")],
) -> None:
    """Make an account at the broker and write its password to a file. An account that exists gets a new password."""
    try:
        check_id(id)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    write_secret(out, Accounts(accounts).add(id, role))
    typer.echo(f"{role.value} {id} may connect with the password in {out}")
