"""Whether the store can be read and written, found out by doing it."""

import os
from pathlib import Path
from tempfile import TemporaryFile
from uuid import uuid4

from ..values import StoreError
from .database import Database

PROBE_BYTES = 65_536
MARK = "probe"
_INSERT = """
    INSERT INTO defects (event_id, device_id, rev, phase, label, score, boxes, detected_at, last_seen_at, frame_at,
        confirmed_at, stored_at, frames_confirmed, model, clock)
    VALUES (?1, ?2, 0, 'end', ?2, 0, '[]', '', '', '', '', '', 0, '', 'unsynced')"""


def probe(db: Database, images: Path) -> None:
    """Write a marked defect, read it back and remove it, and the same with a file beside the pictures.

    StoreError says why that cannot be. The row comes and goes in one transaction, which goes to the disk like every
    other: nobody else ever sees it, and nothing of it is left, whenever this is killed. The file has no name: it goes
    with its process, and follows no link. It is there because a disk may have room for a row and none for a picture.
    """
    event_id = f"{MARK}-{uuid4()}"
    with db.writing() as writer:
        writer.execute(_INSERT, (event_id, MARK))
        found = writer.execute("SELECT device_id FROM defects WHERE event_id = ?", (event_id,)).fetchall()
        removed = writer.execute("DELETE FROM defects WHERE event_id = ?", (event_id,)).rowcount
    if found != [(MARK,)] or removed != 1:
        raise StoreError(f"{db.path} does not give back what was written to it: it may be damaged, look at `dmesg`")
    with db.faults(), TemporaryFile(dir=images if images.is_dir() else images.parent) as file:
        file.write(bytes(PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())
