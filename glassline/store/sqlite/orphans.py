"""Pictures that came before the detection that names them: a quota per device and for all, an hour of life."""

import sqlite3
from collections import Counter
from datetime import datetime, timedelta

from glassline.contract import to_rfc3339

from ..values import EvidenceItem

PER_DEVICE = 20
ALTOGETHER = 200
"""However many devices there are, or claim to be: at most 300 MB of pictures that nothing names."""
LIFE = timedelta(hours=1)


class Orphans:
    """The orphans as one transaction sees them; changes are counted in `counts`."""

    def __init__(self, db: sqlite3.Connection, *, now: datetime, counts: Counter[str]) -> None:
        self._db, self._now, self._counts = db, now, counts

    def keep(self, item: EvidenceItem) -> set[tuple[str, str]]:
        """Remember that this picture waits; return (event_id, sha256) of those that had to make room, oldest first."""
        key = (item.device_id, item.event_id, item.sha256)
        known = self._db.execute(
            "UPDATE orphans SET rev = max(rev, ?) WHERE device_id = ? AND event_id = ? AND sha256 = ?", (item.rev, *key)
        )
        if known.rowcount:
            return set()
        self._db.execute(
            "INSERT INTO orphans (device_id, event_id, sha256, rev, received_at) VALUES (?, ?, ?, ?, ?)",
            (*key, item.rev, to_rfc3339(self._now)),
        )
        self._counts["orphans"] += 1
        return self._drop(
            "id IN (SELECT id FROM orphans WHERE device_id = ? ORDER BY id DESC LIMIT -1 OFFSET ?) "
            "OR id IN (SELECT id FROM orphans ORDER BY id DESC LIMIT -1 OFFSET ?)",
            (item.device_id, PER_DEVICE, ALTOGETHER),
        )

    def take(self, device_id: str, event_id: str, *, up_to_rev: int, wanted: str | None) -> set[str | None]:
        """Remove what waited for this detection or was replaced by it, and return the digests.

        Pictures of a higher rev than `up_to_rev` go on waiting, unless the digest is the `wanted` one.
        """
        gone = self._db.execute(
            "DELETE FROM orphans WHERE device_id = ? AND event_id = ? AND (rev <= ? OR sha256 = ?) RETURNING sha256",
            (device_id, event_id, up_to_rev, wanted),
        )
        return {sha256 for (sha256,) in gone.fetchall()}

    def expire(self) -> set[tuple[str, str]]:
        """Forget those that waited too long; return their (event_id, sha256)."""
        return self._drop("received_at < ?", (to_rfc3339(self._now - LIFE),))

    def _drop(self, condition: str, parameters: tuple[str | int, ...]) -> set[tuple[str, str]]:
        sql = f"DELETE FROM orphans WHERE {condition} RETURNING event_id, sha256"  # noqa: S608 - our own conditions
        gone = self._db.execute(sql, parameters).fetchall()
        self._counts["orphans_dropped"] += len(gone)
        return set(gone)
