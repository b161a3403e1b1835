"""While somebody watches a device here, its node is told so: a lease at once, and again every 5 s."""

import threading
import time
from collections.abc import Callable, Iterable

from glassline.contract.messages import Lease

from .viewer import Viewer

RENEW_S = 5.0
TTL_S = 15.0
SETTLE_S = 1.0
RISE = 1.1
FALL = 0.8


def wanted_fps(viewers: Iterable[Viewer]) -> dict[str, float]:
    """The highest rate that anybody wants and takes, by device."""
    wanted: dict[str, float] = {}
    for viewer in viewers:
        for device_id, wish in viewer.wanted.items():
            wanted[device_id] = max(wish.takes_fps, wanted.get(device_id, 0.0))
    return wanted


class Leases:
    """`publish(device_id, lease)` sends one; False means that it has to be tried again.

    A rise goes out at once, a fall at most once a second and only if it is worth saying; small changes wait for the
    next renewal.
    """

    def __init__(self, *, publish: Callable[[str, Lease], bool]) -> None:
        self._publish = publish
        self._lock = threading.Lock()
        self._given: dict[str, tuple[float, float]] = {}
        """Rate, and when it was sent."""
        self._watched_at_s: dict[str, float] = {}

    def update(self, wanted: dict[str, float]) -> None:
        """Send what is new or due; give back what nobody wants any more."""
        with self._lock:
            now_s = time.monotonic()
            for device_id, fps in wanted.items():
                self._watched_at_s.setdefault(device_id, now_s)
                if self._is_due(device_id, fps, now_s):
                    lease = Lease(max_fps=round(fps, 2), ttl_s=TTL_S)
                    if self._publish(device_id, lease):
                        self._given[device_id] = fps, now_s
            for device_id in self._watched_at_s.keys() - wanted.keys():
                del self._watched_at_s[device_id]
                if self._given.pop(device_id, None) is not None:
                    self._publish(device_id, Lease(max_fps=0, ttl_s=TTL_S))

    def _is_due(self, device_id: str, fps: float, now_s: float) -> bool:
        given_fps, at_s = self._given.get(device_id, (0.0, 0.0))
        since_s = now_s - at_s
        return fps > given_fps * RISE or since_s >= RENEW_S or (fps < given_fps * FALL and since_s >= SETTLE_S)

    def renew_all(self) -> None:
        """Forget what was sent: the broker is a new one."""
        with self._lock:
            self._given.clear()

    def watched_s(self, device_id: str) -> float | None:
        """For how long somebody has watched a device, or None."""
        since_s = self._watched_at_s.get(device_id)
        return None if since_s is None else time.monotonic() - since_s
