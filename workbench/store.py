"""`glassline store`: make the database of a Supabase project, and see whether the store works."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Make the database of a Supabase project, and see whether the store works.", no_args_is_help=True
)


@app.command()
def migrate(
    into: Annotated[
        Path | None, typer.Option(help="Copy the files there instead, for the Supabase CLI: supabase/migrations.")
    ] = None,
) -> None:
    """Print the SQL that makes or updates a Supabase project's database; running it again does no harm.

    A table `defects` that is there keeps every row. SQLite stores migrate themselves.
    """
    from glassline.store import supabase_migrations

    files = supabase_migrations()
    if into is None:
        typer.echo("\n".join(file.read_text(encoding="utf-8") for file in files))
        typer.secho("Run this in the project's SQL editor, then: glassline store check", err=True)
        return
    into.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(file, into / file.name)
        typer.echo(f"Wrote {into / file.name}")
    typer.secho("Run `supabase db push`, then: glassline store check", err=True)


@app.command()
def check() -> None:
    """Say whether the store that the bridge's settings name can be reached, read and written, and what is missing."""
    from glassline.program import SecretError
    from glassline.store import open_store
    from workbench.configured import bridge_settings

    try:
        settings = bridge_settings()
        store = open_store(settings.store, key_file=settings.store_key_file)
        problem = store.check()
        store.close()
    except (SecretError, ValueError) as error:
        problem = str(error)
    if problem is not None:
        typer.secho(problem, err=True, fg=typer.colors.RED)
        raise typer.Exit(1)
    typer.echo(f"{settings.store} can be read and written, rows and pictures.")
