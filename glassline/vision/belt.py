"""What the marks have in common: they lie on panes that one belt moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .association import Pairs
from .boxes import Floats
from .motion import Motion

MAX_SPEED = 1.2
_UNKNOWN_SIGMA = 0.25
_KNOWN_SIGMA = 0.12
_FORGET_PER_S = 0.03
_MAX_TRIALS = 200
_SHAPE_SIGMA, _SHAPE_LIMIT = 0.4, 1.3


class Belt:
    """The common velocity, frame sizes per second, as the median of the marks that were followed for a while."""

    def __init__(self) -> None:
        self.velocity = (0.0, 0.0)
        self._moving = (0.0, 0.0)
        self._measured_s: float | None = None

    def known(self, time_s: float) -> bool:
        """Whether it was measured lately."""
        return self._measured_s is not None and self.sigma(time_s) < _UNKNOWN_SIGMA

    def sigma(self, time_s: float) -> float:
        """How far a new mark's velocity may be from this one: standard deviation."""
        if self._measured_s is None:
            return _UNKNOWN_SIGMA
        return min(_UNKNOWN_SIGMA, _KNOWN_SIGMA + _FORGET_PER_S * (time_s - self._measured_s))

    def carries(self, motion: Motion, *, tolerance: float = 0.1) -> bool:
        """Whether this mark moves as the belt does."""
        return _distance(motion.velocity, self.velocity) < tolerance

    def measure(self, motions: Iterable[Motion], time_s: float) -> None:
        """Take the median velocity of marks seen in this frame."""
        sure = [motion.velocity for motion in motions if motion.velocity_var < 0.15**2]
        if not sure:
            return
        vx, vy = np.median(np.array(sure), axis=0).tolist()
        if abs(vx) + abs(vy) > 0.05 and _distance((vx, vy), self.velocity) < 0.02:
            self._moving = (vx, vy)
        self.velocity, self._measured_s = (vx, vy), time_s

    def unobserved_s(self, time_s: float) -> float:
        """For how long nothing has shown how it moves."""
        return 0.0 if self._measured_s is None else time_s - self._measured_s

    def foreseen_shifts(self, time_s: float) -> list[tuple[float, float]]:
        """How far marks would be off had the belt, when it was seen last, stopped, gone on again or turned round."""
        dt = self.unobserved_s(time_s)
        (vx, vy), (mx, my) = self.velocity, self._moving
        return [((x - vx) * dt, (y - vy) * dt) for x, y in ((0.0, 0.0), (mx, my), (-mx, -my))]


def common_shift(
    pairs: Pairs, elapsed_s: float, foreseen: Sequence[tuple[float, float]]
) -> tuple[tuple[float, float], Floats] | None:
    """The shift that explains the frame much better than no shift, and what it does for each track; None without one.

    Each shift that would bring some track onto a box of its shape is tried, and every track votes by how well it then
    fits (a Hough transform over displacements). One mark alone may only vote for a shift that was foreseen.
    """
    if not pairs.same_label.size:
        return None
    fits = pairs.shape <= _SHAPE_LIMIT
    sigma = np.maximum(pairs.sigma, 0.015)[:, None]
    likeness = np.exp(-((pairs.shape / _SHAPE_SIGMA) ** 2) / 2) * np.where(pairs.same_label, 1.0, 0.7)
    weight = np.where(fits, likeness, 0.0)

    def votes(shift: Floats) -> Floats:
        distance = ((pairs.shift - shift) ** 2).sum(axis=2) / sigma**2
        best: Floats = (weight * np.exp(-distance / 2)).max(axis=1)
        return best

    still = votes(np.zeros(2))
    if still.sum() > 0.6 * min(pairs.same_label.shape):
        return None
    possible = fits & ((pairs.shift**2).sum(axis=2) < (MAX_SPEED * elapsed_s) ** 2)
    trials = np.concatenate((np.array(foreseen).reshape(-1, 2), pairs.shift[possible][:_MAX_TRIALS]))
    results = [votes(trial) for trial in trials]
    needed = [0.5 if k < len(foreseen) else 1.1 for k in range(len(trials))]
    better = [k for k, result in enumerate(results) if result.sum() > still.sum() + needed[k]]
    if not better:
        return None
    best = max(better, key=lambda k: results[k].sum() - needed[k])
    shift = (float(trials[best][0]), float(trials[best][1]))
    return shift, results[best] - still


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))
