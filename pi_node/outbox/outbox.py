"""The outbox: confirmed detections and their pictures on the disk, until the bridge says that they are stored.

One row per detection holds its newest rev, since every message carries the whole state. A row is on the disk
(`synchronous=FULL`) before anything of it is sent, and only a receipt deletes it. What was sent when is kept in memory:
after a restart everything is simply sent again.

When it is full, the oldest pictures are given up first; when there are none left, the oldest detections. Both are
counted, each by itself.
"""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from glassline.contract import Reason
from glassline.contract.messages import Detection, OutboxHealth, Receipt

from ..clock.machine import Reading
from . import corrections
from .counters import count, counted
from .file import OutboxFile
from .room import Room

WAITS_S = 60.0
DOUBT_AFTER = 4
"""After so many pictures without an answer the store may not have the row any more: it is sent again."""
CORRECT_AT_ONCE = 100
"""So many rows are looked at in one transaction, so that what is found meanwhile need not wait."""
SURE = Reading(boot="", offset_s=0.0, synced=True)
"""Times that need no correction."""

# Pictures are read of those alone that are sent: a backlog of hours has gigabytes of them.
_NEVER_SENT = """
    SELECT event_id FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM sent WHERE sent.event_id = o.event_id)
    ORDER BY confirmed_s, event_id LIMIT ?"""
_CHANGED_OR_OVERDUE = """
    SELECT event_id FROM sent JOIN outbox o USING (event_id) WHERE sent.rev < o.rev OR due_s <= ?
    ORDER BY sent.rev = o.rev, due_s, confirmed_s, event_id LIMIT ?"""
_PARCEL = """
    SELECT event_id, o.rev, coalesce(attempts, 0),
        CASE WHEN row_stored AND coalesce(attempts, 0) < ? THEN NULL ELSE detection END, evidence
    FROM outbox o LEFT JOIN sent USING (event_id) WHERE event_id = ?"""


@dataclass(frozen=True)
class Parcel:
    """What is to be sent of one detection; `detection` is None once its row is stored and only the picture misses."""

    event_id: str
    rev: int
    attempts: int
    detection: bytes | None
    evidence: bytes | None

    @property
    def size_bytes(self) -> int:
        return len(self.detection or b"") + len(self.evidence or b"")


