"""Detections that were seen on the wire and that no receipt confirmed yet: in memory, bounded."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from glassline.contract.messages import Detection, Receipt

MAX_UNCONFIRMED = 500
MAX_UNCONFIRMED_BYTES = 2_000_000
"""As JSON; a usual one has 700 bytes, one full of outlines 200 kB, and takes many times that once it is read."""


@dataclass(frozen=True)
class Find:
    """A detection that is not known to be stored; `error`: the bridge refused it for good."""

    device_id: str
    detection: Detection
    size_bytes: int
    error: str | None = None


class Unconfirmed:
    """What the page marks as not stored yet. The oldest gives way when there are too many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finds: OrderedDict[str, Find] = OrderedDict()
        self._size_bytes = 0
        self._stored: OrderedDict[str, None] = OrderedDict()

    def see(self, device_id: str, detection: Detection, size_bytes: int) -> Find | None:
        """Note a detection that came as so many bytes; None if it says nothing new, or is known to be stored."""
        key = detection.event_id
        with self._lock:
            before = self._finds.get(key)
            if key in self._stored or (before is not None and before.detection.rev >= detection.rev):
                return None
            self._forget(key)
            find = self._finds[key] = Find(device_id, detection, size_bytes)
            self._size_bytes += size_bytes
            while len(self._finds) > MAX_UNCONFIRMED or self._size_bytes > MAX_UNCONFIRMED_BYTES:
                self._forget(next(iter(self._finds)))
            return find

    def stored(self, event_id: str) -> None:
        """Note that a detection is in the store."""
        with self._lock:
            self._forget(event_id)
            self._stored[event_id] = None
            self._stored.move_to_end(event_id)
            while len(self._stored) > MAX_UNCONFIRMED:
                self._stored.popitem(last=False)

    def refuse(self, receipt: Receipt) -> Find | None:
        """Note that the bridge refused a detection for good; return it, where that was seen."""
        with self._lock:
            find = self._finds.get(receipt.event_id)
            if find is not None:
                find = self._finds[receipt.event_id] = replace(find, error=receipt.error or "refused")
            return find

    def all(self) -> list[Find]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._finds.values()))

    def _forget(self, key: str) -> None:
        gone = self._finds.pop(key, None)
        self._size_bytes -= gone.size_bytes if gone else 0
