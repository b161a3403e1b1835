"""How often something happens: events per second over the last two seconds, or over the last three of rare ones."""

import time
from collections import deque

WINDOW_S = 2.0
FEWEST = 3


class Rate:
    """One thread counts, any thread reads."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=60)

    def count(self) -> None:
        """It happened now."""
        self._times_s.append(time.monotonic())

    def per_s(self) -> float:
        """Events per second; 0 when fewer than three happened, or none for twice as long as there was between them."""
        times_s, now_s = list(self._times_s.copy()), time.monotonic()
        recent = [t for t in times_s if t > now_s - WINDOW_S]
        if len(recent) < FEWEST:
            recent = times_s[-FEWEST:]
            if len(recent) < FEWEST or now_s - recent[-1] > recent[-1] - recent[0]:
                return 0.0
        return (len(recent) - 1) / (recent[-1] - recent[0])
