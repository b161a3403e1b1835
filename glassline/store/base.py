"""The one interface of every store.

A store is told whole states. `apply` commits a batch at once and says what became of it, so that a receipt is only ever
sent for what is on the disk. A higher `rev` replaces what the node said before; what people wrote (status, note, false
alarm, who, when) is never touched by it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from .figures import Backlog, Heard, Tally
from .paging import Page
from .values import (
    Choices,
    DeadLetter,
    Defect,
    DefectFilter,
    Device,
    FalseAlarm,
    Item,
    Keep,
    Outcome,
    Pruned,
    Review,
    Reviewed,
    ReviewStep,
    Status,
)


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

    def defects(self, where: DefectFilter, *, cursor: str | None = None, limit: int = 50, skip: int = 0) -> Page:
        """One page of defects, newest first by (detected_at, event_id). ValueError for a cursor that is none.

        `skip` leaves out so many first: who scrolls far does not read what lies between.
        """

    def defect(self, event_id: str) -> Defect | None:
        """One defect."""

    def evidence(self, event_id: str) -> bytes | None:
        """The stored JPEG of a defect, as it left the node; None while there is none."""

    def evidence_link(self, event_id: str, *, valid_s: float) -> str | None:
        """An address of the picture to look at; None while there is none.

        In a project it opens for anybody who has it, for `valid_s`; of an embedded store it is the file's, for ever.
        """

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
        """Set status, and note and false alarm unless None.

        KeyError if the defect is unknown; ReviewConflictError if `version` is not the stored one.
        """

    def review_many(self, reviews: Sequence[Review], *, by: str) -> list[Reviewed]:
        """Write all in one transaction, in their order; what became of each. One that cannot be stops no other."""

    def reviews(self, event_id: str) -> list[ReviewStep]:
        """What people did with a defect, oldest first."""

    def counts(self, where: DefectFilter) -> dict[str, int]:
        """Number of defects by status, every status named."""

    def choices(self) -> Choices:
        """What there is to filter by; fast however many defects there are. At most a thousand of each."""

    def tallies(self, where: DefectFilter, starts: Sequence[datetime]) -> list[Tally]:
        """Numbers of defects by device and label, from each of `starts` to the next; what is 0 is left out."""

    def backlog(self, where: DefectFilter) -> Backlog:
        """What waits for a review."""

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

        `seen` False: it did not say so now, as with a retained message; `last_seen_at` stays. A retired one that says
        something now other than `offline` is not retired any more. At most 1000 programs are remembered: of more, those
        go that people gave no name, found nothing, said nothing of themselves, or were not seen for longest.
        """

    def attend(self, heard: Sequence[Heard]) -> None:
        """Note when devices were heard, one write for all. What goes on within 15 s of where it ended is one.

        The newest 100,000 are kept, and none for longer than rows (see `prune`).
        """

    def presence(self, since: datetime, until: datetime) -> list[Heard]:
        """What was noted of a time, in no order; those who were heard at its begin or end are told whole."""

    def devices(self) -> list[Device]:
        """Every program ever seen, by id, the retired ones too."""

    def name_device(self, device_id: str, name: str | None) -> Device:
        """Give a device the name that people call it by; None takes it away. KeyError if it was never seen."""

    def retire(self, device_id: str) -> Device:
        """Note that a device is in use no longer: see `remember` for how it comes back. KeyError if never seen."""

    def dead_letters(self, *, limit: int = 100) -> list[DeadLetter]:
        """The newest of what can never be stored, newest first."""

    def dead_letter(self, number: int) -> DeadLetter | None:
        """One of them."""

    def forget_dead_letter(self, number: int) -> None:
        """Remove it: somebody dealt with it. One that is not there is no error."""

    def probe(self) -> None:
        """Write a marked defect and a picture, read the row back, and remove both; StoreError says why it cannot be.

        No reader and no count ever sees them, and nothing of the row is left, whenever this is killed.
        """

    def check(self) -> str | None:
        """None when the store can be read and written, else one sentence that says what is wrong and what to do."""