class Outbox:
    """Thread-safe. Times are Unix seconds where they are stored, monotonic seconds where something is due."""

    def __init__(self, *, path: Path, cap_bytes: int) -> None:
        self._file, self._room = OutboxFile(path), Room(cap_bytes)
        self.uncorrected = 0
        """Of what is stored with times that are known to be wrong: how much is not told again for want of room."""

    def open(self) -> None:
        """Open or create the file; one that is damaged is put aside and a new one begun. OutboxError says why not."""
        self._file.open()
        with self._file.reading() as db:
            self._room.begin(db)

    def close(self) -> None:
        self._file.close()

    def put(self, detection: Detection, evidence: bytes | None, told: Reading = SURE) -> None:
        """Keep a detection's newest rev, whose times were told by the reading `told`.

        `evidence` None keeps the picture that an earlier rev brought.
        """
        with self._file.writing(self._room) as db:
            self._put(db, detection, evidence, told)
            if detection.rev == 0:
                count(db, "confirmed")

    def _put(self, db: sqlite3.Connection, detection: Detection, evidence: bytes | None, told: Reading) -> None:
        payload, event_id = detection.to_json(), detection.event_id
        old = db.execute("SELECT size_bytes, evidence FROM outbox WHERE event_id = ?", (event_id,)).fetchone()
        if old is not None:
            self._room.used_bytes -= old[0]
            evidence = evidence or old[1]
        size_bytes = len(payload) + len(evidence or b"")
        self._room.make(db, size_bytes, but=event_id)
        self._room.used_bytes += size_bytes
        at_s = detection.confirmed_at.timestamp()
        db.execute(
            "INSERT INTO outbox (event_id, rev, confirmed_s, size_bytes, has_evidence, boot, offset_s, synced,"
            " detection, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO UPDATE SET"
            " rev = excluded.rev, confirmed_s = excluded.confirmed_s, row_stored = 0, size_bytes = excluded.size_bytes,"
            " has_evidence = excluded.has_evidence, boot = excluded.boot, offset_s = excluded.offset_s,"
            " synced = excluded.synced, detection = excluded.detection, evidence = excluded.evidence",
            (
                event_id, detection.rev, at_s, size_bytes, evidence is not None, told.boot, told.offset_s,
                told.synced, payload, evidence,
            ),
        )  # fmt: skip
        corrections.forget_told(db, event_id)

    def correct(self, now: Reading) -> int:
        """Put again, with a next rev, those whose times are wrong by the reading `now`; return how many these were.

        For what is stored already nothing is given up that waits: where there is no room, it is left `uncorrected`.
        """
        with self._file.writing(self._room) as db:
            corrections.forget_other_boots(db, now.boot)
        return self._correct_waiting(now) + self._correct_told(now)

    def _correct_waiting(self, now: Reading) -> int:
        total = 0
        after: int | None = 0
        while after is not None:
            with self._file.writing(self._room) as db:
                corrected, after = corrections.correct_waiting(db, self._room, now, after=after, limit=CORRECT_AT_ONCE)
            total += corrected
        return total

    def _correct_told(self, now: Reading) -> int:
        total = left = 0
        after: int | None = 0
        while after is not None:
            with self._file.writing(self._room) as db:
                put = partial(self._put_if_room, db, told=now)
                corrected, no_room, after = corrections.correct_told(db, now, put, after=after, limit=CORRECT_AT_ONCE)
            total, left = total + corrected, left + no_room
        self.uncorrected = left
        return total

    def _put_if_room(self, db: sqlite3.Connection, detection: Detection, told: Reading) -> bool:
        if not (nearly_full := self._room.is_nearly_full):
            self._put(db, detection, None, told)
        return not nearly_full

    def due(self, now_s: float, limit: int) -> list[Parcel]:
        """Up to `limit` parcels whose time has come at `now_s` (monotonic): those never sent, then the overdue."""
        with self._file.reading() as db:
            ids = [row[0] for row in db.execute(_NEVER_SENT, (limit,))]
            if len(ids) < limit:
                ids += [row[0] for row in db.execute(_CHANGED_OR_OVERDUE, (now_s, limit - len(ids)))]
            rows = [db.execute(_PARCEL, (DOUBT_AFTER, event_id)).fetchone() for event_id in ids]
        return [Parcel(*row) for row in rows]

    def under_way(self, since_s: float) -> tuple[int, int]:
        """(number, bytes) of parcels sent since then (monotonic) that have no receipt yet."""
        with self._file.reading() as db:
            row = db.execute(
                "SELECT count(*), coalesce(sum(size_bytes), 0) FROM sent WHERE sent_s > ?", (since_s,)
            ).fetchone()
        return row[0], row[1]

    def mark_sent(self, parcel: Parcel, now_s: float, due_s: float) -> None:
        """Note that a parcel was sent, and when it is to be sent again unless a receipt comes (monotonic both)."""
        with self._file.writing(self._room) as db:
            db.execute(
                "INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?, ?, ?)",
                (parcel.event_id, parcel.rev, parcel.attempts + 1, now_s, due_s, parcel.size_bytes),
            )

    def all_due(self) -> None:
        """Everything is due now: there is a new connection, and the broker may have forgotten all."""
        with self._file.writing(self._room) as db:
            db.execute("UPDATE sent SET sent_s = 0, due_s = 0, attempts = 0")

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Forget what the receipts say is stored, or rejected for good."""
        with self._file.writing(self._room) as db:
            for receipt in receipts:
                self._settle_one(db, receipt)

    def _settle_one(self, db: sqlite3.Connection, receipt: Receipt) -> None:
        key = (receipt.event_id, receipt.rev)
        if receipt.row == "stored":
            corrections.keep_told(db, key)
        if receipt.row == "stored" and receipt.image == "missing":
            db.execute("UPDATE outbox SET row_stored = 1 WHERE event_id = ? AND rev <= ?", key)
            # A picture that was given up to make room can never follow.
            self._room.delete(db, "event_id = ? AND rev <= ? AND NOT has_evidence", key)
        elif self._room.delete(db, "event_id = ? AND rev <= ?", key) and receipt.row == "rejected":
            count(db, "rejected")

    def health(self) -> OutboxHealth:
        """Depth, age of the oldest, size, and the counts since the file was made."""
        with self._file.reading() as db:
            depth = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
            oldest = db.execute("SELECT confirmed_s FROM outbox ORDER BY confirmed_s LIMIT 1").fetchone()
            counters = counted(db)
        return OutboxHealth(
            depth=depth,
            oldest_age_s=None if oldest is None else max(0.0, time.time() - oldest[0]),
            size_bytes=self._room.used_bytes,
            confirmed=counters.get("confirmed", 0),
            dropped=counters.get("dropped", 0),
            pictures_dropped=counters.get("pictures_dropped", 0),
            rejected=counters.get("rejected", 0),
        )

    def reason(self, health: OutboxHealth) -> Reason | None:
        """What is wrong with an outbox of this health, if anything."""
        if self._room.is_nearly_full:
            return Reason.OUTBOX_FULL
        return Reason.OUTBOX_WAITING if (health.oldest_age_s or 0) > WAITS_S else None
