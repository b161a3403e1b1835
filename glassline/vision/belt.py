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
_STEADY = 2
"""Frames for which a speed has to stay, to be the one at which this belt moves when it moves."""
_MAX_TRIALS = 60
_SHAPE_SIGMA, _SHAPE_LIMIT = 0.4, 1.3
_MATCHED, _ABSENT = 7.0, 1.5
"""In nats: what a shift gains by bringing a mark onto a box, and loses by bringing one into view where no box is."""
_ON, _PART, _BACK, _ELSE = 0.6, 0.3, 0.08, 0.02
"""How likely it is that the belt went on, moved for a part of the time, turned round, did anything else."""
_CERTAIN = 1.0


class Belt:
    """The common velocity, frame sizes per second, as the median of the marks that were followed for a while."""

    def __init__(self) -> None:
        self.velocity = (0.0, 0.0)
        self._moving = (0.0, 0.0)
        self._steady = 0
        self._measured_s: float | None = None

    def known(self, time_s: float) -> bool:
        """Whether it was measured lately."""
        return self._measured_s is not None and self.sigma(time_s) < _UNKNOWN_SIGMA

    def sigma(self, time_s: float) -> float:
        """How far a new mark's velocity may be from this one: standard deviation."""
        if self._measured_s is None:
            return _UNKNOWN_SIGMA
        return min(_UNKNOWN_SIGMA, _KNOWN_SIGMA + _FORGET_PER_S * (time_s - self._measured_s))

    @property
    def moves(self) -> bool:
        """Whether it moves fast enough to show what it carries and what it does not."""
        return _distance(self.velocity, (0.0, 0.0)) > 0.1

    def carries(self, motion: Motion, *, tolerance: float = 0.1) -> bool:
        """Whether this mark moves as the belt does."""
        return _distance(motion.velocity, self.velocity) < tolerance

    def measure(self, motions: Iterable[Motion], time_s: float) -> None:
        """Take the median velocity of marks seen in this frame."""
        sure = [motion.velocity for motion in motions if motion.velocity_var < 0.15**2]
        if not sure:
            return
        vx, vy = np.median(np.array(sure), axis=0).tolist()
        self._steady = self._steady + 1 if _distance((vx, vy), self.velocity) < 0.02 else 0
        if abs(vx) + abs(vy) > 0.05 and self._steady >= _STEADY:
            self._moving = (vx, vy)
        self.velocity, self._measured_s = (vx, vy), time_s

    def resume(self, motions: Sequence[Motion]) -> None:
        """Go on as the marks of an earlier run moved."""
        vx, vy = np.median(np.array([motion.velocity for motion in motions]), axis=0).tolist()
        self.velocity = self._moving = (vx, vy)
        self._measured_s = max(motion.time_s for motion in motions)

    def unobserved_s(self, time_s: float) -> float:
        """For how long nothing has shown how it moves."""
        return 0.0 if self._measured_s is None else time_s - self._measured_s

    def jump(self, shift: tuple[float, float], elapsed_s: float) -> None:
        """It was `shift` off for `elapsed_s`, and moves accordingly from now on."""
        self.velocity = (self.velocity[0] + shift[0] / elapsed_s, self.velocity[1] + shift[1] / elapsed_s)
        self._steady = 0

    def found_shift(self, pairs: Pairs, time_s: float) -> tuple[float, float] | None:
        """How far all marks are off since the belt stopped, started or turned unseen; None where they are not.

        Each shift that would bring some mark onto a box of its shape is tried, and every mark votes by how well it
        then fits (a Hough transform over displacements; Ballard 1981). How likely the belt is to have moved so weighs
        in as the prior, so that what is taken is the maximum a posteriori.
        """
        if not pairs.same_label.size:
            return None
        elapsed_s, none = self.unobserved_s(time_s), np.zeros((1, 2))
        if _votes(pairs, none).sum() > 0.6 * min(pairs.same_label.shape[1], max(1.0, _in_view(pairs, none).sum())):
            return None
        possible = (pairs.shape <= _SHAPE_LIMIT) & ((pairs.shift**2).sum(axis=2) < (MAX_SPEED * elapsed_s) ** 2)
        alike = np.argsort(pairs.shape[possible], kind="stable")[:_MAX_TRIALS]
        trials = np.concatenate((none, self._foreseen(elapsed_s), pairs.shift[possible][alike]))
        votes = _votes(pairs, trials)
        gain = _MATCHED * votes - _ABSENT * _in_view(pairs, trials) * (1 - votes)
        worth = gain.sum(axis=1) + self._log_prior(trials, elapsed_s)
        best = int(worth.argmax())
        if worth[best] < worth[0] + _CERTAIN:
            return None
        return float(trials[best][0]), float(trials[best][1])

    def _foreseen(self, elapsed_s: float) -> Floats:
        """(3, 2) shifts had the belt, right after it was seen last, stopped, gone on again, or turned round."""
        velocity, moving = np.array(self.velocity), np.array(self._moving)
        shifts: Floats = (np.array((0 * moving, moving, -moving)) - velocity) * elapsed_s
        return shifts

    def _log_prior(self, shifts: Floats, elapsed_s: float) -> Floats:
        """(k,) logarithm of the density, up to a constant, with which the belt is off by each of `shifts` (k, 2)."""
        way, moved = np.array(self._moving) * elapsed_s, shifts + np.array(self.velocity) * elapsed_s
        wide, far = 0.01 + 0.05 * elapsed_s, 0.02 + 0.4 * elapsed_s
        along = wide * (wide + float(np.hypot(*way)))
        density = (
            _ON * _bell(np.hypot(*shifts.T) / wide) / wide**2
            + _PART * _bell(_off_way(moved, way) / wide) / along
            + _BACK * _bell(_off_way(moved, -way) / wide) / along
            + _ELSE * _bell(np.hypot(*moved.T) / far) / far**2
        )
        result: Floats = np.log(density)
        return result


def _votes(pairs: Pairs, shifts: Floats) -> Floats:
    """(k, T) 0-1 how well each track fits some box once it is shifted by each of `shifts` (k, 2)."""
    sigma = np.maximum(pairs.sigma, 0.015)[:, None]
    likeness = np.exp(-((pairs.shape / _SHAPE_SIGMA) ** 2) / 2) * np.where(pairs.same_label, 1.0, 0.7)
    weight = np.where(pairs.shape <= _SHAPE_LIMIT, likeness, 0.0)
    distance = ((pairs.shift - shifts[:, None, None]) ** 2).sum(axis=3) / sigma**2
    votes: Floats = (weight * np.exp(-distance / 2)).max(axis=2)
    return votes


def _in_view(pairs: Pairs, shifts: Floats) -> Floats:
    """(k, T) 1 where a track, once shifted, is wholly in view and ought to be seen, else 0."""
    low, high = pairs.expected[:, :2] + shifts[:, None], pairs.expected[:, 2:] + shifts[:, None]
    whole: Floats = ((low > 0).all(axis=2) & (high < 1).all(axis=2)).astype(float)
    return whole


def _bell(deviations: Floats) -> Floats:
    bell: Floats = np.exp(-(deviations**2) / 2)
    return bell


def _off_way(points: Floats, end: Floats) -> Floats:
    """(k,) distances of `points` (k, 2) from the way between the origin and `end`."""
    along = np.clip(points @ end / max(1e-12, float(end @ end)), 0, 1)
    distances: Floats = np.hypot(*(points - along[:, None] * end).T)
    return distances


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))
