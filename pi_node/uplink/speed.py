"""What the link carries, learned from how long pictures take to be acknowledged.

A picture of `b` bytes takes L + b / r: L is the latency (the way there and back, and a busy processor at either end),
r the speed. Only r makes a link slow, and only smaller pictures help against it, so L is measured apart: by probes, a
few bytes each, sent when pictures take suspiciously long. Medians keep one delayed message from deciding anything.
"""

from collections import deque
from dataclasses import dataclass
from statistics import median

PICTURES, PROBES = 5, 3
OLD_S = 30.0
"""What was measured before says nothing of the link now."""
FRESH_PROBE_S = 3.0
TELLING_S = 5.0
"""A picture that did not get through in so long says how slow the link is; one that was lost sooner says nothing."""


@dataclass(frozen=True)
class _Picture:
    size_bytes: int
    took_s: float
    at_s: float


class Speed:
    """One thread at a time reports, any thread reads. `now_s` is monotonic."""

    def __init__(self) -> None:
        self._pictures: deque[_Picture] = deque(maxlen=PICTURES)
        self._probes: deque[tuple[float, float]] = deque(maxlen=PROBES)

    def carried(self, size_bytes: int, took_s: float, now_s: float) -> None:
        """A picture was acknowledged after `took_s`, with no other picture on the way."""
        self._pictures.append(_Picture(size_bytes, took_s, now_s))

    def lost(self, size_bytes: int, after_s: float, now_s: float) -> None:
        """The connection broke while a picture was on the way: perhaps since it was too large for this link."""
        if after_s > TELLING_S:
            self.carried(size_bytes, after_s, now_s)

    def probed(self, took_s: float, now_s: float) -> None:
        """A few bytes were acknowledged after `took_s`."""
        self._probes.append((took_s, now_s))

    def took_s(self, now_s: float) -> float | None:
        """How long pictures take, lately: the median; None before the first."""
        recent = self._recent(now_s)
        return median(picture.took_s for picture in recent) if recent else None

    def bytes_per_s(self, now_s: float) -> float | None:
        """What the link carries besides its latency; None while nobody knows, which is as good as fast."""
        return self._given(median(self._latencies_s(now_s)), now_s)

    def at_most_bytes_per_s(self, now_s: float) -> float | None:
        """The same in favour of the link: what is left of the delay when the longest latency is taken off."""
        return self._given(max(self._latencies_s(now_s)), now_s)

    def _given(self, latency_s: float, now_s: float) -> float | None:
        recent = self._recent(now_s)
        if not recent:
            return None
        return median(one.size_bytes / max(one.took_s - latency_s, one.took_s / 10) for one in recent)

    def carried_in(self, within_s: float, now_s: float) -> float:
        """Bytes that get through in time, as far as anybody knows: without bounds if nobody does."""
        bytes_per_s = self.bytes_per_s(now_s)
        return float("inf") if bytes_per_s is None else bytes_per_s * within_s

    def probe_age_s(self, now_s: float) -> float:
        """Seconds since the latency was measured last."""
        return now_s - self._probes[-1][1] if self._probes else float("inf")

    def _latencies_s(self, now_s: float) -> list[float]:
        return [took_s for took_s, at_s in self._probes.copy() if at_s > now_s - OLD_S] or [0.0]

    def _recent(self, now_s: float) -> list[_Picture]:
        return [picture for picture in self._pictures.copy() if picture.at_s > now_s - OLD_S]
