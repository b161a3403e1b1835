"""`glassline enroll`, `revoke` and `accounts`: which programs may connect to the broker."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from glassline.accounts import client_options
from glassline.contract import Role, check_id
from glassline.link import BrokerAddress

from .accounts_folder import AccountsFolder, AccountsOption, do
from .failing import fail
from .handing_over import (
    UNTIL,
    BrokerOption,
    Id,
    LocalOption,
    MinutesOption,
    OutOption,
    TokenOption,
    blank,
    enrolled,
    hand_over_file,
    hand_over_token,
)


def enroll(
    id: Id,
    role: Annotated[Role, typer.Option(help="What it may do.")],
    out: OutOption = None,
    token: TokenOption = False,
    minutes: MinutesOption = 60,
    broker: BrokerOption = None,
    local: LocalOption = False,
    clients: Annotated[
        Path | None, typer.Option(help="For mosquitto_sub and _pub: a folder for their options; see XDG_CONFIG_HOME.")
    ] = None,
    accounts: AccountsOption = None,
) -> None:
    """Make an account, and one file (0600) with all that the other machine needs: id, password, broker, CA."""
    folder = do(lambda: AccountsFolder.of(accounts))
    do(lambda: check_id(id))
    made = blank(folder, id, role, broker=broker, local=local, token=token)
    target = out or folder.credentials(id)
    if target.exists() and not token:
        fail(f"{target} is there already: move it away, or name another file with --out")
    made = enrolled(folder, made, token=token)
    typer.echo(f"{role.value} {id} may connect to {made.broker}")
    if clients is not None:
        address = BrokerAddress.parse(made.broker)
        do(lambda: client_options(clients, id, made.password, address.host, address.port, ca=made.ca))
        typer.echo(f"mosquitto_sub and mosquitto_pub do so with: export XDG_CONFIG_HOME={clients}")
    if token:
        hand_over_token(folder, made, minutes, new_account=clients is None)
    else:
        hand_over_file(made, target, local=local)


def revoke(id: Id, accounts: AccountsOption = None) -> None:
    """Take an account away. Its open connections end within seconds."""
    folder = do(lambda: AccountsFolder.of(accounts))
    do(lambda: folder.accounts.remove(id))
    do(lambda: folder.tokens.revoke(id))
    folder.credentials(id).unlink(missing_ok=True)
    do(folder.renew_mosquitto)
    typer.echo(f"{id} may not connect any more")


def accounts(accounts: AccountsOption = None) -> None:
    """Everybody who may connect, with the role, and what is under way."""
    folder = do(lambda: AccountsFolder.of(accounts))
    do(folder.accounts.load)
    pending = do(folder.tokens.pending)
    for id, entry in sorted(folder.accounts.entries().items()):
        notes = [f"its new password waits for: glassline rotate {id} --finish"] if entry.next else []
        if id in pending:
            late = pending[id] <= datetime.now(UTC)
            notes.append(f"its token {'was good' if late else 'is good'} until {pending[id].astimezone():{UNTIL}}")
        typer.echo(f"{entry.role.value:9} {id:32} {'; '.join(notes)}".rstrip())
