"""Connections to the SQLite file: one that writes, a few that read, and no reader ever waits for the writer."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..values import StoreError
from .faults import explain
from .filters import add_functions
from .migrate import migrate

OLDEST_SQLITE = (3, 37, 0)
MAX_IDLE_READERS = 4
WAL_BYTES_KEPT = 16_000_000
Inode = tuple[int, int]


class Database:
    """The file at `path`. It is opened by first use, and anew when somebody put another file in its place.

    `busy_timeout_s` is how long one writer waits for another (bridge and web share the file).
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 2.0) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._writer: sqlite3.Connection | None = None
        self._readers: list[sqlite3.Connection] = []
        self._inode: Inode | None = None
        self._write_lock, self._pool_lock = threading.Lock(), threading.Lock()

    def open(self) -> None:
        """Create the file where there is none, and migrate it."""
        with self.faults(), self._write_lock:
            self._ready()

    def close(self) -> None:
        """Close every connection that is not in use just now."""
        with self._write_lock:
            self._forget()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, durable when the block ends; rolled back when it raises."""
        with self.faults(), self._write_lock:
            db = self._ready()
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException:
                self._roll_back(db)
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that only reads, from a small pool."""
        with self.faults():
            db, inode = self._borrow()
            try:
                yield db
            except sqlite3.Error:
                db.close()
                raise
            self._give_back(db, inode)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turn what SQLite and the file system raise into StoreError."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise explain(error, self.path) from error

    # -- under the write lock ----------------------------------------------------------------------------------

    def _ready(self) -> sqlite3.Connection:
        if self._writer is not None and self._inode == self._inode_on_disk():
            return self._writer
        self._forget()
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = self._connect()
        try:
            _use_wal(db, self._busy_timeout_s)
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}")
            migrate(db)
        except BaseException:
            db.close()
            raise
        self._writer, self._inode = db, self._inode_on_disk()
        return db

    def _roll_back(self, db: sqlite3.Connection) -> None:
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")
        except sqlite3.Error:
            self._forget()

    def _forget(self) -> None:
        with self._pool_lock:
            readers, self._readers, self._inode = self._readers, [], None
        writer, self._writer = self._writer, None
        for db in [*readers, *([writer] if writer else [])]:
            with suppress(sqlite3.Error):
                db.close()

    # -- readers -----------------------------------------------------------------------------------------------

    def _borrow(self) -> tuple[sqlite3.Connection, Inode | None]:
        if self._inode is None or self._inode != self._inode_on_disk():
            with self._write_lock:
                self._ready()
        with self._pool_lock:
            inode = self._inode
            if self._readers:
                return self._readers.pop(), inode
        db = self._connect()
        db.execute("PRAGMA query_only = ON")
        return db, inode

    def _give_back(self, db: sqlite3.Connection, inode: Inode | None) -> None:
        with self._pool_lock:
            if inode == self._inode and len(self._readers) < MAX_IDLE_READERS:
                self._readers.append(db)
                return
        db.close()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False)
        add_functions(db)
        return db

    def _inode_on_disk(self) -> Inode | None:
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


def _use_wal(db: sqlite3.Connection, patience_s: float) -> None:
    """Switch to write-ahead logging. SQLite does not wait for others here, so that two that start at once collide."""
    until = time.monotonic() + patience_s
    while True:
        try:
            mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
            continue
        if mode != "wal":
            raise StoreError(f"the store cannot do write-ahead logging here (journal mode {mode!r}): use a local disk")
        return
