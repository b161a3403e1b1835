"""How one mark moves: where its box is, how fast it goes, and how sure that is.

Lengths are in frame sizes (0-1 across the frame), speeds in frame sizes per second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Xyxy = tuple[float, float, float, float]

EDGE = 0.012
"""A box that comes this near to the frame's edge is taken to go on beyond it."""
_JERKINESS = 0.03
"""Variance that a speed gains per second: belts start and stop."""
_OUTLIER = 2.0
"""A box that is more standard deviations off its place pulls no harder than this (Huber's rule)."""
_RESIZE = 0.5
"""Share of a change of size that is believed at once; boxes flicker."""
_BESIDE = 1.5
"""What has left the frame is kept in mind up to so many frame sizes away: belts turn round."""


@dataclass(slots=True)
class Motion:
    """A Kalman filter with constant velocity, x and y alike, on a box of which parts may be out of the frame.

    `xyxy` is the whole mark as far as it was seen, also where it has left the frame. `known` says for left, top,
    right, bottom whether that end of the mark has been seen: a mark that is coming in has an end that has not, and
    only known ends tell how far a mark has moved. Model after SORT (Bewley et al. 2016), there without ends.
    """

    xyxy: Xyxy
    velocity: tuple[float, float]
    velocity_var: float
    known: tuple[bool, bool, bool, bool]
    time_s: float
    position_var: float = 0.0
    cross_var: float = 0.0

    @classmethod
    def begin(cls, seen: Xyxy, time_s: float, *, velocity: tuple[float, float], velocity_sigma: float) -> Motion:
        """Start from a box seen once, and a guess of its velocity."""
        return cls(seen, velocity, velocity_sigma**2, free_ends(seen), time_s, noise_var(seen))

    def at(self, time_s: float) -> Xyxy:
        """The box at that instant, not clipped. An end not yet seen is taken to be beyond the edge, within reason."""
        dt = time_s - self.time_s
        dx, dy = self.velocity[0] * dt, self.velocity[1] * dt
        x0, y0, x1, y1 = self.xyxy
        reach = max(x1 - x0, y1 - y0)
        left, top, right, bottom = self.known
        return (
            x0 + dx if left else min(x0 + dx, max(x0 + dx - reach, 0.0)),
            y0 + dy if top else min(y0 + dy, max(y0 + dy - reach, 0.0)),
            x1 + dx if right else max(x1 + dx, min(x1 + dx + reach, 1.0)),
            y1 + dy if bottom else max(y1 + dy, min(y1 + dy + reach, 1.0)),
        )

    def position_var_at(self, time_s: float) -> float:
        """Variance of the position at that instant, before anything is seen there."""
        dt = max(0.0, time_s - self.time_s)
        return self.position_var + dt * (2 * self.cross_var + dt * (self.velocity_var + dt * _JERKINESS / 3))

    def observe(self, seen: Xyxy, time_s: float) -> tuple[float, float]:
        """Correct by a box seen at that instant; returns how far that moved the expected position."""
        predicted = self.at(time_s)
        free = free_ends(seen)
        shifts = [_shift(seen[k] - predicted[k], seen[k + 2] - predicted[k + 2],
                         free[k] and self.known[k], free[k + 2] and self.known[k + 2],
                         predicted[k + 2] - predicted[k]) for k in (0, 1)]  # fmt: skip
        self._advance(time_s)
        total = self.position_var + noise_var(predicted)
        trust = min(1.0, _OUTLIER * math.sqrt(total) / max(1e-9, math.hypot(*shifts)))
        shifts = [trust * shift for shift in shifts]
        gain, velocity_gain = self.position_var / total, self.cross_var / total
        self.velocity = (
            self.velocity[0] + velocity_gain * shifts[0],
            self.velocity[1] + velocity_gain * shifts[1],
        )
        self.velocity_var -= velocity_gain * self.cross_var
        self.position_var *= 1 - gain
        self.cross_var *= 1 - gain
        ends = [self._end(k, predicted[k] + gain * shifts[k % 2], seen[k], free[k]) for k in range(4)]
        self.xyxy = (min(ends[0], ends[2]), min(ends[1], ends[3]), max(ends[0], ends[2]), max(ends[1], ends[3]))
        self.known = (
            self.known[0] or free[0],
            self.known[1] or free[1],
            self.known[2] or free[2],
            self.known[3] or free[3],
        )
        return gain * shifts[0], gain * shifts[1]

    def jump(self, shift: tuple[float, float], elapsed_s: float, time_s: float, *, velocity_sigma: float) -> None:
        """Be at that instant `shift` away from where it was expected, by another velocity since `elapsed_s` ago."""
        change = shift[0] / elapsed_s, shift[1] / elapsed_s
        dt = time_s - self.time_s
        dx, dy = shift[0] - change[0] * dt, shift[1] - change[1] * dt
        x0, y0, x1, y1 = self.xyxy
        self.xyxy = (x0 + dx, y0 + dy, x1 + dx, y1 + dy)
        self.velocity = (self.velocity[0] + change[0], self.velocity[1] + change[1])
        self.velocity_var, self.cross_var = velocity_sigma**2, 0.0

    def coast(self, time_s: float, correction: tuple[float, float], velocity: tuple[float, float]) -> None:
        """Nothing was seen at that instant, but others tell how far the belt is off, and how it moves from there on."""
        dt = time_s - self.time_s
        x0, y0, x1, y1 = self.xyxy
        dx, dy = self.velocity[0] * dt + correction[0], self.velocity[1] * dt + correction[1]
        self._advance(time_s)
        self.xyxy, self.velocity = (x0 + dx, y0 + dy, x1 + dx, y1 + dy), velocity

    def _advance(self, time_s: float) -> None:
        dt = max(0.0, time_s - self.time_s)
        self.position_var = self.position_var_at(time_s)
        self.cross_var += dt * (self.velocity_var + dt * _JERKINESS / 2)
        self.velocity_var += dt * _JERKINESS
        self.time_s = time_s

    def _end(self, k: int, expected: float, seen: float, free: bool) -> float:
        if free:
            return expected + _RESIZE * (seen - expected) if self.known[k] else seen
        return min(expected, seen) if k < 2 else max(expected, seen)


