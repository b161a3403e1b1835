"""How long detections wait for their receipt."""

import threading
import time
from collections.abc import Callable

from glassline.contract.messages import Receipt, decode
from glassline.contract.topics import Address

MOST = 10_000
"""Detections that are timed at once: those that were given up never end."""


class ReceiptTimes:
    """Stands before the sender and reads along."""

    def __init__(self, *, passed_on_to: Callable[[Address, bytes, bool], None]) -> None:
        self.receipts = 0
        self._pass_on = passed_on_to
        self._since: dict[str, tuple[int, float]] = {}
        self._took_ms: list[float] = []
        self._lock = threading.Lock()

    def begin(self, event_id: str, rev: int) -> None:
        """It goes into the outbox now."""
        with self._lock:
            if len(self._since) < MOST:
                self._since[event_id] = rev, time.monotonic()

    def on_receipt(self, address: Address, payload: bytes, retained: bool) -> None:
        """Take a receipt from the network thread."""
        self._pass_on(address, payload, retained)
        receipt = decode(Receipt, payload)
        with self._lock:
            self.receipts += 1
            rev, since_s = self._since.get(receipt.event_id, (0, 0.0))
            if since_s and receipt.rev >= rev and receipt.image != "missing":
                del self._since[receipt.event_id]
                self._took_ms.append((time.monotonic() - since_s) * 1000)

    def take(self) -> list[float]:
        """From the outbox to the receipt that settles it, of those settled since the last call."""
        with self._lock:
            took_ms, self._took_ms = self._took_ms, []
        return took_ms
