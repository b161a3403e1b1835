"""The room that an outbox takes: what is given up, and in which order, when it gets scarce."""

import sqlite3

from .counters import count

NEARLY_FULL = 0.9
_OLDEST = "SELECT event_id FROM outbox WHERE event_id != ? {} ORDER BY confirmed_s, event_id LIMIT 1"


class Room:
    """Keeps the rows below `cap_bytes`: the oldest pictures go first, then the oldest detections, each counted.

    Called within a transaction; `undo` makes it forget what that would have changed.
    """

    def __init__(self, cap_bytes: int) -> None:
        self.cap_bytes = cap_bytes
        self.used_bytes = self._before_bytes = 0

    def begin(self, db: sqlite3.Connection) -> None:
        """Look at what is there."""
        self.used_bytes = db.execute("SELECT coalesce(sum(size_bytes), 0) FROM outbox").fetchone()[0]
        self.done()

    def done(self) -> None:
        """The transaction is committed."""
        self._before_bytes = self.used_bytes

    def undo(self) -> None:
        """The transaction was undone."""
        self.used_bytes = self._before_bytes

    @property
    def is_nearly_full(self) -> bool:
        return self.used_bytes > NEARLY_FULL * self.cap_bytes

    def make(self, db: sqlite3.Connection, size_bytes: int, *, but: str) -> None:
        """Give up pictures, then detections, oldest first, until `size_bytes` more fit; the one called `but` stays."""
        while self.used_bytes + size_bytes > self.cap_bytes:
            if row := db.execute(_OLDEST.format("AND has_evidence"), (but,)).fetchone():
                self._give_up_picture(db, row[0])
            elif row := db.execute(_OLDEST.format(""), (but,)).fetchone():
                self.delete(db, "event_id = ? AND rev >= ?", (row[0], 0))
                count(db, "dropped")
            else:
                return

    def delete(self, db: sqlite3.Connection, where: str, key: tuple[str, int]) -> bool:
        """Delete these rows; whether there were any."""
        rows = db.execute(f"DELETE FROM outbox WHERE {where} RETURNING size_bytes", key).fetchall()  # noqa: S608
        self.used_bytes -= sum(row[0] for row in rows)
        return bool(rows)

    def _give_up_picture(self, db: sqlite3.Connection, event_id: str) -> None:
        before = db.execute("SELECT size_bytes FROM outbox WHERE event_id = ?", (event_id,)).fetchone()[0]
        after = db.execute(
            "UPDATE outbox SET evidence = NULL, has_evidence = 0, size_bytes = length(detection) WHERE event_id = ? "
            "RETURNING size_bytes",
            (event_id,),
        ).fetchone()[0]
        self.used_bytes -= before - after
        count(db, "pictures_dropped")
