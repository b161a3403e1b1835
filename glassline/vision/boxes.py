"""Boxes as arrays: overlap, decoding of raw YOLO output, and suppression of those that mean the same mark.

Everywhere `xyxy` is (n, 4): left, top, right, bottom, in any one unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

MAX_CANDIDATES = 2000
MAX_BOXES = 300


@dataclass(frozen=True)
class Found:
    """Parallel arrays: `xyxy` (n, 4) in input pixels, `scores` (n,) 0-1, `class_ids` (n,), `coefficients` (n, k).

    The coefficients make masks out of a segment model's prototypes; a detect model has none (k = 0).
    """

    xyxy: Floats
    scores: Floats
    class_ids: Ints
    coefficients: Floats

    def take(self, indices: Ints) -> Found:
        """Those at `indices`, in that order."""
        return Found(self.xyxy[indices], self.scores[indices], self.class_ids[indices], self.coefficients[indices])


def areas(xyxy: Floats) -> Floats:
    """(n,) areas; 0 for a box that is inside out."""
    return np.clip(xyxy[:, 2] - xyxy[:, 0], 0, None) * np.clip(xyxy[:, 3] - xyxy[:, 1], 0, None)


def intersections(a: Floats, b: Floats) -> Floats:
    """(n, m) areas that each of `a` (n, 4) shares with each of `b` (m, 4)."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.clip(bottom_right - top_left, 0, None)
    shared: Floats = sides[..., 0] * sides[..., 1]
    return shared


def iou(a: Floats, b: Floats) -> Floats:
    """(n, m) intersection over union, 0 where both are empty."""
    shared = intersections(a, b)
    union = areas(a)[:, None] + areas(b)[None, :] - shared
    return _ratio(shared, union)


def inside(a: Floats, b: Floats) -> Floats:
    """(n, m) intersection over the area of the smaller of the two: 1 where one lies wholly inside the other."""
    return _ratio(intersections(a, b), np.minimum(areas(a)[:, None], areas(b)[None, :]))


def decode(raw: Floats, *, class_count: int, min_score: float | Floats, every_label: bool = False) -> Found:
    """Boxes of a raw YOLOv8/YOLO11 output with at least `min_score`, best first, at most MAX_CANDIDATES.

    `raw` is (4 + class_count + extra, N): centre x, centre y, width, height in input pixels, then one row of scores
    (0-1) per class, then the rows of coefficients that a segment model adds for its masks. Each of the N places
    gives its best class only, of those that reach `min_score`, which may be one for each class; with `every_label`
    it gives a box for each that does. Layout after Ultralytics' Detect head; there is no objectness row as in YOLOv5.
    """
    class_scores = raw[4 : 4 + class_count]
    class_scores = np.where(class_scores >= np.reshape(min_score, (-1, 1)), class_scores, -1)
    if every_label:
        places, class_ids = np.nonzero(class_scores.T >= 0)
    else:
        places = np.flatnonzero(class_scores.max(axis=0) >= 0)
        class_ids = class_scores[:, places].argmax(axis=0)
    scores = class_scores[class_ids, places]
    kept = np.argsort(-scores, kind="stable")[:MAX_CANDIDATES]
    class_ids, places = class_ids[kept], places[kept]
    centres, halves = raw[:2, places].T, raw[2:4, places].T / 2
    xyxy = np.concatenate((centres - halves, centres + halves), axis=1)
    coefficients = raw[4 + class_count :, places].T
    return Found(xyxy, np.clip(scores[kept], 0, 1), class_ids, coefficients)


def suppress(found: Found, *, iou_threshold: float, max_boxes: int = MAX_BOXES) -> Found:
    """Greedy non-maximum suppression within each class: a box goes when a better one overlaps it more.

    `found` must be sorted by score, best first, as `decode` gives it, and so is the result.
    """
    alive = np.ones(len(found.scores), bool)
    kept: list[int] = []
    for k in range(len(found.scores)):
        if not alive[k]:
            continue
        kept.append(k)
        if len(kept) == max_boxes:
            break
        rest = slice(k + 1, None)
        overlap = iou(found.xyxy[k : k + 1], found.xyxy[rest])[0]
        alive[rest] &= (overlap <= iou_threshold) | (found.class_ids[rest] != found.class_ids[k])
    return found.take(np.array(kept, np.intp))


def one_per_mark(
    found: Found,
    *,
    iou_threshold: float = 0.5,
    inside_threshold: float = 0.8,
    shared_iou: float = 0.3,
    part_share: float = 0.2,
) -> Found:
    """Drop boxes that most likely mean a mark which a better box already means, whatever their labels.

    One mark is often seen twice: under two labels, or as a whole and in parts. A box goes when it overlaps a better
    one by more than `iou_threshold`, or when one of the two lies by more than `inside_threshold` inside the other and
    they either have the same label, the smaller one measuring at least `part_share` of the other, or an overlap above
    `shared_iou`. So a bubble or a short scratch within the wide box of a slanting one stays, and so does every mark in
    a box that holds a whole pane. Sorted by score, as in `suppress`.
    """
    size = areas(found.xyxy)
    overlap, within = iou(found.xyxy, found.xyxy), inside(found.xyxy, found.xyxy)
    same_label = found.class_ids[:, None] == found.class_ids[None, :]
    part = same_label & (np.minimum.outer(size, size) >= part_share * np.maximum.outer(size, size))
    same_mark = (overlap > iou_threshold) | ((within > inside_threshold) & (part | (overlap > shared_iou)))
    kept: list[int] = []
    for k in range(len(found.scores)):
        if not same_mark[k, kept].any():
            kept.append(k)
    return found.take(np.array(kept, np.intp))


def _ratio(part: Floats, whole: Floats) -> Floats:
    result: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return result
