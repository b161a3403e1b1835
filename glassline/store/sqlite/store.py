"""The store in one SQLite file: durable when `apply` returns (write-ahead log, synchronous=FULL)."""

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from glassline.contract import to_rfc3339

from .. import paging
from ..figures import Backlog, Heard, Tally
from ..images import Images
from ..values import (
    Choices,
    DeadLetter,
    Defect,
    DefectFilter,
    Device,
    EvidenceItem,
    FalseAlarm,
    Item,
    Keep,
    Outcome,
    Pruned,
    Review,
    Reviewed,
    ReviewStep,
    Status,
    StoreError,
)
from .batch import Batch, is_named
from .database import Database
from .figures import backlog, choices, counts, tallies
from .filters import matching
from .orphans import Orphans
from .presence import heard, keep_heard
from .probe import probe
from .retention import Retention
from .reviews import history, write_review
from .rows import (
    SELECT_DEAD_LETTERS,
    SELECT_DEFECT,
    SELECT_DEFECTS,
    SELECT_DEVICES,
    dead_letter_of,
    defect_of,
    device_of,
)

log = logging.getLogger(__name__)

MAX_DEVICES = 1000
_NEWEST_FIRST = " ORDER BY detected_at DESC, event_id DESC"
_REMEMBER = """
    INSERT INTO devices (device_id, role, status, first_seen_at, last_seen_at, info)
    VALUES (:id, :role, :status, :now, :now, coalesce(:info, '{}'))
    ON CONFLICT (device_id) DO UPDATE SET
        role = coalesce(:role, role), status = coalesce(:status, status), info = coalesce(:info, info),
        last_seen_at = CASE WHEN :seen THEN :now ELSE last_seen_at END,
        retired_at = CASE WHEN :seen AND :status IS NOT 'offline' THEN NULL ELSE retired_at END"""
_FORGET = """
    DELETE FROM devices WHERE device_id IN (
        SELECT device_id FROM devices d
        ORDER BY name IS NOT NULL DESC, EXISTS (SELECT 1 FROM defects WHERE device_id = d.device_id) DESC,
            role IS NOT NULL DESC, last_seen_at DESC
        LIMIT -1 OFFSET ?)"""
"""Names may be made up. Who has a name from people stays, then who found something, then who said what it is, then who
was seen last."""


