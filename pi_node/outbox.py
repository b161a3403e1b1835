"""The outbox: confirmed detections and their pictures on the disk, until the bridge says that they are stored.

One row per detection holds its newest rev, since every message carries the whole state. A row is on the disk
(`synchronous=FULL`) before anything of it is sent, and only a receipt deletes it. What was sent when is kept in memory:
after a restart everything is simply sent again.

When it is full, the oldest pictures are given up first; when there are none left, the oldest detections. Both are
counted, each by itself.
"""

import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from glassline.contract import Reason
from glassline.contract.messages import Detection, OutboxHealth, Receipt
from glassline.writing import sync_folder

log = logging.getLogger(__name__)

_PRAGMAS = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
PRAGMA temp_store=MEMORY;
PRAGMA secure_delete=OFF;  -- Debian has it on: an SD card would be written once more with zeros
"""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    event_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, confirmed_s REAL NOT NULL, row_stored INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL, has_evidence INTEGER NOT NULL, detection BLOB NOT NULL, evidence BLOB);
CREATE INDEX IF NOT EXISTS outbox_by_age ON outbox (confirmed_s, event_id, has_evidence, size_bytes);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TEMP TABLE sent (
    event_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, attempts INTEGER NOT NULL, sent_s REAL NOT NULL,
    due_s REAL NOT NULL, size_bytes INTEGER NOT NULL);
CREATE TEMP TRIGGER forget AFTER DELETE ON main.outbox BEGIN DELETE FROM sent WHERE event_id = OLD.event_id; END;
"""
_COUNT = "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
WAITS_S = 60.0
NEARLY_FULL = 0.9
DOUBT_AFTER = 4
"""After so many pictures without an answer the store may not have the row any more: it is sent again."""