def free_ends(seen: Xyxy) -> tuple[bool, bool, bool, bool]:
    """For left, top, right, bottom whether the box ends there inside the frame."""
    return seen[0] > EDGE, seen[1] > EDGE, seen[2] < 1 - EDGE, seen[3] < 1 - EDGE


def noise_var(xyxy: Xyxy) -> float:
    """Variance of a detected position: boxes of larger marks are looser."""
    return float((0.004 + 0.02 * (xyxy[2] - xyxy[0] + xyxy[3] - xyxy[1])) ** 2)


def clipped(xyxy: Xyxy, *, margin: float = 0.0) -> Xyxy | None:
    """The part inside the frame, grown by `margin` on all sides; None where too little is left to be seen."""
    x0, y0, x1, y1 = (min(1.0 + margin, max(-margin, end)) for end in xyxy)
    return (x0, y0, x1, y1) if x1 - x0 > 0.004 and y1 - y0 > 0.004 else None


def beside(xyxy: Xyxy) -> bool:
    """Whether most of the box is out of the frame, but not so far that it is lost sight of for good."""
    seen = clipped(xyxy)
    share = 0.0 if seen is None else _area(seen) / _area(xyxy)
    return share < 0.5 and clipped(xyxy, margin=_BESIDE) is not None


def _area(xyxy: Xyxy) -> float:
    return (xyxy[2] - xyxy[0]) * (xyxy[3] - xyxy[1])


def _shift(low: float, high: float, low_tells: bool, high_tells: bool, size: float) -> float:
    """How far the mark is from where it was expected, by those of its two ends that tell.

    Where both do and differ much, only a part of the mark was seen: the end that is nearer to its place is right.
    """
    if low_tells and high_tells:
        return (low + high) / 2 if abs(low - high) < 0.01 + 0.3 * size else min(low, high, key=abs)
    return low if low_tells else high if high_tells else 0.0
