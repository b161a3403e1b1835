"""One device that a viewer watches: the rate it asks for, and the rate it turns out to take."""

EARLY = 0.3
"""By this share of its interval a picture may come too soon: the node's rhythm is not even."""
OVER = 1.1
LEAST_FPS = 0.5
ROOM = 1.25
LEAP = 2.0
BUSY = 0.7
JUDGE_S, JUDGE_PICTURES, JUDGE_LATEST_S = 1.0, 6, 3.0


class Wish:
    """`takes_fps` falls to what gets through with some room above, and rises again while the viewer is idle.

    Belongs to the writer thread; anybody may read it. Time is an argument, in monotonic seconds; `busy_s` is how
    long in all pictures were under way to the viewer, beyond its round trip.
    """

    def __init__(self, fps: float) -> None:
        self.fps = self.takes_fps = fps
        self._due_s = 0.0
        self._since_s: float | None = None
        self._busy_from_s = 0.0
        self._offered = self._sent = self._skipped = 0

    def change(self, fps: float) -> None:
        """Ask for another rate."""
        self.takes_fps = fps if self.takes_fps == self.fps else min(fps, self.takes_fps)
        self.fps = fps

    @property
    def is_held(self) -> bool:
        """Whether the viewer takes less than it asks for."""
        return self.takes_fps < self.fps

    def admits(self, now_s: float) -> bool:
        """Whether a picture at this instant is wanted, or comes too soon."""
        interval_s = 1 / self.fps
        early_s = EARLY * interval_s
        if now_s < self._due_s - early_s:
            return False
        self._due_s = max(self._due_s, now_s - early_s) + interval_s / OVER
        return True

    def offered(self, now_s: float, busy_s: float) -> None:
        """A picture is there for the viewer."""
        if self._since_s is None:
            self._since_s, self._busy_from_s = now_s, busy_s
        span_s = now_s - self._since_s
        if span_s >= JUDGE_S and (self._offered >= JUDGE_PICTURES or span_s >= JUDGE_LATEST_S):
            self._judge(span_s, (busy_s - self._busy_from_s) / span_s)
            self._since_s, self._busy_from_s = now_s, busy_s
            self._offered = self._sent = self._skipped = 0
        self._offered += 1

    def skipped(self) -> None:
        """A picture gave way to a newer one."""
        self._skipped += 1

    def sent(self) -> None:
        """A picture went out."""
        self._sent += 1

    def _judge(self, span_s: float, busy_share: float) -> None:
        if self._skipped:
            self.takes_fps = min(self.fps, max(LEAST_FPS, self._sent / span_s * ROOM))
        elif self.is_held:
            self.takes_fps = min(self.fps, self.takes_fps * (LEAP if busy_share < BUSY else ROOM))
