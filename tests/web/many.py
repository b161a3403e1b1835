"""Many defects in the file of a test's store, at once: copies of one that was really stored."""

import sqlite3
from contextlib import closing

LABELS = ("scratch", "crack", "bubble", "chip", "stain")
_OTHER = {
    "event_id": "printf('%08x-0000-7000-8000-%012x', n.i, n.i)",
    "device_id": "'many-' || (n.i % 4)",
    "label": f"CASE n.i % 5 {' '.join(f'WHEN {at} THEN {label!r}' for at, label in enumerate(LABELS))} END",
    "detected_at": "strftime('%Y-%m-%dT%H:%M:%fZ', d.detected_at, '-' || (n.i * 7) || ' seconds')",
}


def copy_defect(store_url: str, event_id: str, count: int) -> None:
    """`count` more like this one without its picture, each 7 s older than the one before, of 4 devices and 5 labels."""
    with closing(sqlite3.connect(store_url.removeprefix("sqlite:"))) as db, db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(defects)")]
        plain = {"image_stored": "0", "image_sha256": "NULL"}
        values = ", ".join((_OTHER | plain).get(column, f"d.{column}") for column in columns)
        db.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            f"INSERT INTO defects ({', '.join(columns)}) SELECT {values} FROM n, defects d WHERE d.event_id = ?",
            (count, event_id),
        )
