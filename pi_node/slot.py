"""A box for one item, newest wins, between stages that must not wait for each other; what is replaced is counted."""

import threading
import time
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """One producer or many, one consumer."""

    def __init__(self) -> None:
        self.skipped = 0
        self.filled_since_s: float | None = None
        """Since when something has waited here, be it replaced by newer ones (monotonic); None: nothing waits."""
        self._item: T | None = None
        self._filled = threading.Condition()

    def put(self, item: T) -> None:
        """Replace what is there; never blocks."""
        with self._filled:
            if self._item is not None:
                self.skipped += 1
            else:
                self.filled_since_s = time.monotonic()
            self._item = item
            self._filled.notify()

    def take(self, timeout_s: float) -> T | None:
        """The newest item, waiting for one up to `timeout_s`; None if none came."""
        with self._filled:
            if self._item is None:
                self._filled.wait(timeout_s)
            item, self._item, self.filled_since_s = self._item, None, None
            return item
