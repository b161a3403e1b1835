"""The outbox: confirmed detections and their pictures on the disk, until the bridge says that they are stored.

One row per detection holds its newest rev, since every message carries the whole state. A row is on the disk
(`synchronous=FULL`) before anything of it is sent, and only a receipt deletes it. What was sent when is kept in memory:
after a restart everything is simply sent again.

When it is full, the oldest pictures are given up first; when there are none left, the oldest detections. Both are
counted as dropped.
"""

import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glassline.contract.messages import Detection, OutboxHealth, Receipt

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    event_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, confirmed_s REAL NOT NULL, detection BLOB NOT NULL,
    row_stored INTEGER NOT NULL DEFAULT 0, evidence BLOB, size_bytes INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_by_age ON outbox (confirmed_s, event_id);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TEMP TABLE sent (
    event_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, attempts INTEGER NOT NULL, due_s REAL NOT NULL);
"""
DOUBT_AFTER = 4
"""After so many pictures without an answer the store may not have the row any more: it is sent again."""
_COUNT = "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"


class OutboxError(Exception):
    """The outbox cannot be opened or written; the text says what to do."""


@dataclass(frozen=True)
class Parcel:
    """What is to be sent of one detection; `detection` is None once its row is stored and only the picture misses."""

    event_id: str
    rev: int
    attempts: int
    detection: bytes | None
    evidence: bytes | None


class Outbox:
    """Thread-safe. Times are Unix seconds where they are stored, monotonic seconds where something is due."""

    def __init__(self, *, path: Path, cap_bytes: int) -> None:
        self._path, self._cap_bytes = path, cap_bytes
        self._lock = threading.Lock()
        self._db: sqlite3.Connection

    def open(self) -> None:
        """Open or create the file; OutboxError says why not."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            self._db.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=OFF;"
                + _SCHEMA
            )
        except (OSError, sqlite3.Error) as error:
            raise OutboxError(
                f"the outbox {self._path} cannot be opened ({error}): set `state_dir` to a folder that can be written"
            ) from None

    def close(self) -> None:
        self._db.close()

    def put(self, detection: Detection, evidence: bytes | None) -> None:
        """Keep a detection's newest rev; `evidence` None keeps the picture that an earlier rev brought."""
        payload = detection.to_json()
        with self._lock, _transaction(self._db):
            self._make_room(len(payload) + len(evidence or b""))
            self._db.execute(
                "INSERT INTO outbox VALUES (?, ?, ?, ?, 0, ?, ?) ON CONFLICT (event_id) DO UPDATE SET "
                "rev = excluded.rev, detection = excluded.detection, row_stored = 0, "
                "evidence = coalesce(excluded.evidence, evidence), "
                "size_bytes = length(excluded.detection) + coalesce(length(excluded.evidence), length(evidence), 0)",
                (
                    detection.event_id,
                    detection.rev,
                    detection.confirmed_at.timestamp(),
                    payload,
                    evidence,
                    len(payload) + len(evidence or b""),
                ),
            )
            if detection.rev == 0:
                self._db.execute(_COUNT, ("confirmed", 1))

    def due(self, now_s: float, limit: int) -> list[Parcel]:
        """Up to `limit` parcels whose time has come at `now_s` (monotonic): never sent or overdue, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT event_id, o.rev, coalesce(attempts, 0), "
                "CASE WHEN row_stored AND coalesce(attempts, 0) < ? THEN NULL ELSE detection END, evidence "
                "FROM outbox o LEFT JOIN sent USING (event_id) "
                "WHERE sent.rev IS NULL OR sent.rev < o.rev OR due_s <= ? ORDER BY confirmed_s, event_id LIMIT ?",
                (DOUBT_AFTER, now_s, limit),
            ).fetchall()
        return [Parcel(*row) for row in rows]

    def mark_sent(self, parcel: Parcel, due_s: float) -> None:
        """Note that a parcel was sent, and when (monotonic) it is to be sent again unless a receipt comes."""
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?)",
                (parcel.event_id, parcel.rev, parcel.attempts + 1, due_s),
            )

    def all_due(self) -> None:
        """Everything is due now: there is a new connection, or the bridge is heard again."""
        with self._lock:
            self._db.execute("UPDATE sent SET due_s = 0")

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Forget what the receipts say is stored, or rejected for good."""
        with self._lock, _transaction(self._db):
            for receipt in receipts:
                self._settle_one(receipt)

    def _settle_one(self, receipt: Receipt) -> None:
        key = (receipt.event_id, receipt.rev)
        if receipt.row == "stored" and receipt.image == "missing":
            self._db.execute("UPDATE outbox SET row_stored = 1 WHERE event_id = ? AND rev <= ?", key)
            # A picture that was given up to make room can never follow.
            done = self._db.execute("DELETE FROM outbox WHERE event_id = ? AND rev <= ? AND evidence IS NULL", key)
        else:
            done = self._db.execute("DELETE FROM outbox WHERE event_id = ? AND rev <= ?", key)
            if done.rowcount and receipt.row == "rejected":
                self._db.execute(_COUNT, ("rejected", 1))
        if done.rowcount:
            self._db.execute("DELETE FROM sent WHERE event_id = ?", (receipt.event_id,))

    def health(self) -> OutboxHealth:
        """Depth, age of the oldest, size, and the counts since the file was made."""
        with self._lock:
            depth, oldest_s, size = self._db.execute(
                "SELECT count(*), min(confirmed_s), coalesce(sum(size_bytes), 0) FROM outbox"
            ).fetchone()
            counters = dict(self._db.execute("SELECT name, value FROM counters"))
        age_s = None if oldest_s is None else max(0.0, time.time() - oldest_s)
        return OutboxHealth(
            depth=depth,
            oldest_age_s=age_s,
            size_bytes=size,
            confirmed=counters.get("confirmed", 0),
            dropped=counters.get("dropped", 0),
            rejected=counters.get("rejected", 0),
        )

    def _make_room(self, size_bytes: int) -> None:
        """Give up pictures, then detections, oldest first, until `size_bytes` more fit below the cap."""
        used = self._db.execute("SELECT coalesce(sum(size_bytes), 0) FROM outbox").fetchone()[0]
        dropped = 0
        for victim, action in (
            ("evidence IS NOT NULL", "UPDATE outbox SET evidence = NULL, size_bytes = length(detection)"),
            ("TRUE", "DELETE FROM outbox"),
        ):
            while used + size_bytes > self._cap_bytes:
                row = self._db.execute(
                    f"SELECT event_id, size_bytes FROM outbox WHERE {victim} ORDER BY confirmed_s, event_id LIMIT 1"  # noqa: S608
                ).fetchone()
                if row is None:
                    break
                self._db.execute(f"{action} WHERE event_id = ?", (row[0],))
                used = self._db.execute("SELECT coalesce(sum(size_bytes), 0) FROM outbox").fetchone()[0]
                dropped += 1
        if dropped:
            self._db.execute(_COUNT, ("dropped", dropped))


class _transaction:  # noqa: N801 - reads like a statement
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK when something is raised; sqlite errors leave as OutboxError."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise OutboxError(f"the outbox cannot be written: {error}") from None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        try:
            self._db.execute("COMMIT" if kind is None else "ROLLBACK")
        except sqlite3.Error as failed:
            raise OutboxError(f"the outbox cannot be written: {failed}: is the disk full?") from None
        if isinstance(error, sqlite3.Error):
            raise OutboxError(f"the outbox cannot be written: {error}: is the disk full?") from None
