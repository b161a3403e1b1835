"""The one interface of every store, and the values that cross it.

A store is told whole states. `apply` commits a batch at once and says what became of it, so that a receipt is only ever
sent for what is on the disk. A higher `rev` replaces what the node said before; what people wrote (status, note, who,
when) is never touched by it.

Errors: StoreError, and below it RefusedError and ReviewConflictError. What was asked wrongly is a ValueError or
KeyError.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from glassline.contract import Reason
from glassline.contract.messages import Detection
from glassline.contract.values import Box

Status = Literal["pending", "reviewed", "resolved"]
STATUSES: tuple[Status, ...] = ("pending", "reviewed", "resolved")
MAX_PAGE = 500
MAX_DEAD_PAYLOAD_BYTES = 65_536
"""What is kept of a dead letter that cannot be read."""

ReceiptRow = Literal["stored", "rejected"]
ReceiptImage = Literal["stored", "missing", "rejected", "none"]


class StoreError(Exception):
    """The store could not do it: nothing was committed, trying again later may help. The text says what to do."""

    def __init__(self, sentence: str, code: Reason = Reason.STORE_DOWN) -> None:
        super().__init__(sentence)
        self.code = code


class RefusedError(StoreError):
    """What was sent is refused for good, and sending it again cannot help. Of a batch nothing was committed."""


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


Item = DetectionItem | EvidenceItem | DeadItem


def event_id_of(item: Item) -> str | None:
    """The event that an item is about, where it can be told."""
    return item.detection.event_id if isinstance(item, DetectionItem) else item.event_id


def dead_of(item: Item, error: str) -> DeadItem:
    """`item` as a dead letter, since it can be decoded but not stored."""
    match item:
        case DetectionItem(device_id=device_id, detection=detection):
            payload, kind, rev = detection.to_json(), "detection", detection.rev
        case EvidenceItem(device_id=device_id, rev=rev, jpeg=payload):
            kind = "evidence"
        case DeadItem():
            return replace(item, error=error)
    return DeadItem(device_id=device_id, kind=kind, payload=payload, error=error, event_id=event_id_of(item), rev=rev)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a receipt says of an event: `rev` and `image` are those of its row after the commit.

    `rejected` is about what was sent instead, at the rev that was sent; `error` says why.
    """

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
    model_sha256: str | None = None
    image_size_bytes: int | None = None
    image_removed_at: datetime | None = None
    """When its picture had been kept for as long as wished; `image_stored` is False from then on."""


@dataclass(frozen=True, kw_only=True)
class ReviewStep:
    """One review in the history of a defect; `version` is the one it made."""

    event_id: str
    at: datetime
    by: str
    from_status: Status
    to_status: Status
    note: str
    version: int


@dataclass(frozen=True, kw_only=True)
class DefectFilter:
    """Which defects: fields left None do not restrict. Times are half-open: since <= detected_at < until.

    `text` is somewhere in the note, whatever the case of its ASCII letters.
    """

    device_id: str | None = None
    label: str | None = None
    status: Status | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


def escape_like(text: str) -> str:
    r"""`text` as a pattern of SQL's LIKE that matches it alone; `\` escapes."""
    return re.sub(r"([\\%_])", r"\\\1", text)


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


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A kept `DeadItem`; `number` names it. Of a long payload only the beginning is kept."""

    number: int
    device_id: str
    kind: str
    event_id: str | None
    rev: int
    error: str
    payload: bytes
    size_bytes: int
    first_at: datetime
    last_at: datetime
    times: int

    @property
    def whole(self) -> bool:
        """Whether all of what was sent is kept."""
        return len(self.payload) == self.size_bytes


@dataclass(frozen=True, kw_only=True)
class Keep:
    """How long things are kept, by their `detected_at`; None: for ever."""

    evidence_days: float | None = None
    evidence_gb: float | None = None
    """Of all pictures together: the oldest make room."""
    rows_days: float | None = None
    """Reviews go with their row, and its picture."""


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What went, or would go."""

    pictures: int
    picture_bytes: int
    rows: int


class Store(Protocol):
    """Where defects live. Every method may be called from any thread; all may raise StoreError."""

    kind: str
    """What it is, in a word: `sqlite`."""

    longest_wait_s: float
    """How long to wait at most before a store that failed is asked again: one that others share is spared."""

    @property
    def counters(self) -> Mapping[str, int]:
        """What was committed since the object was made: `rows` (a new event or a higher rev), `images`, `orphans`,
        `orphans_dropped` (over the quota, or waited too long), `dead_letters`, `dead_letters_dropped` (over quota),
        `devices_forgotten` (too many, see `remember`), `images_pruned`, `rows_pruned` (see `prune`).
        """

    def open(self) -> None:
        """Open (and for an embedded store create and migrate) the store. After a StoreError it may be tried again."""

    def close(self) -> None:
        """Release everything."""

    def __enter__(self) -> Self:
        """Open."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""

    def apply(self, items: Sequence[Item]) -> list[Outcome]:
        """Commit all items in one transaction, images on the disk before their row says so; return what to receipt.

        Items may come in any order and any number of times: the result is that of the highest rev and its picture.
        Outcomes speak of the state after the commit and say the same only once. Evidence without its detection waits
        as an orphan and has none, so that the node sends it again.

        An item that can never succeed becomes a dead letter and `rejected`; it does not stop its neighbours.
        StoreError: nothing of the batch was committed.
        """

    def tidy(self) -> None:
        """Forget orphans that waited too long, and files that nothing names. Call every few seconds."""

    def prune(self, keep: Keep, *, limit: int = 200, dry_run: bool = False) -> Pruned:
        """Remove what was kept for long enough, oldest first: at most `limit` pictures and as many rows a call.

        With `dry_run` nothing is removed, and all that would be is counted.
        """

    def defects(self, where: DefectFilter, *, cursor: str | None = None, limit: int = 50) -> Page:
        """One page of defects, newest first by (detected_at, event_id). ValueError for a cursor that is none."""

    def defect(self, event_id: str) -> Defect | None:
        """One defect."""

    def evidence(self, event_id: str) -> bytes | None:
        """The stored JPEG of a defect, as it left the node; None while there is none."""

    def review(self, event_id: str, *, status: Status, note: str | None, by: str, version: int) -> Defect:
        """Set status, and note unless None.

        KeyError if the defect is unknown; ReviewConflictError if `version` is not the stored one.
        """

    def reviews(self, event_id: str) -> list[ReviewStep]:
        """What people did with a defect, oldest first."""

    def counts(self, where: DefectFilter) -> dict[str, int]:
        """Number of defects by status, every status named."""

    def remember(
        self,
        device_id: str,
        *,
        role: str | None = None,
        status: str | None = None,
        info: dict[str, Any] | None = None,
        seen: bool = True,
    ) -> None:
        """Note what is known of a program; values left None keep what is stored.

        `seen` False: it did not say so now, as with a retained message; `last_seen_at` stays. At most 1000 programs are
        remembered: of more, those go that found nothing, said nothing of themselves, or were not seen for longest.
        """

    def devices(self) -> list[Device]:
        """Every program ever seen, by id."""

    def dead_letters(self, *, limit: int = 100) -> list[DeadLetter]:
        """The newest of what can never be stored, newest first."""

    def dead_letter(self, number: int) -> DeadLetter | None:
        """One of them."""

    def forget_dead_letter(self, number: int) -> None:
        """Remove it: somebody dealt with it. One that is not there is no error."""

    def check(self) -> str | None:
        """None when the store can be read and written, else one sentence that says what is wrong and what to do."""
