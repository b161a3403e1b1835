"""How well boxes agree with the truth: overlap, matching, average precision. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Corners = tuple[float, float, float, float]

#: A box finds a mark from this overlap (intersection over union) on.
MATCHING_IOU = 0.5
_STRICTER_IOUS = tuple(0.5 + 0.05 * step for step in range(10))


@dataclass(frozen=True)
class FoundBox:
    """What a detector says; corners in the unit of the truth's."""

    score: float
    label: str
    corners: Corners


@dataclass(frozen=True)
class Looked:
    """One picture: the true boxes (label, corners) and what was found, in any order."""

    truths: Sequence[tuple[str, Corners]]
    found: Sequence[FoundBox]


def iou(a: Corners, b: Corners) -> float:
    """Intersection over union; 0 where they do not meet."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def best_match(
    corners: Corners, truths: Sequence[Corners], taken: set[int], at_least: float = MATCHING_IOU
) -> int | None:
    """The free truth that overlaps most, if enough."""
    overlaps = [(iou(corners, truth), number) for number, truth in enumerate(truths) if number not in taken]
    best, number = max(overlaps, default=(0.0, -1))
    return number if best >= at_least else None


def hits(looked: Looked, at_least: float = MATCHING_IOU) -> list[tuple[FoundBox, int | None]]:
    """Each found box, best first, with the number of the truth that it finds (labels left aside), each truth once."""
    corners = [truth for _, truth in looked.truths]
    taken: set[int] = set()
    result = []
    for box in sorted(looked.found, key=lambda box: -box.score):
        hit = best_match(box.corners, corners, taken, at_least)
        if hit is not None:
            taken.add(hit)
        result.append((box, hit))
    return result


def average_precision(pictures: Sequence[Looked], at_least: float = MATCHING_IOU) -> float:
    """Area under the precision envelope over all recalls, labels left aside (as in PASCAL VOC 2010)."""
    total = sum(len(looked.truths) for looked in pictures)
    scored = [(box.score, hit is not None) for looked in pictures for box, hit in hits(looked, at_least)]
    if not scored or not total:
        return 0.0
    right = np.array([hit for _, hit in sorted(scored, key=lambda pair: -pair[0])])
    true = np.cumsum(right)
    recall, precision = true / total, true / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def only(pictures: Sequence[Looked], label: str) -> list[Looked]:
    """The same pictures as if there were this label alone."""
    return [
        Looked(
            [truth for truth in looked.truths if truth[0] == label],
            [box for box in looked.found if box.label == label],
        )
        for looked in pictures
    ]


def label_figures(pictures: Sequence[Looked], label: str, score_threshold: float) -> dict[str, float | int]:
    """Precision and recall at the threshold, AP at IoU 0.5, and its mean over IoU 0.5 to 0.95, of one label."""
    alone = only(pictures, label)
    believed = [(box, hit) for looked in alone for box, hit in hits(looked) if box.score >= score_threshold]
    boxes, found = sum(len(looked.truths) for looked in alone), sum(hit is not None for _, hit in believed)
    return {
        "boxes": boxes,
        "precision": round(found / max(1, len(believed)), 3),
        "recall": round(found / max(1, boxes), 3),
        "ap50": round(average_precision(alone), 3),
        "ap50_95": round(float(np.mean([average_precision(alone, at) for at in _STRICTER_IOUS])), 3),
    }


def false_alarms(looked: Looked, score_threshold: float) -> int:
    """How many boxes with at least this score find no mark, labels left aside."""
    return sum(hit is None and box.score >= score_threshold for box, hit in hits(looked))


def recall_by_label(pictures: Sequence[Looked], score_threshold: float) -> dict[str, float]:
    """Share of the truths of each label that a box of any label finds."""
    owed: dict[str, int] = {}
    found: dict[str, int] = {}
    for looked in pictures:
        for label, _ in looked.truths:
            owed[label] = owed.get(label, 0) + 1
        for box, hit in hits(looked):
            if hit is not None and box.score >= score_threshold:
                label = looked.truths[hit][0]
                found[label] = found.get(label, 0) + 1
    return {label: round(found.get(label, 0) / count, 3) for label, count in sorted(owed.items())}
