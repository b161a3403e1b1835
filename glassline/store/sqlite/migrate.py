"""Bringing the file to the schema of this version: numbered SQL scripts, each applied once and whole."""

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from ..values import StoreError

APPLICATION_ID = 0x474C_4153
"""`GLAS`: marks the file as ours (sqlite.org/pragma.html#pragma_application_id)."""


def scripts() -> dict[int, str]:
    """The SQL scripts by their number, in order."""
    found = (entry for entry in files("glassline.store").joinpath("migrations/sqlite").iterdir())
    sql = {int(entry.name.partition("_")[0]): entry.read_text() for entry in found if entry.name.endswith(".sql")}
    return dict(sorted(sql.items()))


def statements(script: str) -> Iterator[str]:
    """The statements of a script, whole lines each. (`executescript` would commit what is open.)"""
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        if sqlite3.complete_statement("\n".join(lines)):
            yield "\n".join(lines)
            lines = []


def migrate(db: sqlite3.Connection) -> None:
    """Apply what is missing in one transaction; several processes may try at once. StoreError if not our file."""
    steps = scripts()
    newest = max(steps)
    if _read(db, "user_version") == newest and _read(db, "application_id") == APPLICATION_ID:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        have = _read(db, "user_version")
        _check_ours(db, have, newest)
        for number, script in steps.items():
            if number > have:
                for statement in statements(script):
                    db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {newest}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _check_ours(db: sqlite3.Connection, have: int, newest: int) -> None:
    empty = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if not empty and _read(db, "application_id") != APPLICATION_ID:
        raise StoreError("this SQLite file belongs to another program: name another file as the store")
    if have > newest:
        raise StoreError(f"the store has schema {have}, this Glassline knows up to {newest}: update Glassline")


def _read(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])
