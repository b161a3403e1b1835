"""The one thread that talks to the store: takes a batch, commits it, and only then has it receipted.

A store that fails is asked again, with a jittered back-off, for as long as it takes: the batch in hand is kept, nothing
is receipted, and what does not fit into the inbox meanwhile is sent again by the nodes. It is asked for half as much
each time, since it may have failed for want of time, and for more again once it can.
"""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TypeVar

from glassline.contract import Reason
from glassline.program import Tally
from glassline.store import DeadItem, Item, Keep, Outcome, RefusedError, Store, StoreError, dead_of

from .attendance import Attendance
from .decode import item_of
from .inbox import Inbox
from .presence import Presence

log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.1
TIDY_EVERY_S = 10.0
ATTEND_EVERY_S = 60.0
IDLE_S = 0.25
KEEP_ALL = Keep()
PAUSE_S = 1.0
NOTES_A_ROUND = 8
"""Devices are remembered one by one between batches, so that detections do not wait for a crowd that reconnects."""

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """What the store said when it last failed, and since when (Unix seconds) it fails."""

    code: Reason
    sentence: str
    since_s: float


class Writer:
    """`tell` is called with the outcomes of each commit, on the writer's thread; `on_alive` whenever the store has done
    something or has said that it cannot."""

    def __init__(
        self,
        *,
        store: Store,
        inbox: Inbox,
        presence: Presence,
        attendance: Attendance,
        tell: Callable[[Sequence[Outcome]], None],
        on_alive: Callable[[], None],
        keep: Keep = KEEP_ALL,
        batch_ms: int,
        batch_items: int,
        tally: Tally,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._tally = tally
        self.fault: Fault | None = None
        self.last_commit_s: float | None = None
        """When the store last did something for us, monotonic seconds."""
        self._store, self._inbox, self._presence, self._tell = store, inbox, presence, tell
        self._attendance = attendance
        self._on_alive = on_alive
        self._keep = keep
        self._window_s, self._batch_items = batch_ms / 1000, batch_items
        self._at_once = batch_items
        """How many items the store is given now."""
        self._tidied_s = self._attended_s = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Commit and receipt what has come in, as far as that goes in `timeout_s`."""
        self._inbox.close()
        self._stopping.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.warning("the store still hangs: what it has not committed was not receipted, and nodes send it again")

    def _run(self) -> None:
        opened = False
        while True:
            last = self._stopping.is_set()
            try:
                opened = opened or self._insist(self._open) is True
                busy = self._one_batch()
                self._remember()
                self._attend(last=last and not busy)
                self._tidy()
                self._on_alive()
            except Exception as error:  # noqa: BLE001 - counted and logged by the tally
                self._tally.note("failed", "a batch was given up, nodes send it again", error=error)
                busy = not self._stopping.wait(PAUSE_S)
            if last and not busy:
                break
        self._store.close()

    def _open(self) -> bool:
        self._store.open()
        return True

    def _one_batch(self) -> bool:
        batch = self._inbox.take(window_s=self._window_s, max_items=self._batch_items, timeout_s=IDLE_S)
        try:
            items = [item_of(arrival, self._tally) for arrival in batch]
            self.counters["undecodable"] += sum(isinstance(item, DeadItem) for item in items)
            while items:
                outcomes, count = self._insist(partial(self._begin, items)) or ([], len(items))
                self._tell(outcomes)
                items = items[count:]
        finally:
            self._inbox.done(batch)
        return bool(batch)

    def _begin(self, items: Sequence[Item]) -> tuple[list[Outcome], int]:
        """Have as many of the first items applied as the store may be given at once, and say how many these are."""
        first = items[: self._at_once]
        try:
            outcomes = self._apply(first)
        except StoreError:
            self._at_once = max(1, len(first) // 2)
            raise
        self._at_once = min(2 * self._at_once, self._batch_items)
        return outcomes, len(first)

    def _apply(self, items: Sequence[Item]) -> list[Outcome]:
        """Have the store apply `items`; one that breaks it, which should not be, is found and set aside."""
        try:
            return self._store.apply(items)
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, RefusedError):
                raise
            if len(items) > 1:
                self._tally.note(
                    "stumbled", "the store stumbled over a batch: trying its items one by one", error=error
                )
                return [outcome for item in items for outcome in self._apply([item])]
            return self._store.apply([dead_of(items[0], f"{type(error).__name__}: {error}")])

    def _remember(self) -> None:
        for _ in range(NOTES_A_ROUND):
            if (taken := self._presence.take()) is None:
                return
            device_id, note = taken
            if not self._try(partial(self._store.remember, device_id, **asdict(note))):
                self._presence.put_back(device_id, note)
                return

    def _attend(self, *, last: bool) -> None:
        """One write a minute for all devices."""
        if not last and time.monotonic() - self._attended_s < ATTEND_EVERY_S:
            return
        self._attended_s = time.monotonic()
        heard = self._attendance.take()
        if heard and not self._try(partial(self._store.attend, heard)):
            self._attendance.put_back(heard)

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied_s > TIDY_EVERY_S:
            self._tidied_s = time.monotonic()
            if self._try(self._store.tidy) and self._keep != KEEP_ALL:
                self._try(partial(self._store.prune, self._keep))

    def _try(self, action: Callable[[], object]) -> bool:
        """Do what may wait, once: it must never hold up what nodes find. Whether it was done.

        The store is at fault only if it says so itself.
        """
        try:
            action()
        except StoreError as error:
            if self._store.check() is None:
                self._tally.note("housekeeping", f"not done now: {error}")
            else:
                self._failed(error)
            return False
        self._worked()
        return True

    def _insist(self, action: Callable[[], T]) -> T | None:
        """Do it until the store can; None if we are to end before that."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                result = action()
            except StoreError as error:
                self._failed(error)
                self._on_alive()
                if self._stopping.wait(wait_s * random.uniform(0.7, 1.3)):
                    return None
                wait_s = min(2 * wait_s, self._store.longest_wait_s)
            else:
                self._worked()
                return result

    def _failed(self, error: StoreError) -> None:
        before = self.fault
        self.fault = Fault(error.code, str(error), before.since_s if before else time.time())
        self.counters["store_failures"] += 1
        if before is None or before.sentence != self.fault.sentence:
            log.error("%s. Nothing is receipted until then: nodes keep it and send it again [%s]", error, error.code)

    def _worked(self) -> None:
        if self.fault is not None:
            log.warning("the store works again, after %.0f s", time.time() - self.fault.since_s)
        self.fault, self.last_commit_s = None, time.monotonic()
