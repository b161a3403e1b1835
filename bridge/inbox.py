"""What came from the broker and waits for the store: bounded in bytes, and fair between devices."""

import threading
import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass

from glassline.contract.topics import Address, Kind
from glassline.program import Tally

ITEM_COST_BYTES = 2_000
"""What a message costs in memory beside its payload."""

BATCH_BYTES = 8_000_000
LULL_S = 0.003
"""Nothing for so long: the batch is complete."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it came from `device_id`, not yet decoded."""

    device_id: str
    kind: Kind
    payload: bytes

    @property
    def cost_bytes(self) -> int:
        return len(self.payload) + ITEM_COST_BYTES


class Inbox:
    """Filled by the network thread, emptied in batches by the writer.

    A batch counts against `cap_bytes` until it is `done`. What does not fit is dropped: nodes send it again.

    Nobody can take the others' room or turn. A device may hold as much as is left free beside it (dynamic thresholds,
    Choudhury and Hahne 1998): one alone half of all, and there is always a rest for the next. Batches take one message
    of each device in turn.
    """

    def __init__(self, *, cap_bytes: int, tally: Tally) -> None:
        self.dropped = 0
        self._tally = tally
        self._free_bytes = cap_bytes
        self._held_bytes: Counter[str] = Counter()
        """By device, batches in hand included."""
        self._waiting: OrderedDict[str, deque[Arrival]] = OrderedDict()
        self._closed = False
        self._changed = threading.Condition()

    def on_finding(self, address: Address, payload: bytes, retained: bool) -> None:
        """Handler for `detection` and `evidence`; a retained one is nobody's and is ignored."""
        if retained:
            sentence = f"a retained {address.kind} of {address.id} is ignored"
            self._tally.note("retained_ignored", sentence, who=address.id)
        else:
            self.put(Arrival(address.id, address.kind, payload))

    def put(self, arrival: Arrival) -> bool:
        """Add a message; False, and counted, if there is no room for it."""
        id, cost_bytes = arrival.device_id, arrival.cost_bytes
        with self._changed:
            if self._closed or self._held_bytes[id] + cost_bytes > self._free_bytes:
                self._drop(id)
                return False
            self._hold(id, cost_bytes)
            self._waiting.setdefault(id, deque()).append(arrival)
            if len(self._waiting) == 1:
                self._changed.notify()
            return True

    def take(self, *, window_s: float, max_items: int, timeout_s: float) -> list[Arrival]:
        """The next batch: all that waits, and what follows without a lull, for at most `window_s`.

        Empty if nothing came for `timeout_s`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout_s)
        batch: list[Arrival] = []
        until = time.monotonic() + window_s
        while self._move(batch, max_items) and not self._closed and (left_s := until - time.monotonic()) > 0:
            time.sleep(min(LULL_S, left_s))
        return batch

    def done(self, batch: list[Arrival]) -> None:
        """The memory of `batch` is free again."""
        with self._changed:
            for arrival in batch:
                self._hold(arrival.device_id, -arrival.cost_bytes)

    def close(self) -> None:
        """Take in nothing more; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _hold(self, id: str, cost_bytes: int) -> None:
        self._free_bytes -= cost_bytes
        self._held_bytes[id] += cost_bytes
        if not self._held_bytes[id]:
            del self._held_bytes[id]

    def _drop(self, id: str) -> None:
        self.dropped += 1
        self._tally.note("inbox_full", f"no room for what {id} sends: dropped, nodes send it again", who=id)

    def _move(self, batch: list[Arrival], max_items: int) -> bool:
        """Move what waits into `batch`; whether there was something, and may be more room."""
        room_bytes = BATCH_BYTES - sum(arrival.cost_bytes for arrival in batch)
        with self._changed:
            before = len(batch)
            while self._waiting and len(batch) < max_items:
                id, queue = next(iter(self._waiting.items()))
                if batch and queue[0].cost_bytes > room_bytes:
                    return False
                room_bytes -= queue[0].cost_bytes
                batch.append(queue.popleft())
                self._waiting.move_to_end(id)
                if not queue:
                    del self._waiting[id]
            return before < len(batch) < max_items
