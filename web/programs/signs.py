"""What several reports of one program tell together, and none of them alone."""

from collections import deque

from glassline.contract.messages import Health
from glassline.diagnosis import Lives

from ..live.leases import TTL_S

GAP_S = 15.0
KEPT = 3


class Signs:
    """Of one program. `now_s` is on the web's monotonic clock, `unix_s` the web's clock at that instant."""

    def __init__(self) -> None:
        self.lives = Lives(doubt_s=GAP_S)
        self.unasked_since_s: float | None = None
        """Since when nobody has asked it for pictures, as it says report after report."""
        self._offsets_s: deque[float] = deque(maxlen=KEPT)
        self._last: tuple[str, float] = "", 0.0
        self._was_asked = False

    @property
    def clock_offset_s(self) -> float | None:
        """Its clock minus the web's: the largest of late, since a report that lay somewhere only makes it smaller.

        None before the second report of a process.
        """
        return max(self._offsets_s) if len(self._offsets_s) > 1 else None

    def note(self, health: Health, now_s: float, unix_s: float) -> None:
        """A report came."""
        boot, at_s = self._last
        if health.boot != boot:
            self._offsets_s.clear()
        if health.boot != boot or now_s - at_s > GAP_S:
            self.unasked_since_s, self._was_asked = None, False
        self._last = health.boot, now_s
        self._offsets_s.append(health.ts.timestamp() - unix_s)
        if health.viewers != 0:
            self.unasked_since_s = None
        elif self.unasked_since_s is None:  # who was asked before has let a lease run out
            self.unasked_since_s = now_s - (TTL_S if self._was_asked else 0.0)
        self._was_asked = bool(health.viewers)
        self.lives.note(health.boot, now_s, uptime_s=health.uptime_s)
