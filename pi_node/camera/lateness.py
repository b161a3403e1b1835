"""How late the pictures of a stream come, by the times that it gives them itself."""

WINDOW_S = 30.0
LATE_S = 1.0
"""From here on it is a backlog, unless the stream's clock is wrong."""
CATCH_UP_S, CAUGHT_UP_S = 1.0, 0.25
"""Pictures of a backlog come faster than they were taken: within the first, they are less late by the second."""


class Lateness:
    """Against the least late of the last half minute to minute, so that two clocks may drift apart.

    A stream whose clock is much slower than ours, as of a camera that gives fewer pictures than it says, would be late
    for ever: what is late and does not catch up is measured anew, and counts as in time.
    """

    def __init__(self) -> None:
        self._least: list[float] = []
        """Of this window and the one before."""
        self._since_s = 0.0
        self._last_s = 0.0
        self._late: tuple[float, float] | None = None
        """When it was how late, the last time that it was catching up; None: it is in time."""

    def of(self, stream_s: float, now_s: float) -> float:
        """Seconds that a picture is late which is of `stream_s` by the stream's clock and came at `now_s` by ours."""
        offset_s = now_s - stream_s
        if stream_s < self._last_s:  # the stream's clock began anew
            self._least = []
        self._last_s = stream_s
        if not self._least:
            self._least, self._since_s = [offset_s], now_s
        elif now_s - self._since_s > WINDOW_S:
            self._least, self._since_s = [offset_s, self._least[0]], now_s
        else:
            self._least[0] = min(self._least[0], offset_s)
        late_s = offset_s - min(self._least)
        if not self._never_catches_up(late_s, now_s):
            return late_s
        self._least, self._since_s, self._late = [offset_s], now_s, None
        return 0.0

    def _never_catches_up(self, late_s: float, now_s: float) -> bool:
        if late_s <= LATE_S:
            self._late = None
        elif self._late is None or late_s <= self._late[1] - CAUGHT_UP_S:
            self._late = now_s, late_s
        return self._late is not None and now_s - self._late[0] > CATCH_UP_S
