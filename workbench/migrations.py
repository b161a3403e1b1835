"""The SQL that makes a Supabase project's database: printed, copied for the Supabase CLI, or run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from glassline.program import SecretError, is_loopback, read_secret
from glassline.store import supabase_migrations

Say = Callable[[str], object]

_REMEDY = "Copy the connection string (Connect, Session pooler) with its password into it, and close it: chmod 600"
_CONNECT_S = 10


class CannotMigrate(Exception):
    """The database is as it was; the text says what to do."""


def text() -> str:
    """All files, one after the other."""
    return "\n".join(file.read_text(encoding="utf-8") for file in supabase_migrations())


def copy(folder: Path, *, say: Say) -> None:
    """Copy the files, in the names that the Supabase CLI wants."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in supabase_migrations():
        shutil.copyfile(file, folder / file.name)
        say(f"Wrote {folder / file.name}")


def run(url_file: Path, *, say: Say) -> None:
    """Run all files in one transaction, where the connection string in `url_file` leads.

    CannotMigrate: nothing was changed.
    """
    try:
        import psycopg
    except ModuleNotFoundError:
        raise CannotMigrate("psycopg is not installed: pip install 'glassline[supabase]'") from None
    try:
        url = read_secret(url_file, what="connection string", remedy=_REMEDY)
    except SecretError as error:
        raise CannotMigrate(str(error)) from None
    file: Path | None = None
    try:
        known = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise CannotMigrate(
            f"{url_file} holds no connection string, or one with unescaped characters (@ is %40)"
        ) from None
    secrets = [str(secret) for secret in (url, known.get("password")) if secret]
    wanted = {} if "sslmode" in known or is_loopback(str(known.get("host"))) else {"sslmode": "require"}
    try:
        with psycopg.connect(psycopg.conninfo.make_conninfo(url, connect_timeout=_CONNECT_S, **wanted)) as database:
            for file in supabase_migrations():
                say(f"Running {file.name} …")
                database.execute(file.read_bytes())
    except psycopg.Error as error:
        where = f"{file.name}: " if file else ""
        raise CannotMigrate(f"nothing was changed. {where}{_without(secrets, str(error))}") from None


def _without(secrets: list[str], said: str) -> str:
    """One line, and never the password."""
    for secret in secrets:
        said = said.replace(secret, "…")
    return " ".join(said.split())
