"""Whether the store can be read and written, found out by doing it."""

import os
from pathlib import Path

from .database import Database

PROBE_BYTES = 65_536


def probe(db: Database, images: Path) -> None:
    """Read a row, write one and roll it back, write a file beside the pictures and remove it; StoreError says why not.

    The file is there because a rolled back row never reaches the disk, and a full disk would go unnoticed.
    """
    with db.reading() as reader:
        reader.execute("SELECT event_id FROM defects ORDER BY detected_at DESC LIMIT 1").fetchall()
    with db.writing() as writer:
        writer.execute("SAVEPOINT probe")
        writer.execute(
            "INSERT INTO dead_letters (device_id, kind, rev, error, payload, size_bytes, sha256, first_at, last_at) "
            "VALUES ('', 'probe', 0, '', x'', 0, '', '', '')"
        )
        writer.execute("ROLLBACK TO probe")
        writer.execute("RELEASE probe")
    with db.faults():
        images.mkdir(parents=True, exist_ok=True)
        file = images / f"probe.{os.getpid()}"
        try:
            with file.open("wb") as out:
                out.write(bytes(PROBE_BYTES))
                out.flush()
                os.fsync(out.fileno())
        finally:
            file.unlink(missing_ok=True)
