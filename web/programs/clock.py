"""A node's clock seen from here: by the least lag of its boot, never by comparing two clocks.

Lag is the time of arrival on the web's monotonic clock minus the `ts` of the message. Its zero means nothing, but
what it exceeds the least lag by is how much longer this message travelled than the quickest one did.
"""

from dataclasses import dataclass

WINDOW_S = 60.0
LATE_S = 1.0
DOUBT_S = 10.0
"""When nothing was fresh for so long, what was seen before is to blame, not what comes now."""


@dataclass
class NodeClock:
    """The least lag of one boot of one program, over the last one to two minutes, so that a clock that is set heals."""

    boot: str = ""
    least_s: float = 0.0
    _recent_s: float = 0.0
    _window_at_s: float = 0.0
    _last_ts_s: float = 0.0
    _last_seq: int = -1
    _fresh_s: float = 0.0

    def note(self, boot: str, ts_s: float, now_s: float) -> float:
        """Take a message sent at `ts_s` (its clock) that came at `now_s` (ours); return its lag over the least."""
        lag_s = now_s - ts_s
        if boot != self.boot:
            self.__init__(boot, lag_s, lag_s, now_s)  # type: ignore[misc]
            return 0.0
        if now_s - self._window_at_s >= WINDOW_S:
            self.least_s, self._recent_s, self._window_at_s = min(self._recent_s, lag_s), lag_s, now_s
        self._recent_s = min(self._recent_s, lag_s)
        self.least_s = min(self.least_s, lag_s)
        return lag_s - self.least_s

    def admit(self, boot: str, seq: int, ts_s: float, now_s: float) -> bool:
        """Whether a frame is fresh: not older than one seen before, and at most `LATE_S` behind the least lag."""
        if boot == self.boot and self._last_seq >= 0:
            if now_s - self._fresh_s > DOUBT_S:
                self.boot = ""
            elif seq < self._last_seq:
                return False
            if seq > self._last_seq and ts_s < self._last_ts_s:
                self.boot = ""  # the clock was set back: its old lags say nothing any more
        late_s = self.note(boot, ts_s, now_s)
        self._last_seq, self._last_ts_s = seq, ts_s
        fresh = late_s <= LATE_S
        self._fresh_s = now_s if fresh else self._fresh_s
        return fresh

    def at(self, ts_s: float) -> float:
        """When `ts_s` of that clock was, on ours."""
        return ts_s + self.least_s
