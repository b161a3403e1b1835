"""The values that cross a store's interface, and its errors.

Errors: StoreError, and below it RefusedError and ReviewConflictError. What was asked wrongly is a ValueError or
KeyError.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, get_args

from glassline.contract import Reason
from glassline.contract.messages import Detection
from glassline.contract.values import Box

Status = Literal["pending", "reviewed", "resolved"]
STATUSES: tuple[Status, ...] = ("pending", "reviewed", "resolved")
FalseAlarm = Literal["reflection", "dirt", "water", "edge", "duplicate", "other"]
FALSE_ALARMS: tuple[FalseAlarm, ...] = get_args(FalseAlarm)
"""Why something that was found was no defect, as people say it; `duplicate`: a defect that was found already."""

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


class SignInLimitError(StoreError):
    """The store takes no more passwords for now, for too many came. `wait_s` until it does; None: it did not say."""

    def __init__(self, sentence: str, wait_s: float | None) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


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
    false_alarm: FalseAlarm | None = None
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
    false_alarm: FalseAlarm | None = None


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a person says of a defect; `version` is the one that was looked at.

    A `note` or `false_alarm` left None stays; an empty one takes it away.
    """

    event_id: str
    version: int
    status: Status
    note: str | None = None
    false_alarm: FalseAlarm | Literal[""] | None = None

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"expected a status of {', '.join(STATUSES)}, got {self.status!r}")
        if self.false_alarm and self.false_alarm not in FALSE_ALARMS:
            raise ValueError(f"expected a false alarm of {', '.join(FALSE_ALARMS)}, got {self.false_alarm!r}")


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What became of a review: `done`; `conflict`, somebody else was faster; `unknown`, there is no such defect.

    `defect` is what stands there now.
    """

    event_id: str
    outcome: Literal["done", "conflict", "unknown"]
    defect: Defect | None

    def done(self) -> Defect:
        """The defect as it was reviewed; KeyError or ReviewConflictError if it was not."""
        if self.defect is None:
            raise KeyError(self.event_id)
        if self.outcome == "conflict":
            raise ReviewConflictError(self.defect)
        return self.defect


@dataclass(frozen=True, kw_only=True)
class DefectFilter:
    """Which defects: fields left None or empty do not restrict. Times are half-open: since <= detected_at < until.

    `text` is somewhere in the note, whatever the case of its ASCII letters; `false_alarm` is whether a person called
    it one.
    """

    device_ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    score_min: float | None = None
    text: str = ""
    false_alarm: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What there is to filter by: every device that found something, and every label, in order."""

    device_ids: list[str]
    labels: list[str]


@dataclass(frozen=True, kw_only=True)
class Device:
    """A program that was ever seen: brokers forget retained topics, the store does not."""

    device_id: str
    role: str | None
    status: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    info: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    """What people call it."""
    retired_at: datetime | None = None
    """When a person retired it; None while it is in use, and again once it has spoken since."""


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
