"""The one interface of every store, and the values that cross it.

A store is told whole states. `apply` commits a batch at once and says for each item what became of it, so that a
receipt is only ever sent for what is on the disk. A higher `rev` replaces what the node said before; what people wrote
(status, note, who, when) is never touched by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from glassline.contract.messages import Detection
from glassline.contract.values import Box

Status = Literal["pending", "reviewed", "resolved"]
STATUSES: tuple[Status, ...] = ("pending", "reviewed", "resolved")
ReceiptRow = Literal["stored", "rejected"]
ReceiptImage = Literal["stored", "missing", "rejected", "none"]


class StoreError(Exception):
    """The store could not do it: nothing was committed, trying again later may help. The text says what to do."""


class ReviewConflictError(StoreError):
    """Somebody else reviewed this defect in between. `current` is what stands there now."""

    def __init__(self, current: "Defect") -> None:
        super().__init__(f"{current.reviewed_by or 'somebody'} changed this defect to {current.status}: look again")
        self.current = current


@dataclass(frozen=True, kw_only=True)
class DetectionItem:
    """A detection as it came from `device_id`, to be stored."""

    device_id: str
    detection: Detection


@dataclass(frozen=True, kw_only=True)
class EvidenceItem:
    """A checked JPEG as it came from `device_id`, to be stored for `event_id`."""

    device_id: str
    event_id: str
    rev: int
    jpeg: bytes
    sha256: str


@dataclass(frozen=True, kw_only=True)
class DeadItem:
    """Something that can never be stored: kept with the reason so that a person may look."""

    device_id: str
    kind: str
    payload: bytes
    error: str
    event_id: str | None = None
    rev: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one item: the content of its receipt. Dead items without an event id have none."""

    device_id: str
    event_id: str
    rev: int
    row: ReceiptRow
    image: ReceiptImage
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A stored detection and what people said of it. `version` grows with every review, for optimistic concurrency."""

    event_id: str
    device_id: str
    rev: int
    phase: str
    label: str
    score: float
    boxes: list[Box]
    detected_at: datetime
    last_seen_at: datetime
    frame_at: datetime
    confirmed_at: datetime
    stored_at: datetime
    frames_confirmed: int
    model: str
    clock: str
    image_sha256: str | None
    image_stored: bool
    image_wh: tuple[int, int] | None
    status: Status
    note: str
    reviewed_by: str | None
    reviewed_at: datetime | None
    version: int


@dataclass(frozen=True, kw_only=True)
class DefectFilter:
    """Which defects: fields left None do not restrict. Times are half-open: since <= detected_at < until."""

    device_id: str | None = None
    label: str | None = None
    status: Status | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Defects, newest first, and the cursor of the next page (None at the end)."""

    defects: list[Defect]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class Device:
    """A program that was ever seen: brokers forget retained topics, the store does not."""

    device_id: str
    role: str | None
    status: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    info: dict[str, Any] = field(default_factory=dict)


class Store(Protocol):
    """Where defects live. Every method may be called from any thread; all may raise StoreError."""

    def open(self) -> None:
        """Open (and for an embedded store create and migrate) the store."""

    def close(self) -> None:
        """Release everything."""

    def apply(self, items: Sequence[DetectionItem | EvidenceItem | DeadItem]) -> list[Outcome]:
        """Commit all items in one transaction, images on the disk before their row says so; outcomes in order.

        An item that can never succeed becomes a dead letter and `rejected`; it does not stop its neighbours.
        StoreError: nothing of the batch was committed.
        """

    def defects(self, where: DefectFilter, *, cursor: str | None = None, limit: int = 50) -> Page:
        """One page of defects, newest first by (detected_at, event_id)."""

    def defect(self, event_id: str) -> Defect | None:
        """One defect."""

    def evidence(self, event_id: str) -> bytes | None:
        """The stored JPEG of a defect, as it left the node."""

    def review(self, event_id: str, *, status: Status, note: str | None, by: str, version: int) -> Defect:
        """Set status, and note unless None. ReviewConflictError if `version` is not the stored one; KeyError if unknown."""

    def counts(self, where: DefectFilter) -> dict[str, int]:
        """Number of defects by status."""

    def remember(
        self, device_id: str, *, role: str | None = None, status: str | None = None, info: dict[str, Any] | None = None
    ) -> None:
        """Note that a program was seen now; values left None keep what is stored."""

    def devices(self) -> list[Device]:
        """Every program ever seen, by id."""

    def check(self) -> str | None:
        """None when the store can be read and written, else one sentence that says what is wrong."""
