"""How good a model is: on conveyor frames with known truth, and on labelled photographs of a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from glassline.scene import LABELS, Conveyor
from glassline.vision import Detector

Corners = tuple[float, float, float, float]

#: A box finds a mark from this overlap (intersection over union) on.
MATCHING_IOU = 0.5
#: Marks of which less is in view need not be found, and finding them is no mistake.
_OWED_SHARE = 0.6
_THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
_F1_SLACK = 0.003
_FRAME_STEP_S = 0.83


@dataclass
class Tally:
    """Counts at one score threshold."""

    frames: int = 0
    owed: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    false: int = 0

    def figures(self) -> dict[str, Any]:
        """Recall as a whole and by label, share of found marks with the right label, false boxes per frame."""
        owed, found = sum(self.owed.values()), sum(self.found.values())
        return {
            "recall": round(found / max(1, owed), 3),
            "recall_by_label": {label: round(self.found[label] / max(1, self.owed[label]), 3) for label in LABELS},
            "right_label": round(sum(self.named.values()) / max(1, found), 3),
            "false_per_frame": round(self.false / max(1, self.frames), 4),
        }

    @property
    def f1(self) -> float:
        """Harmonic mean of recall and precision."""
        found = sum(self.found.values())
        return 2 * found / max(1, sum(self.owed.values()) + found + self.false)


@dataclass(frozen=True)
class _Truth:
    label: str
    corners: Corners
    owed: bool


def on_conveyor(
    detector: Detector, *, seeds: Sequence[int] = (7, 8), frames: int = 150, start_s: float = 1.7e9
) -> tuple[dict[str, Any], float]:
    """Figures on `frames` frames of each seed, by score threshold, and the highest threshold with nearly the best F1.

    The detector must be entered with a score threshold no higher than the lowest one reported (0.2).
    """
    tallies = {threshold: Tally() for threshold in _THRESHOLDS}
    for seed in seeds:
        conveyor = Conveyor(seed=seed)
        for number in range(frames):
            time_s = start_s + number * _FRAME_STEP_S
            truths = [
                _Truth(mark.label, mark.xyxyn, mark.visible_share >= _OWED_SHARE) for mark in conveyor.truth(time_s)
            ]
            boxes = [(box.score, box.label, box.xyxyn) for box in detector.detect(conveyor.frame(time_s))]
            for threshold, tally in tallies.items():
                _count(tally, truths, [box for box in boxes if box[0] >= threshold])
    peak = max(tally.f1 for tally in tallies.values())
    best = max(threshold for threshold, tally in tallies.items() if tally.f1 >= peak - _F1_SLACK)
    by_threshold = {f"{threshold:.2f}": tally.figures() for threshold, tally in tallies.items()}
    return {"seeds": list(seeds), "frames": frames * len(seeds), "by_score_threshold": by_threshold}, best


def on_photographs(detector: Detector, images: Path, labels: Path, *, limit: int | None = None) -> dict[str, Any]:
    """Average precision at IoU 0.5 with the labels left aside, on JPEGs and their YOLO label files, by name.

    The detector should be entered with a very low score threshold. Source of the measure: the area under the
    precision envelope over all recalls, as in PASCAL VOC 2010.
    """
    scored: list[tuple[float, bool]] = []
    total = 0
    paths = sorted(images.glob("*.jpg"))[:limit]
    for path in paths:
        truths = [_Truth("", corners, True) for corners in _read_labels(labels / f"{path.stem}.txt")]
        total += len(truths)
        bgr = cv2.imread(str(path))
        if bgr is None:
            raise ValueError(f"{path} is not a picture that OpenCV can read")
        boxes = sorted(detector.detect(np.asarray(bgr, np.uint8)), key=lambda box: -box.score)
        taken: set[int] = set()
        for box in boxes:
            hit = _match(box.xyxyn, truths, taken)
            if hit is not None:
                taken.add(hit)
            scored.append((box.score, hit is not None))
    return {"pictures": len(paths), "boxes": total, "ap50": round(_average_precision(scored, total), 3)}


def _count(tally: Tally, truths: list[_Truth], boxes: list[tuple[float, str, Corners]]) -> None:
    tally.frames += 1
    tally.owed.update(truth.label for truth in truths if truth.owed)
    taken: set[int] = set()
    for _, label, corners in sorted(boxes, reverse=True):
        hit = _match(corners, truths, taken)
        if hit is None:
            tally.false += not any(_iou(corners, truth.corners) > 0.1 for truth in truths if not truth.owed)
            continue
        taken.add(hit)
        if truths[hit].owed:
            tally.found[truths[hit].label] += 1
            tally.named[truths[hit].label] += label == truths[hit].label


def _match(corners: Corners, truths: list[_Truth], taken: set[int]) -> int | None:
    """The free truth that overlaps most, if enough."""
    overlaps = [(_iou(corners, truth.corners), number) for number, truth in enumerate(truths) if number not in taken]
    best, number = max(overlaps, default=(0.0, -1))
    return number if best >= MATCHING_IOU else None


def _iou(a: Corners, b: Corners) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def _read_labels(path: Path) -> Iterator[Corners]:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            x, y, width, height = (float(value) for value in line.split()[1:5])
            yield (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _average_precision(scored: list[tuple[float, bool]], total: int) -> float:
    if not scored or not total:
        return 0.0
    hits = np.array([hit for _, hit in sorted(scored, key=lambda pair: -pair[0])])
    true = np.cumsum(hits)
    recall, precision = true / total, true / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))
