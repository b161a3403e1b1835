"""Keeping a frame rate where the source has none of its own."""

import time


class Pace:
    """Sleeps so that `wait` returns `fps` times a second; time lost is not caught up."""

    def __init__(self, fps: float) -> None:
        self._interval_s = 1 / fps
        self._next_s = time.monotonic()

    def wait(self) -> None:
        now = time.monotonic()
        if now < self._next_s:
            time.sleep(self._next_s - now)
        self._next_s = max(self._next_s + self._interval_s, now)
