"""What came from the broker and waits for the store: bounded in bytes, oldest first."""

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass

from glassline.contract.topics import Address, Kind

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

    A batch counts against `cap_bytes` until it is `done`. When full, what comes is dropped: nodes send it again.
    """

    def __init__(self, *, cap_bytes: int) -> None:
        self.counters: Counter[str] = Counter()
        self._cap_bytes, self._used_bytes = cap_bytes, 0
        self._waiting: deque[Arrival] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def on_finding(self, address: Address, payload: bytes, retained: bool) -> None:
        """Handler for `detection` and `evidence`; a retained one is nobody's and is ignored."""
        if retained:
            self.counters["retained_ignored"] += 1
        else:
            self.put(Arrival(address.id, address.kind, payload))

    def put(self, arrival: Arrival) -> bool:
        """Add a message; False, and counted, if there is no room."""
        with self._changed:
            if self._closed or self._used_bytes + arrival.cost_bytes > self._cap_bytes:
                self.counters["dropped"] += 1
                return False
            self._used_bytes += arrival.cost_bytes
            self._waiting.append(arrival)
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
            self._used_bytes -= sum(arrival.cost_bytes for arrival in batch)

    def close(self) -> None:
        """Take in nothing more; what waits can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _move(self, batch: list[Arrival], max_items: int) -> bool:
        """Move what waits into `batch`; whether there was something, and may be more room."""
        room_bytes = BATCH_BYTES - sum(arrival.cost_bytes for arrival in batch)
        with self._changed:
            before = len(batch)
            while self._waiting and len(batch) < max_items:
                if batch and self._waiting[0].cost_bytes > room_bytes:
                    return False
                room_bytes -= self._waiting[0].cost_bytes
                batch.append(self._waiting.popleft())
            return before < len(batch) < max_items
