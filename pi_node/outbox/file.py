"""The SQLite file of an outbox: opened by one program at a time, put aside where it is damaged."""

import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from glassline.writing import sync_folder

from .room import Room

log = logging.getLogger(__name__)

_PRAGMAS = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
PRAGMA temp_store=MEMORY;
PRAGMA secure_delete=OFF;  -- Debian has it on: an SD card would be written once more with zeros
"""
_TABLES = """
CREATE TABLE IF NOT EXISTS outbox (
    event_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, confirmed_s REAL NOT NULL, row_stored INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL, has_evidence INTEGER NOT NULL, boot TEXT NOT NULL DEFAULT '',
    offset_s REAL NOT NULL DEFAULT 0, synced INTEGER NOT NULL DEFAULT 1, detection BLOB NOT NULL, evidence BLOB);
CREATE INDEX IF NOT EXISTS outbox_by_age ON outbox (confirmed_s, event_id, has_evidence, size_bytes);
-- Stored already, and kept only until the clock is right and the times can be told again.
CREATE TABLE IF NOT EXISTS told (
    event_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, boot TEXT NOT NULL, offset_s REAL NOT NULL,
    synced INTEGER NOT NULL, detection BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TEMP TABLE sent (
    event_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, attempts INTEGER NOT NULL, sent_s REAL NOT NULL,
    due_s REAL NOT NULL, size_bytes INTEGER NOT NULL);
CREATE TEMP TRIGGER forget AFTER DELETE ON main.outbox BEGIN DELETE FROM sent WHERE event_id = OLD.event_id; END;
"""
_ADDED = {
    "boot": "TEXT NOT NULL DEFAULT ''",
    "offset_s": "REAL NOT NULL DEFAULT 0",
    "synced": "INTEGER NOT NULL DEFAULT 1",
}
"""Columns that outboxes of earlier versions lack."""


class OutboxError(Exception):
    """The outbox cannot be opened, read or written; the text says what to do."""


class OutboxFile:
    """Its connection is for use within `reading` and `writing`, by one thread at a time."""

    db: sqlite3.Connection

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._claimed: int | None = None

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

    def close(self) -> None:
        self.db.close()
        self._release()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self.db
            except sqlite3.Error as error:
                raise OutboxError(f"the outbox {self._path} cannot be read: {error}") from None

    @contextmanager
    def writing(self, room: Room) -> Iterator[sqlite3.Connection]:
        """One transaction; whatever goes wrong undoes it, also what `room` was told."""
        with self._lock:
            try:
                self.db.execute("BEGIN IMMEDIATE")
                yield self.db
                self.db.execute("COMMIT")
                room.done()
            except BaseException as error:
                room.undo()
                with suppress(sqlite3.Error):  # a full disk has already undone it
                    self.db.execute("ROLLBACK")
                if not isinstance(error, sqlite3.Error):
                    raise
                raise OutboxError(f"the outbox {self._path} cannot be written: {error}") from None

    def _open(self) -> None:
        self.db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self.db.executescript(_PRAGMAS + _TABLES)
        there = {row[1] for row in self.db.execute("PRAGMA table_info(outbox)")}
        for name, kind in _ADDED.items():
            if name not in there:
                self.db.execute(f"ALTER TABLE outbox ADD COLUMN {name} {kind}")

    def _put_aside(self) -> Path:
        """Rename the file, and with it its log: beside a new one, that would be taken for the new one's."""
        aside = self._path.with_name(f"{self._path.name}.broken-{int(time.time())}")
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(self._path.name + end).replace(aside.with_name(aside.name + end))
        self.db.close()
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


def _make_folder(path: Path) -> None:
    """Make it where it is missing; its name, too, is to outlast a loss of power. Of files SQLite sees to that."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)
