"""Several boxes of one mark: long marks are often found in pieces, unsure ones under two labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassline.contract import Box

from .association import MARGIN, Bools, Pairs, grown
from .boxes import Floats, areas, inside, intersections, iou
from .motion import Xyxy


def continues(a: Floats, b: Floats) -> Bools:
    """(n, m) whether a box of `b` goes on where one of `a` ends, equally wide: two pieces of one long mark."""
    low = np.abs(a[:, None, :2] - b[None, :, :2])
    high = np.abs(a[:, None, 2:] - b[None, :, 2:])
    width = np.maximum((a[:, 2:] - a[:, :2])[:, None], (b[:, 2:] - b[:, :2])[None])
    aligned = (np.maximum(low, high) < MARGIN + 0.25 * width).any(axis=2)
    result: Bools = aligned & (intersections(grown(a), grown(b)) > 0)
    return result


def further_boxes(pairs: Pairs, assigned: dict[int, int]) -> dict[int, list[int]]:
    """By track, the other boxes that show its mark again: parts of it, or the same under another label."""
    free = [column for column in range(len(pairs.boxes)) if column not in assigned.values()]
    parts: dict[int, list[int]] = {}
    for row, column in assigned.items():
        places, others = grown(np.stack((pairs.expected[row], pairs.boxes[column]))), grown(pairs.boxes[free])
        overlap, within = iou(places, others).max(axis=0), inside(places, others).max(axis=0)
        again = (within > 0.6) & (pairs.same_label[row, free] | (overlap > 0.3))
        part = again | (continues(places, others).any(axis=0) & pairs.same_label[row, free])
        parts[row] = [free[k] for k in np.flatnonzero(part)]
    return parts


def with_pieces(boxes: list[Box]) -> list[tuple[Box, Xyxy]]:
    """Boxes, best first, each with what it covers together with the weaker ones that continue it."""
    result, used = [], set[int]()
    xyxyn = np.array([box.xyxyn for box in boxes], float).reshape(-1, 4)
    joined = continues(xyxyn, xyxyn)
    for k, box in enumerate(boxes):
        if k not in used:
            pieces = [j for j in np.flatnonzero(joined[k]).tolist() if j not in used and boxes[j].label == box.label]
            used.update(pieces, [k])
            result.append((box, _union(xyxyn[[k, *pieces]])))
    return result


def extent_of(pairs: Pairs, row: int, seen: Sequence[int]) -> Xyxy:
    """What the boxes `seen` of a track cover together, but for those that reach far beyond where it was expected."""
    place, boxes = grown(pairs.expected[row : row + 1]), pairs.boxes[seen]
    shares = intersections(place, boxes)[0] / np.maximum(areas(boxes), 1e-9)
    chosen = (shares > 0.6) | continues(boxes[:1], boxes)[0]
    chosen[0] = True
    return _union(boxes[chosen])


def _union(boxes: Floats) -> Xyxy:
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    return x0, y0, x1, y1
