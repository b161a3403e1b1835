"""`glassline rotate`: a new password for an account whose program is never locked out meanwhile."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from glassline.program import Credentials, read_credentials, write_credentials

from .accounts_folder import AccountsFolder, AccountsOption, do
from .failing import fail
from .handing_over import (
    BrokerOption,
    Id,
    LocalOption,
    MinutesOption,
    OutOption,
    TokenOption,
    blank,
    hand_over_file,
    hand_over_token,
)


def rotate(
    id: Id,
    finish: Annotated[bool, typer.Option("--finish", help="From now on only the new password works.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --finish: although a token waits, without which it is locked out.")
    ] = False,
    out: OutOption = None,
    token: TokenOption = False,
    minutes: MinutesOption = 60,
    broker: BrokerOption = None,
    local: LocalOption = False,
    accounts: AccountsOption = None,
) -> None:
    """Give an account a new password, in two steps, so that its program is never locked out.

    First new credentials are made, which hold the password before as well. Once they have taken the place of the old
    ones over there, --finish makes the broker change over.
    """
    folder = do(lambda: AccountsFolder.of(accounts))
    do(folder.accounts.load)
    role = folder.accounts.list().get(id)
    if role is None:
        fail(f"there is no account {id}: `glassline accounts` lists them")
    target = out or folder.credentials(id)
    before = _before(target, id)
    if finish:
        if not force and id in do(folder.tokens.pending):
            fail(
                f"{id} has not fetched its new password: its token was not used, and finishing now would lock it out. "
                f"Bring the token there, or make another with `glassline rotate {id} --token`; --force finishes anyway"
            )
        do(lambda: folder.accounts.end_rotation(id))
        do(folder.renew_mosquitto)
        if before is not None:
            do(lambda: write_credentials(target, replace(before, previous_password="")))
        typer.echo(f"only the new password of {id} works now")
        return
    known = before.passwords if before else ()
    broker = broker or (before.broker if before else None)
    made = blank(folder, id, role, broker=broker, local=local, token=token)
    previous = next((password for password in known if folder.accounts.is_in_force(id, password)), "")
    password = do(lambda: folder.accounts.begin_rotation(id))
    made = replace(made, password=password, previous_password=previous)
    if token:
        hand_over_token(folder, made, minutes)
    else:
        do(lambda: folder.tokens.revoke(id))  # it would give a password that goes
        hand_over_file(made, target, local=local)
        if not previous:
            typer.echo(
                f"The password before is not known here: {target} did not hold it. Let {id} run on, and do not start "
                "it anew, until the last step, for until then mosquitto knows the one before alone. (With --token, "
                "`glassline join` over there keeps the one before.)"
            )
    typer.echo(f"When they are in place: glassline rotate {id} --finish{f' --accounts {accounts}' if accounts else ''}")


def _before(path: Path, id: str) -> Credentials | None:
    """The credentials that `path` holds for `id` so far."""
    if not path.exists():
        return None
    found = do(lambda: read_credentials(path))
    if found.id != id:
        fail(f"{path} holds the credentials of {found.id}, not of {id}: name another file with --out")
    return found
