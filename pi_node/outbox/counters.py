"""What an outbox counts since its file was made."""

import sqlite3


def count(db: sqlite3.Connection, name: str, number: int = 1) -> None:
    """Add to a counter, within a transaction."""
    db.execute(
        "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (name, number),
    )


def counted(db: sqlite3.Connection) -> dict[str, int]:
    """All counters by name."""
    return dict(db.execute("SELECT name, value FROM counters"))
