"""Detections that were seen on the wire and that no receipt confirmed yet: in memory, bounded."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from glassline.contract.messages import Detection, Receipt

MAX_UNCONFIRMED = 500


@dataclass(frozen=True)
class Find:
    """A detection that is not known to be stored; `error`: the bridge refused it for good."""

    device_id: str
    detection: Detection
    error: str | None = None


class Unconfirmed:
    """What the page marks as not stored yet. The oldest gives way when there are too many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finds: OrderedDict[str, Find] = OrderedDict()
        self._stored: OrderedDict[str, None] = OrderedDict()

    def see(self, device_id: str, detection: Detection) -> Find | None:
        """Note a detection; None if it says nothing new, or is known to be stored."""
        key = detection.event_id
        with self._lock:
            before = self._finds.get(key)
            if key in self._stored or (before is not None and before.detection.rev >= detection.rev):
                return None
            find = self._finds[key] = Find(device_id, detection)
            while len(self._finds) > MAX_UNCONFIRMED:
                self._finds.popitem(last=False)
            return find

    def confirm(self, receipt: Receipt) -> Find | None:
        """Note a receipt; return what it was about, where that was seen."""
        key = receipt.event_id
        with self._lock:
            find = self._finds.get(key)
            if receipt.row == "stored":
                self._finds.pop(key, None)
                self._stored[key] = None
                self._stored.move_to_end(key)
                while len(self._stored) > MAX_UNCONFIRMED:
                    self._stored.popitem(last=False)
            elif find is not None:
                find = self._finds[key] = Find(find.device_id, find.detection, receipt.error or "refused")
            return find

    def all(self) -> list[Find]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._finds.values()))