class SqliteStore:
    """See `Store`. The pictures of glassline.db lie beside it in the folder glassline.db.images.

    Any number of processes may read and review; one bridge applies.
    """

    kind = "sqlite"
    longest_wait_s = 5.0

    def __init__(self, path: Path, *, busy_timeout_s: float = 2.0) -> None:
        self.counters: Counter[str] = Counter()
        self._db = Database(path, busy_timeout_s=busy_timeout_s)
        self._images = Images(path.with_name(path.name + ".images"))
        self._picture_lock = threading.Lock()
        """Held from a picture's writing to its commit, and from its row's end to its removal."""
        self._shard = 0

    def open(self) -> None:
        self._db.open()

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- what nodes say ----------------------------------------------------------------------------------------

    def apply(self, items: Sequence[Item]) -> list[Outcome]:
        pictures = [(item.event_id, item.sha256, item.jpeg) for item in items if isinstance(item, EvidenceItem)]
        with self._picture_lock:
            with self._db.faults():
                self._images.write(pictures)
            with self._db.writing() as db:
                batch = Batch(db, now=_now())
                outcomes = batch.run(items)
                unnamed = batch.unnamed()
            self.counters.update(batch.counts)
            self._remove(unnamed)
        return outcomes

    def tidy(self) -> None:
        counts: Counter[str] = Counter()
        with self._picture_lock:
            with self._db.writing() as db:
                expired = Orphans(db, now=_now(), counts=counts).expire()
                unnamed = [picture for picture in expired if not is_named(db, *picture)]
            self.counters.update(counts)
            self._remove(unnamed)
            self._sweep_one_folder()

    def prune(self, keep: Keep, *, limit: int = 200, dry_run: bool = False) -> Pruned:
        if dry_run:
            with self._db.reading() as db:
                return Retention(db, keep, _now()).preview()
        with self._picture_lock:
            with self._db.writing() as db:
                done, gone = Retention(db, keep, _now()).prune(limit)
                unnamed = [picture for picture in gone if not is_named(db, *picture)]
            self.counters.update({"images_pruned": done.pictures, "rows_pruned": done.rows})
            self._remove(unnamed)
        return done

    def remember(
        self,
        device_id: str,
        *,
        role: str | None = None,
        status: str | None = None,
        info: dict[str, Any] | None = None,
        seen: bool = True,
    ) -> None:
        values = {
            "id": device_id,
            "role": role,
            "status": status,
            "info": None if info is None else json.dumps(info),
            "now": to_rfc3339(_now()),
            "seen": seen,
        }
        with self._db.writing() as db:
            db.execute(_REMEMBER, values)
            if db.execute("SELECT count(*) FROM devices").fetchone()[0] > MAX_DEVICES:
                self.counters["devices_forgotten"] += db.execute(_FORGET, (MAX_DEVICES,)).rowcount

    def attend(self, heard: Sequence[Heard]) -> None:
        with self._db.writing() as db:
            keep_heard(db, heard)

    def _remove(self, pictures: Sequence[tuple[str, str]]) -> None:
        for event_id, sha256 in pictures:
            try:
                self._images.remove(event_id, sha256)
            except OSError as error:
                log.warning("a picture that is not needed any more stays for now: %s", error)

    def _sweep_one_folder(self) -> None:
        """Remove files that a crash left without a row, in one of the 256 folders a call."""
        self._shard = (self._shard + 1) % 256
        with self._db.reading() as db:
            for path, event_id, sha256 in self._images.old_files(self._shard):
                if not is_named(db, event_id, sha256):
                    path.unlink(missing_ok=True)

    # -- what people ask ---------------------------------------------------------------------------------------

    def defects(self, where: DefectFilter, *, cursor: str | None = None, limit: int = 50, skip: int = 0) -> paging.Page:
        wanted = paging.rows_for(limit)
        found, values = matching(where, after=None if cursor is None else paging.position_of(cursor))
        chosen = f"SELECT rowid{found}{_NEWEST_FIRST} LIMIT ? OFFSET ?"
        with self._db.reading() as db:
            rows = db.execute(
                f"{SELECT_DEFECTS} WHERE rowid IN ({chosen}){_NEWEST_FIRST}", (*values, wanted, skip)
            ).fetchall()
        return paging.page_of([defect_of(row) for row in rows], limit, text=to_rfc3339)

    def defect(self, event_id: str) -> Defect | None:
        with self._db.reading() as db:
            row = db.execute(SELECT_DEFECT, (event_id,)).fetchone()
        return None if row is None else defect_of(row)

    def evidence(self, event_id: str) -> bytes | None:
        for _ in range(2):  # a higher rev may replace the picture between the two looks
            defect = self.defect(event_id)
            if defect is None or not defect.image_stored or defect.image_sha256 is None:
                return None
            with self._db.faults(), suppress(FileNotFoundError):
                return self._images.read(event_id, defect.image_sha256)
        raise StoreError(f"the picture of {event_id} is gone from {self._images.folder}: put it back from a backup")

    def evidence_link(self, event_id: str, *, valid_s: float) -> str | None:
        defect = self.defect(event_id)
        if defect is None or not defect.image_stored or defect.image_sha256 is None:
            return None
        return self._images.path(event_id, defect.image_sha256).resolve().as_uri()

    def counts(self, where: DefectFilter) -> dict[str, int]:
        with self._db.reading() as db:
            return counts(db, where)

    def choices(self) -> Choices:
        with self._db.reading() as db:
            return choices(db)

    def tallies(self, where: DefectFilter, starts: Sequence[datetime]) -> list[Tally]:
        with self._db.reading() as db:
            return tallies(db, where, starts)

    def backlog(self, where: DefectFilter) -> Backlog:
        with self._db.reading() as db:
            return backlog(db, where)

    def presence(self, since: datetime, until: datetime) -> list[Heard]:
        with self._db.reading() as db:
            return heard(db, since, until)

    def devices(self) -> list[Device]:
        with self._db.reading() as db:
            rows = db.execute(SELECT_DEVICES + " ORDER BY device_id").fetchall()
        return [device_of(row) for row in rows]

    def dead_letters(self, *, limit: int = 100) -> list[DeadLetter]:
        with self._db.reading() as db:
            rows = db.execute(SELECT_DEAD_LETTERS + " ORDER BY last_at DESC, id DESC LIMIT ?", (limit,)).fetchall()
        return [dead_letter_of(row) for row in rows]

    def dead_letter(self, number: int) -> DeadLetter | None:
        with self._db.reading() as db:
            row = db.execute(SELECT_DEAD_LETTERS + " WHERE id = ?", (number,)).fetchone()
        return None if row is None else dead_letter_of(row)

    def forget_dead_letter(self, number: int) -> None:
        with self._db.writing() as db:
            db.execute("DELETE FROM dead_letters WHERE id = ?", (number,))

    def probe(self) -> None:
        probe(self._db, self._images.folder)

    def check(self) -> str | None:
        try:
            self.probe()
        except StoreError as error:
            return str(error)
        return None

    # -- what people do ----------------------------------------------------------------------------------------

    def review(
        self,
        event_id: str,
        *,
        status: Status,
        note: str | None,
        by: str,
        version: int,
        false_alarm: FalseAlarm | Literal[""] | None = None,
    ) -> Defect:
        said = Review(event_id=event_id, version=version, status=status, note=note, false_alarm=false_alarm)
        return self.review_many([said], by=by)[0].done()

    def review_many(self, reviews: Sequence[Review], *, by: str) -> list[Reviewed]:
        with self._db.writing() as db:
            return [write_review(db, said, by=by, now=_now()) for said in reviews]

    def reviews(self, event_id: str) -> list[ReviewStep]:
        with self._db.reading() as db:
            return history(db, event_id)

    def name_device(self, device_id: str, name: str | None) -> Device:
        return self._change_device(device_id, "name = ?", name or None)

    def retire(self, device_id: str) -> Device:
        return self._change_device(device_id, "retired_at = ?", to_rfc3339(_now()))

    def _change_device(self, device_id: str, change: str, value: str | None) -> Device:
        with self._db.writing() as db:
            db.execute(f"UPDATE devices SET {change} WHERE device_id = ?", (value, device_id))  # noqa: S608 - ours
            row = db.execute(SELECT_DEVICES + " WHERE device_id = ?", (device_id,)).fetchone()
        if row is None:
            raise KeyError(device_id)
        return device_of(row)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
