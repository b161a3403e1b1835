"""Applying one batch inside a transaction: higher revs only, pictures matched by digest, poison set aside.

For every order and repetition of what was sent the rows end the same: the highest rev wins, and its picture is stored
once it has come. A picture for a rev that is still to come waits as an orphan; one that a higher rev has replaced is
refused.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from glassline.contract import to_rfc3339
from glassline.contract.messages import Detection

from ..values import (
    DeadItem,
    DetectionItem,
    EvidenceItem,
    Item,
    Outcome,
    ReceiptImage,
    ReceiptRow,
    dead_of,
    event_id_of,
)
from .dead import DeadLetters
from .orphans import Orphans
from .rows import UPSERT_DEFECT, defect_values

Picture = tuple[str, str]
"""(event_id, sha256): what names a file."""

_FOREIGN = "this event_id belongs to another device"
_UNSTORABLE = (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeEncodeError)
_LOOK_UP = """
    SELECT event_id, device_id, rev, image_sha256, image_stored FROM defects
    WHERE event_id IN (SELECT value FROM json_each(?))"""
_IS_NAMED = """
    SELECT 1 FROM defects
    WHERE event_id = ?1 AND image_sha256 = ?2 AND image_stored = 1 AND image_removed_at IS NULL
    UNION ALL SELECT 1 FROM orphans WHERE event_id = ?1 AND sha256 = ?2"""


@dataclass(frozen=True)
class _Row:
    """What a batch must know of a stored defect."""

    device_id: str
    rev: int
    image_sha256: str | None
    image_stored: bool


class Batch:
    """One call of `run`; afterwards `counts` says what was written, and `unnamed` which files no row names now."""

    def __init__(self, db: sqlite3.Connection, *, now: datetime) -> None:
        self.counts: Counter[str] = Counter()
        self._db, self._now = db, now
        self._orphans = Orphans(db, now=now, counts=self.counts)
        self._dead = DeadLetters(db, now=now, counts=self.counts)
        self._rows: dict[str, _Row] = {}
        self._settled: dict[str, None] = {}
        self._refused: dict[Outcome, None] = {}
        self._dropped: set[Picture] = set()

    def run(self, items: Sequence[Item]) -> list[Outcome]:
        """Apply all items; the outcomes hold once the transaction is committed."""
        event_ids = json.dumps([event_id_of(item) for item in items])
        for event_id, device_id, rev, sha256, stored in self._db.execute(_LOOK_UP, (event_ids,)):
            self._rows[event_id] = _Row(device_id, rev, sha256, bool(stored))
        for item in items:
            self._apply(item)
        return [_settled(event_id, self._rows[event_id]) for event_id in self._settled] + list(self._refused)

    def unnamed(self) -> list[Picture]:
        """Pictures that lost their name in this batch, or came with it and got none."""
        return [picture for picture in self._dropped if not is_named(self._db, *picture)]

    def _apply(self, item: Item) -> None:
        """Apply one item, or make it a dead letter. In each step memory follows what is written."""
        self._db.execute("SAVEPOINT item")
        try:
            match item:
                case DetectionItem():
                    self._detection(item)
                case EvidenceItem():
                    self._evidence(item)
                case DeadItem():
                    self._dead.keep(item)
                    self._answer(item)
        except _UNSTORABLE as error:
            self._db.execute("ROLLBACK TO item")
            self._set_aside(item, f"{type(error).__name__}: {error}")
        self._db.execute("RELEASE item")

    def _detection(self, item: DetectionItem) -> None:
        new, old = item.detection, self._rows.get(item.detection.event_id)
        if old is not None and old.device_id != item.device_id:
            self._set_aside(item, _FOREIGN)
            return
        if old is None or old.rev < new.rev:
            self._write_row(item.device_id, new, old)
        self._settled[new.event_id] = None

    def _write_row(self, device_id: str, new: Detection, old: _Row | None) -> None:
        wanted = new.image.sha256 if new.image else None
        had = {old.image_sha256} if old is not None and old.image_stored else set()
        here = had | self._orphans.take(device_id, new.event_id, up_to_rev=new.rev, wanted=wanted)
        row = _Row(device_id, new.rev, wanted, wanted in here)
        values = defect_values(device_id, new, stored_at=to_rfc3339(self._now), image_stored=row.image_stored)
        self._db.execute(UPSERT_DEFECT, values)
        self._rows[new.event_id] = row
        self._dropped |= {(new.event_id, sha256) for sha256 in here if sha256 and sha256 != wanted}
        self.counts["rows"] += 1
        self.counts["images"] += row.image_stored and wanted not in had

    def _evidence(self, item: EvidenceItem) -> None:
        row = self._rows.get(item.event_id)
        if row is not None and row.device_id != item.device_id:
            self._set_aside(item, _FOREIGN)
        elif row is not None and row.image_sha256 == item.sha256:
            self._complete(item, row)
        elif row is None or item.rev > row.rev:
            self._dropped |= self._orphans.keep(item)
        else:
            self._misfit(item, row)

    def _complete(self, item: EvidenceItem, row: _Row) -> None:
        if not row.image_stored:
            self._db.execute("UPDATE defects SET image_stored = 1 WHERE event_id = ?", (item.event_id,))
            self._rows[item.event_id] = replace(row, image_stored=True)
            self.counts["images"] += 1
        self._dropped.add((item.event_id, item.sha256))  # it may have been kept long enough
        self._settled[item.event_id] = None

    def _misfit(self, item: EvidenceItem, row: _Row) -> None:
        """A picture that the row does not name: an old one that comes late, or a wrong one."""
        self._dropped.add((item.event_id, item.sha256))
        if row.image_stored:
            self._settled[item.event_id] = None
        elif item.rev < row.rev:
            self._refuse(item, "stored", "rejected", f"rev {row.rev} has replaced this picture of rev {item.rev}")
        else:
            names = f"a picture with SHA-256 {row.image_sha256}" if row.image_sha256 else "no picture"
            self._set_aside(item, f"rev {row.rev} names {names}, got one with {item.sha256}")

    def _set_aside(self, item: Item, error: str) -> None:
        """Make an item that cannot be stored a dead letter."""
        if isinstance(item, EvidenceItem):
            self._dropped.add((item.event_id, item.sha256))
        dead = dead_of(item, error)
        self._dead.keep(dead, readable=isinstance(item, DetectionItem))
        self._answer(dead)

    def _answer(self, item: DeadItem) -> None:
        """Reject what was sent, as far as that can be said.

        A refused picture says nothing of its detection: while that has not come, the node must not be told to forget
        anything. It sends the picture again when it hears that it is missing.
        """
        if item.event_id is None:
            return
        row = self._rows.get(item.event_id)
        if row is not None and row.device_id != item.device_id:
            self._refuse(item, "rejected", "rejected", item.error)
        elif row is not None and row.rev >= item.rev:
            if item.kind == "evidence" and not row.image_stored:
                self._refuse(item, "stored", "rejected", item.error)
            else:
                self._settled[item.event_id] = None
        elif item.kind != "evidence":
            self._refuse(item, "rejected", "none", item.error)

    def _refuse(self, item: EvidenceItem | DeadItem, row: ReceiptRow, image: ReceiptImage, error: str) -> None:
        outcome = Outcome(
            device_id=item.device_id, event_id=item.event_id or "", rev=item.rev, row=row, image=image, error=error
        )
        self._refused[outcome] = None


def is_named(db: sqlite3.Connection, event_id: str, sha256: str) -> bool:
    """Whether a row or an orphan names this picture."""
    return db.execute(_IS_NAMED, (event_id, sha256)).fetchone() is not None


def _settled(event_id: str, row: _Row) -> Outcome:
    image: ReceiptImage = "none" if row.image_sha256 is None else "stored" if row.image_stored else "missing"
    return Outcome(device_id=row.device_id, event_id=event_id, rev=row.rev, row="stored", image=image)
