"""How often something happens: events per second over the last two seconds."""

import time
from collections import deque

WINDOW_S = 2.0


class Rate:
    """One thread counts, any thread reads."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=60)

    def count(self) -> None:
        """It happened now."""
        self._times_s.append(time.monotonic())

    def per_s(self) -> float:
        """Events per second; 0 when fewer than three happened."""
        recent = [t for t in self._times_s.copy() if t > time.monotonic() - WINDOW_S]
        return (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 2 else 0.0