class OutboxError(Exception):
    """The outbox cannot be opened, read or written; the text says what to do."""


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
        self._path, self._cap_bytes = path, cap_bytes
        self._lock = threading.Lock()
        self._used_bytes = 0
        self._claimed: int | None = None
        self._db: sqlite3.Connection

    def open(self) -> None:
        """Open or create the file; one that is damaged is put aside and a new one begun. OutboxError says why not."""
        try:
            _make_folder(self._path.parent)
            self._claim()
            try:
                self._open()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                log.error(
                    "the outbox is damaged (%s): it is kept as %s and a new one is begun", error, self._put_aside()
                )
                self._open()
        except (OSError, sqlite3.Error) as error:
            self._release()
            raise OutboxError(
                f"the outbox {self._path} cannot be opened ({error}): set `state_dir` to a folder that can be written"
            ) from None

    def _open(self) -> None:
        self._db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._db.executescript(_PRAGMAS + _SCHEMA)
        self._used_bytes = self._db.execute("SELECT coalesce(sum(size_bytes), 0) FROM outbox").fetchone()[0]

    def _put_aside(self) -> Path:
        """Rename the file, and with it its log: beside a new one, that would be taken for the new one's."""
        aside = self._path.with_name(f"{self._path.name}.broken-{int(time.time())}")
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(self._path.name + end).replace(aside.with_name(aside.name + end))
        self._db.close()
        return aside

    def _claim(self) -> None:
        """Let no other program have this outbox: each would send, settle and count what the other keeps."""
        self._claimed = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._claimed, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._release()
            sentence = f"the outbox {self._path} is used by another program: end that, or set another `state_dir`"
            raise OutboxError(sentence) from None

    def _release(self) -> None:
        if self._claimed is not None:
            os.close(self._claimed)
            self._claimed = None

    def close(self) -> None:
        self._db.close()
        self._release()

    def put(self, detection: Detection, evidence: bytes | None) -> None:
        """Keep a detection's newest rev; `evidence` None keeps the picture that an earlier rev brought."""
        payload = detection.to_json()
        with self._writing():
            old = self._db.execute(
                "SELECT size_bytes, evidence FROM outbox WHERE event_id = ?", (detection.event_id,)
            ).fetchone()
            if old is not None:
                self._used_bytes -= old[0]
                evidence = evidence or old[1]
            size_bytes = len(payload) + len(evidence or b"")
            self._make_room(size_bytes, but=detection.event_id)
            self._used_bytes += size_bytes
            at_s = detection.confirmed_at.timestamp()
            self._db.execute(
                "INSERT INTO outbox VALUES (?, ?, ?, 0, ?, ?, ?, ?) ON CONFLICT (event_id) DO UPDATE SET"
                " rev = excluded.rev, row_stored = 0, size_bytes = excluded.size_bytes,"
                " has_evidence = excluded.has_evidence, detection = excluded.detection, evidence = excluded.evidence",
                (detection.event_id, detection.rev, at_s, size_bytes, evidence is not None, payload, evidence),
            )
            if detection.rev == 0:
                self._db.execute(_COUNT, ("confirmed", 1))

    def due(self, now_s: float, limit: int) -> list[Parcel]:
        """Up to `limit` parcels whose time has come at `now_s` (monotonic): those never sent, then the overdue."""
        with self._reading():
            rows = self._db.execute(
                "SELECT event_id, o.rev, coalesce(attempts, 0), "
                "CASE WHEN row_stored AND coalesce(attempts, 0) < ? THEN NULL ELSE detection END, evidence "
                "FROM outbox o LEFT JOIN sent USING (event_id) "
                "WHERE sent.rev IS NULL OR sent.rev < o.rev OR due_s <= ? "
                "ORDER BY sent.rev IS NOT NULL AND sent.rev = o.rev, due_s, confirmed_s, event_id LIMIT ?",
                (DOUBT_AFTER, now_s, limit),
            ).fetchall()
        return [Parcel(*row) for row in rows]

    def under_way(self, since_s: float) -> tuple[int, int]:
        """(number, bytes) of parcels sent since then (monotonic) that have no receipt yet."""
        with self._reading():
            row = self._db.execute(
                "SELECT count(*), coalesce(sum(size_bytes), 0) FROM sent WHERE sent_s > ?", (since_s,)
            ).fetchone()
        return row[0], row[1]

    def mark_sent(self, parcel: Parcel, now_s: float, due_s: float) -> None:
        """Note that a parcel was sent, and when it is to be sent again unless a receipt comes (monotonic both)."""
        with self._writing():
            self._db.execute(
                "INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?, ?, ?)",
                (parcel.event_id, parcel.rev, parcel.attempts + 1, now_s, due_s, parcel.size_bytes),
            )

    def all_due(self) -> None:
        """Everything is due now: there is a new connection, and the broker may have forgotten all."""
        with self._writing():
            self._db.execute("UPDATE sent SET sent_s = 0, due_s = 0, attempts = 0")

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Forget what the receipts say is stored, or rejected for good."""
        with self._writing():
            for receipt in receipts:
                self._settle_one(receipt)

    def _settle_one(self, receipt: Receipt) -> None:
        key = (receipt.event_id, receipt.rev)
        if receipt.row == "stored" and receipt.image == "missing":
            self._db.execute("UPDATE outbox SET row_stored = 1 WHERE event_id = ? AND rev <= ?", key)
            # A picture that was given up to make room can never follow.
            self._delete("event_id = ? AND rev <= ? AND NOT has_evidence", key)
        elif self._delete("event_id = ? AND rev <= ?", key) and receipt.row == "rejected":
            self._db.execute(_COUNT, ("rejected", 1))

    def health(self) -> OutboxHealth:
        """Depth, age of the oldest, size, and the counts since the file was made."""
        with self._reading():
            depth = self._db.execute("SELECT count(*) FROM outbox").fetchone()[0]
            oldest = self._db.execute("SELECT confirmed_s FROM outbox ORDER BY confirmed_s LIMIT 1").fetchone()
            counters = dict(self._db.execute("SELECT name, value FROM counters"))
        return OutboxHealth(
            depth=depth,
            oldest_age_s=None if oldest is None else max(0.0, time.time() - oldest[0]),
            size_bytes=self._used_bytes,
            confirmed=counters.get("confirmed", 0),
            dropped=counters.get("dropped", 0),
            pictures_dropped=counters.get("pictures_dropped", 0),
            rejected=counters.get("rejected", 0),
        )

    def reason(self, health: OutboxHealth) -> Reason | None:
        """What is wrong with an outbox of this health, if anything."""
        if health.size_bytes > NEARLY_FULL * self._cap_bytes:
            return Reason.OUTBOX_FULL
        return Reason.OUTBOX_WAITING if (health.oldest_age_s or 0) > WAITS_S else None

    def _make_room(self, size_bytes: int, *, but: str) -> None:
        """Give up pictures, then detections, oldest first, until `size_bytes` more fit below the cap."""
        oldest = "SELECT event_id FROM outbox WHERE event_id != ? {} ORDER BY confirmed_s, event_id LIMIT 1"
        while self._used_bytes + size_bytes > self._cap_bytes:
            if row := self._db.execute(oldest.format("AND has_evidence"), (but,)).fetchone():
                self._give_up_picture(row[0])
            elif row := self._db.execute(oldest.format(""), (but,)).fetchone():
                self._delete("event_id = ? AND rev >= ?", (row[0], 0))
                self._db.execute(_COUNT, ("dropped", 1))
            else:
                return

    def _give_up_picture(self, event_id: str) -> None:
        before = self._db.execute("SELECT size_bytes FROM outbox WHERE event_id = ?", (event_id,)).fetchone()[0]
        after = self._db.execute(
            "UPDATE outbox SET evidence = NULL, has_evidence = 0, size_bytes = length(detection) WHERE event_id = ? "
            "RETURNING size_bytes",
            (event_id,),
        ).fetchone()[0]
        self._used_bytes -= before - after
        self._db.execute(_COUNT, ("pictures_dropped", 1))

    def _delete(self, where: str, key: tuple[str, int]) -> bool:
        rows = self._db.execute(f"DELETE FROM outbox WHERE {where} RETURNING size_bytes", key).fetchall()  # noqa: S608
        self._used_bytes -= sum(row[0] for row in rows)
        return bool(rows)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise OutboxError(f"the outbox {self._path} cannot be read: {error}") from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; whatever goes wrong undoes it."""
        with self._lock:
            used_bytes = self._used_bytes
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._used_bytes = used_bytes
                with suppress(sqlite3.Error):  # a full disk has already undone it
                    self._db.execute("ROLLBACK")
                raise OutboxError(f"the outbox {self._path} cannot be written: {error}") from None


def _make_folder(path: Path) -> None:
    """Make it where it is missing; its name, too, is to outlast a loss of power. Of files SQLite sees to that."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)
