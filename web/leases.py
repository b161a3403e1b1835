"""While somebody watches a device here, its node is told so: a lease at once, and again every 5 s."""

import threading
import time
from collections.abc import Callable, Iterable

from glassline.contract.messages import Lease

from .viewer import Viewer

RENEW_S = 5.0
TTL_S = 15.0


def wanted_fps(viewers: Iterable[Viewer]) -> dict[str, float]:
    """The highest rate that anybody wants, by device."""
    wanted: dict[str, float] = {}
    for viewer in viewers:
        for device_id, fps in viewer.wanted.items():
            wanted[device_id] = max(fps, wanted.get(device_id, 0.0))
    return wanted


class Leases:
    """`publish(device_id, lease)` sends one; False means that it has to be tried again."""

    def __init__(self, *, publish: Callable[[str, Lease], bool]) -> None:
        self._publish = publish
        self._lock = threading.Lock()
        self._given: dict[str, tuple[float, float]] = {}
        self._watched_at_s: dict[str, float] = {}

    def update(self, wanted: dict[str, float]) -> None:
        """Send what is new or due; give back what nobody wants any more."""
        with self._lock:
            now_s = time.monotonic()
            for device_id, fps in wanted.items():
                self._watched_at_s.setdefault(device_id, now_s)
                given_fps, until_s = self._given.get(device_id, (0.0, 0.0))
                due = fps != given_fps or now_s >= until_s
                if due and self._publish(device_id, Lease(max_fps=fps, ttl_s=TTL_S)):
                    self._given[device_id] = fps, now_s + RENEW_S
            for device_id in self._watched_at_s.keys() - wanted.keys():
                del self._watched_at_s[device_id]
                if self._given.pop(device_id, None) is not None:
                    self._publish(device_id, Lease(max_fps=0, ttl_s=TTL_S))

    def renew_all(self) -> None:
        """Forget what was sent: the broker is a new one."""
        with self._lock:
            self._given.clear()

    def watched_s(self, device_id: str) -> float | None:
        """For how long somebody has watched a device, or None."""
        since_s = self._watched_at_s.get(device_id)
        return None if since_s is None else time.monotonic() - since_s
