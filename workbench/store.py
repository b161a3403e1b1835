"""`glassline store`: make a Supabase project's database, see whether the store works, and what it could not take."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .failing import fail

if TYPE_CHECKING:
    from bridge.settings import BridgeSettings
    from glassline.store import Store
    from glassline.store.sqlite.backup import Copied

_ALL = 1000

app = typer.Typer(
    help="Make the database of a Supabase project, and see whether the store works.", no_args_is_help=True
)


@app.command()
def migrate(
    database_url_file: Annotated[
        Path | None, typer.Option(help="File (0600) with the project's connection string: run it there at once.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Copy the files there instead, for the Supabase CLI: supabase/migrations.")
    ] = None,
) -> None:
    """Make or update a Supabase project's database; without options print the SQL for its SQL editor.

    Doing so again does no harm, and a table `defects` that is there keeps every row. SQLite stores migrate themselves.
    """
    from workbench import migrations

    try:
        if database_url_file is not None:
            migrations.run(database_url_file, say=typer.echo)
            done = "Done; what is missing still says"
        elif into is not None:
            migrations.copy(into, say=typer.echo)
            done = "Run `supabase db push`, then"
        else:
            typer.echo(migrations.text())
            done = "Run this in the project's SQL editor, then"
    except (migrations.CannotMigrate, OSError) as error:
        fail(str(error))
    typer.secho(f"{done}: glassline store check", err=True)


@app.command()
def check() -> None:
    """Say whether the store that the bridge's settings name can be reached, read and written, and what is missing."""
    with _configured(opened=False) as (store, settings):
        problem = store.check()
    if problem is not None:
        fail(problem)
    typer.echo(f"{settings.store} can be read and written, rows and pictures.")


@app.command()
def link(
    event_id: Annotated[str, typer.Argument(help="Which defect.")],
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 365, help="For how long it opens, in a project.")] = 24,
) -> None:
    """Print an address of a defect's picture: signed for anybody in a Supabase project, the file's of SQLite."""
    with _configured() as (store, _):
        if store.defect(event_id) is None:
            fail(f"no defect {event_id} is stored")
        address = store.evidence_link(event_id, valid_s=hours * 3600)
    if address is None:
        fail(f"the picture of {event_id} is not stored: not yet, or not any more")
    typer.echo(address)


@app.command()
def dead(
    number: Annotated[int | None, typer.Argument(help="Show this one whole.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to list.")] = 30,
) -> None:
    """List what can never be stored, newest first, and why; with a number show one whole."""
    from rich.console import Console

    from workbench.dead import table_of, text_of

    with _configured() as (store, _):
        if number is None:
            letters = store.dead_letters(limit=limit)
            Console().print(table_of(letters)) if letters else typer.echo("There are no dead letters.")
            return
        letter = store.dead_letter(number)
    if letter is None:
        fail(f"there is no dead letter {number}: `glassline store dead` lists them")
    typer.echo(text_of(letter))


@app.command()
def retry(
    numbers: Annotated[list[int] | None, typer.Argument(help="Dead letters to store.")] = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="All of them, a thousand at a time.")] = False,
) -> None:
    """Try to store dead letters once more, after an update of Glassline or a repair of the database."""
    from workbench.dead import retry_all

    if not numbers and not all_of_them:
        raise typer.BadParameter("name dead letters by number, or say --all")
    with _configured() as (store, _):
        found = (
            store.dead_letters(limit=_ALL) if all_of_them else [store.dead_letter(number) for number in numbers or []]
        )
        letters = [letter for letter in found if letter is not None]
        stored, reasons = retry_all(store, letters)
    typer.echo(f"{stored} stored and forgotten, {sum(reasons.values())} still cannot be stored.")
    for reason, times in reasons.most_common():
        typer.echo(f"  {times} x {reason}")
    if reasons or len(letters) < len(found):
        raise typer.Exit(1)


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove what was kept for as long as the bridge's keep_… settings say; the bridge does so by itself, in steps."""
    with _configured() as (store, settings):
        keep = settings.keep
        done = store.prune(keep, dry_run=True)
        if not dry_run:
            with typer.progressbar(length=done.pictures + done.rows, label="Removing") as bar:
                while (step := store.prune(keep)).pictures + step.rows:
                    bar.update(step.pictures + step.rows)
    went = f"{done.pictures} pictures ({done.picture_bytes / 1e6:.1f} MB) and {done.rows} defects"
    typer.echo(f"{went} {'would go' if dry_run else 'went'}.")


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where the copy lies; an older one there is brought up to date.")],
) -> None:
    """Copy the SQLite store, rows and pictures; bridge and web may go on."""
    from glassline.store.sqlite.backup import backup as copy

    _copy(lambda store, step: copy(store, folder, progress=step), "Copied")


@app.command()
def restore(folder: Annotated[Path, typer.Argument(help="A copy made by `glassline store backup`.")]) -> None:
    """Put a copy where the settings want the SQLite store. Stop bridge and web first; nothing is overwritten."""
    from glassline.store.sqlite.backup import restore as put_back

    _copy(lambda store, step: put_back(folder, store, progress=step), "Put back")


def _copy(work: Callable[[Path, Callable[[int, int], None]], Copied], done: str) -> None:
    """Do the work on the configured store's file with a progress bar."""
    from glassline.store.sqlite.backup import BackupError
    from workbench.configured import bridge_settings

    try:
        scheme, _, path = bridge_settings().store.partition(":")
        if scheme != "sqlite":
            fail(f"the settings name a {scheme} store: copies of that are made by Supabase itself (Database, Backups)")
        with typer.progressbar(length=1, label="Pictures") as bar:

            def step(so_far: int, of: int) -> None:
                bar.length = of
                bar.update(so_far - bar.pos)

            copied = work(Path(path), step)
    except (BackupError, ValueError, OSError, sqlite3.Error) as error:
        fail(str(error))
    typer.echo(f"{done}: {copied.defects} defects and {copied.pictures} pictures.")
    if copied.missing:
        typer.secho(f"{copied.missing} pictures that rows name were not there.", err=True, fg=typer.colors.YELLOW)


@contextmanager
def _configured(*, opened: bool = True) -> Iterator[tuple[Store, BridgeSettings]]:
    """The store that the bridge's settings name, and these; what is wrong ends the command in one line."""
    from glassline.program import SecretError
    from glassline.store import StoreError, open_store
    from workbench.configured import bridge_settings

    try:
        settings = bridge_settings()
        store = open_store(settings.store, key_file=settings.store_key_file)
        try:
            if opened:
                store.open()
            yield store, settings
        finally:
            store.close()
    except (StoreError, SecretError, ValueError) as error:
        fail(str(error))
