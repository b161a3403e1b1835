"""Which box of a frame is which track: costs of all pairs, and the cheapest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassline.contract import Box

from .boxes import Floats, inside, iou
from .motion import EDGE, noise_var
from .track import Track

Bools = NDArray[np.bool_]

GATE = 3.5
"""Standard deviations within which a box may be where a track was expected."""
_SHAPE_SIGMA = 0.35
_OTHER_LABEL = 1.5
_PART = 9.0
_SIGMA_SCALE = 0.01
_MAX_SIGMA = 0.05
MARGIN = 0.008


@dataclass(frozen=True)
class Pairs:
    """Tracks (T) against the boxes of a frame (B) at one instant."""

    expected: Floats
    """(T, 4) where the tracks are expected, not clipped."""
    boxes: Floats
    """(B, 4) xyxyn."""
    shift: Floats
    """(T, B, 2) how far the box is from where the track was expected, x and y."""
    sigma: Floats
    """(T,) standard deviation of that."""
    shape: Floats
    """(T, B) by how much the sides differ: sum over both of |ln ratio|, as far as both ends are known."""
    same_label: Bools
    """(T, B) whether the track was seen under the box's label before."""
    overlap: Floats
    """(T, B) intersection over union, of boxes grown a little since thin ones hardly ever overlap."""
    within: Floats
    """(T, B) intersection over the smaller, likewise."""


def pairs_of(tracks: Sequence[Track], boxes: Sequence[Box], time_s: float) -> Pairs:
    """Compare all tracks with all boxes."""
    expected = np.array([track.motion.at(time_s) for track in tracks], float).reshape(-1, 4)
    known = np.array([track.motion.known for track in tracks], bool).reshape(-1, 4)
    variance = [t.motion.position_var_at(time_s) + noise_var(t.motion.xyxy) for t in tracks]
    seen = np.array([box.xyxyn for box in boxes], float).reshape(-1, 4)
    free = np.concatenate((seen[:, :2] > EDGE, seen[:, 2:] < 1 - EDGE), axis=1)
    tells = known[:, None] & free[None]
    sizes = expected[:, 2:] - expected[:, :2]
    ratio = np.log((seen[None, :, 2:] - seen[None, :, :2] + 0.01) / (sizes[:, None] + 0.01))
    shape = np.where(tells[..., :2] & tells[..., 2:], np.abs(ratio), 0.0).sum(axis=2)
    labels = [track.labels_seen for track in tracks]
    same = np.array([[box.label in seen_before for box in boxes] for seen_before in labels], bool)
    return Pairs(
        expected=expected,
        boxes=seen,
        shift=_shifts(expected, seen, tells),
        sigma=np.minimum(np.sqrt(variance), _MAX_SIGMA),
        shape=shape,
        same_label=same.reshape(len(tracks), len(boxes)),
        overlap=iou(grown(expected), grown(seen)),
        within=inside(grown(expected), grown(seen)),
    )


def grown(xyxy: Floats) -> Floats:
    """(n, 4) boxes with a margin all around."""
    result: Floats = xyxy + np.array((-MARGIN, -MARGIN, MARGIN, MARGIN))
    return result


def assign(pairs: Pairs, rank: Floats) -> list[tuple[int, int]]:
    """(track, box) pairs, each of either at most once, cheapest first.

    The cost is minus twice the logarithm of a likelihood: distance against its uncertainty, difference of shape,
    another label; and `rank` (T,), by which some tracks come after others. A box that is only a part of a known mark
    has its place by lying inside. Greedy is as good as optimal here: wrong pairs cost far more than right ones.
    """
    if not pairs.same_label.size:
        return []
    distance = (pairs.shift**2).sum(axis=2) / pairs.sigma[:, None] ** 2
    part = (pairs.same_label & (pairs.within > 0.6)) | (pairs.overlap > 0.4)
    there = distance + (pairs.shape / _SHAPE_SIGMA) ** 2 <= GATE**2
    cost = np.where(there, distance, np.minimum(distance, _PART + GATE**2))
    cost += 4 * np.log(np.maximum(pairs.sigma, 1e-4) / _SIGMA_SCALE)[:, None]
    cost += np.minimum((pairs.shape / _SHAPE_SIGMA) ** 2, _PART) + np.where(pairs.same_label, 0, _OTHER_LABEL)
    cost += rank[:, None]
    rows, columns = np.nonzero(there | part)
    order = np.argsort(cost[rows, columns], kind="stable")
    taken_rows, taken_columns, result = set[int](), set[int](), []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in taken_rows and column not in taken_columns:
            taken_rows.add(row)
            taken_columns.add(column)
            result.append((row, column))
    return result


def _shifts(expected: Floats, seen: Floats, tells: Bools) -> Floats:
    """(T, B, 2): as in `motion` the mean of both ends where they agree, else the nearer, else the one that tells.

    Where none tells, as for a band across the whole picture, the gap between the two.
    """
    low, high = seen[None, :, :2] - expected[:, None, :2], seen[None, :, 2:] - expected[:, None, 2:]
    size = (expected[:, 2:] - expected[:, :2])[:, None]
    agree = np.abs(low - high) < 0.01 + 0.3 * size
    both = np.where(agree, (low + high) / 2, np.where(np.abs(low) < np.abs(high), low, high))
    beyond = np.clip(seen[None, :, :2] - expected[:, None, 2:], 0, None)
    short = np.clip(expected[:, None, :2] - seen[None, :, 2:], 0, None)
    low_tells, high_tells = tells[..., :2], tells[..., 2:]
    one = np.where(low_tells, low, np.where(high_tells, high, beyond - short))
    return np.where(low_tells & high_tells, both, one)
