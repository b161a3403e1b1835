"""Dead letters: what can never be stored, kept for a person to look at, in bounded space."""

import hashlib
import sqlite3
from collections import Counter
from datetime import datetime, timedelta

from glassline.contract import to_rfc3339

from ..values import MAX_DEAD_PAYLOAD_BYTES, DeadItem

PER_DEVICE_AND_HOUR = 100
PER_DEVICE = 1000
ALTOGETHER, SLACK = 2000, 100
"""However many devices there are, or claim to be: at most 140 MB of what cannot be read. Tidied when `SLACK` over."""

_NEWEST_OF_EACH = """
    DELETE FROM dead_letters WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY device_id ORDER BY first_at DESC, id DESC) AS nth
            FROM dead_letters)
        ORDER BY nth, id DESC LIMIT -1 OFFSET ?)"""


class DeadLetters:
    """The dead letters as one transaction sees them; changes are counted in `counts`."""

    def __init__(self, db: sqlite3.Connection, *, now: datetime, counts: Counter[str]) -> None:
        self._db, self._now, self._counts = db, now, counts

    def keep(self, item: DeadItem, *, readable: bool = False) -> None:
        """Keep `item`: once however often it is sent, cut to 64 kB, at most 100 a device and hour.

        Altogether there are some 2000: the oldest of the devices that have most make room.

        A `readable` one is a whole detection that only the store refused: it is neither cut nor counted against that.
        """
        at, sha256 = to_rfc3339(self._now), hashlib.sha256(item.payload).hexdigest()
        known = self._db.execute(
            "UPDATE dead_letters SET times = times + 1, last_at = ? WHERE device_id = ? AND kind = ? AND sha256 = ?",
            (at, item.device_id, item.kind, sha256),
        )
        if known.rowcount:
            return
        if not readable and self._in_last_hour(item.device_id) >= PER_DEVICE_AND_HOUR:
            self._counts["dead_letters_dropped"] += 1
            return
        payload, size_bytes = item.payload if readable else item.payload[:MAX_DEAD_PAYLOAD_BYTES], len(item.payload)
        self._db.execute(
            "INSERT INTO dead_letters (device_id, kind, event_id, rev, error, payload, size_bytes, sha256, first_at, "
            "last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (item.device_id, item.kind, item.event_id, item.rev, item.error, payload, size_bytes, sha256, at, at),
        )
        self._counts["dead_letters"] += 1
        self._make_room(item.device_id)

    def _in_last_hour(self, device_id: str) -> int:
        since = to_rfc3339(self._now - timedelta(hours=1))
        sql = "SELECT count(*) FROM dead_letters WHERE device_id = ? AND first_at > ?"
        return int(self._db.execute(sql, (device_id, since)).fetchone()[0])

    def _make_room(self, device_id: str) -> None:
        gone = self._db.execute(
            "DELETE FROM dead_letters WHERE id IN "
            "(SELECT id FROM dead_letters WHERE device_id = ? ORDER BY first_at DESC, id DESC LIMIT -1 OFFSET ?)",
            (device_id, PER_DEVICE),
        )
        self._counts["dead_letters_dropped"] += gone.rowcount
        total = int(self._db.execute("SELECT count(*) FROM dead_letters").fetchone()[0])
        if total > ALTOGETHER + SLACK:
            gone = self._db.execute(_NEWEST_OF_EACH, (ALTOGETHER,))
            self._counts["dead_letters_dropped"] += gone.rowcount
