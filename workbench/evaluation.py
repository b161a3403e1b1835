"""How good a model is: on conveyor frames with known truth, and on labelled photographs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from glassline.scene import LABELS, Conveyor
from glassline.vision import Detector
from workbench import scoring
from workbench.scoring import Corners, FoundBox, Looked
from workbench.yolo_data import Photograph

#: Marks of which less is in view need not be found, and finding them is no mistake.
_OWED_SHARE = 0.6
_THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
_F1_SLACK = 0.003
_FRAME_STEP_S = 0.83
FOUND_BGR, MISSED_BGR, FALSE_BGR = (0, 160, 0), (0, 0, 255), (255, 120, 0)

Finder = Callable[[NDArray[np.uint8]], list[FoundBox]]


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


def finder(detector: Detector) -> Finder:
    """The detector as a function from a picture to what it finds there."""
    return lambda bgr: [FoundBox(box.score, box.label, box.xyxyn) for box in detector.detect(bgr)]


def on_conveyor(
    detector: Detector, *, seeds: Sequence[int] = (7, 8), frames: int = 150, start_s: float = 1.7e9
) -> tuple[dict[str, Any], float]:
    """Figures on `frames` frames of each seed, by score threshold, and the highest threshold with nearly the best F1.

    The detector must be entered with a score threshold no higher than the lowest one reported (0.2).
    """
    tallies = {threshold: Tally() for threshold in _THRESHOLDS}
    find = finder(detector)
    for seed in seeds:
        conveyor = Conveyor(seed=seed)
        for number in range(frames):
            time_s = start_s + number * _FRAME_STEP_S
            marks = conveyor.truth(time_s)
            looked = Looked([(mark.label, mark.xyxyn) for mark in marks], find(conveyor.frame(time_s)))
            owed = [mark.visible_share >= _OWED_SHARE for mark in marks]
            for threshold, tally in tallies.items():
                _count(tally, looked, owed, threshold)
    peak = max(tally.f1 for tally in tallies.values())
    best = max(threshold for threshold, tally in tallies.items() if tally.f1 >= peak - _F1_SLACK)
    by_threshold = {f"{threshold:.2f}": tally.figures() for threshold, tally in tallies.items()}
    return {"seeds": list(seeds), "frames": frames * len(seeds), "by_score_threshold": by_threshold}, best


def look_at(find: Finder, photographs: Iterable[Photograph]) -> list[Looked]:
    """What is found on each; ValueError when a file is no picture."""
    return [Looked(photograph.truths, find(read_picture(photograph.path))) for photograph in photographs]


def photograph_figures(pictures: Sequence[Looked], *, score_threshold: float) -> dict[str, Any]:
    """AP at IoU 0.5 with the labels left aside; at the threshold, what share of each label is found, and false alarms.

    A false alarm is a box that finds no mark; those on pictures of clean glass, without any mark, stand apart too. The
    detector should have been entered with a very low score threshold.
    """
    false = [scoring.false_alarms(looked, score_threshold) for looked in pictures]
    on_clean = [count for count, looked in zip(false, pictures, strict=True) if not looked.truths]
    return {
        "pictures": len(pictures),
        "boxes": sum(len(looked.truths) for looked in pictures),
        "ap50": round(scoring.average_precision(pictures), 3),
        "score_threshold": score_threshold,
        "recall_by_label": scoring.recall_by_label(pictures, score_threshold),
        "false_per_picture": round(sum(false) / max(1, len(false)), 3),
        "clean_pictures": len(on_clean),
        "false_per_clean_picture": round(sum(on_clean) / len(on_clean), 3) if on_clean else None,
    }


def label_table(
    pictures: Sequence[Looked], labels: Sequence[str], *, score_threshold: float
) -> dict[str, dict[str, float | int]]:
    """Precision, recall, AP50 and AP50-95 of each label, and their means as `all`."""
    rows = {label: scoring.label_figures(pictures, label, score_threshold) for label in labels}
    present = [row for row in rows.values() if row["boxes"]]
    figures = ("precision", "recall", "ap50", "ap50_95")
    means = {key: round(float(np.mean([row[key] for row in present] or [0])), 3) for key in figures}
    return {**rows, "all": {"boxes": sum(int(row["boxes"]) for row in present), **means}}


def as_text(table: dict[str, dict[str, float | int]]) -> str:
    """The table of `label_table` for people to read: a line for each label."""
    head = f"{'label':<16}{'boxes':>7}{'precision':>11}{'recall':>8}{'mAP50':>8}{'mAP50-95':>10}"
    lines = [
        f"{label:<16}{row['boxes']:>7}{row['precision']:>11.3f}{row['recall']:>8.3f}{row['ap50']:>8.3f}{row['ap50_95']:>10.3f}"
        for label, row in table.items()
    ]
    return "\n".join([head, *lines])


def draw_mistakes(
    photographs: Sequence[Photograph], pictures: Sequence[Looked], directory: Path, *, score_threshold: float
) -> int:
    """Write each picture with a miss (red) or a false alarm (blue), what was found in green; returns how many."""
    directory.mkdir(parents=True, exist_ok=True)
    written = 0
    for photograph, looked in zip(photographs, pictures, strict=True):
        believed = [(box, hit) for box, hit in scoring.hits(looked) if box.score >= score_threshold]
        found = {hit for _, hit in believed if hit is not None}
        if len(found) == len(looked.truths) == len(believed):
            continue
        canvas = read_picture(photograph.path)
        for number, (label, corners) in enumerate(looked.truths):
            if number not in found:
                outline(canvas, corners, f"missed {label}", MISSED_BGR)
        for box, hit in believed:
            outline(canvas, box.corners, f"{box.label} {box.score:.2f}", FALSE_BGR if hit is None else FOUND_BGR)
        cv2.imwrite(str(directory / photograph.path.name), canvas)
        written += 1
    return written


def outline(canvas: NDArray[np.uint8], corners: Corners, text: str, colour_bgr: tuple[int, int, int]) -> None:
    """Draw a box, corners 0-1, with a text in it."""
    height, width = canvas.shape[:2]
    x0, y0, x1, y1 = (round(value * side) for value, side in zip(corners, (width, height) * 2, strict=True))
    cv2.rectangle(canvas, (x0, y0), (x1 - 1, y1 - 1), colour_bgr, 2)
    cv2.putText(canvas, text, (x0 + 3, max(12, y0 + 14)), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour_bgr, 1, cv2.LINE_AA)


def _count(tally: Tally, looked: Looked, owed: list[bool], threshold: float) -> None:
    tally.frames += 1
    tally.owed.update(label for (label, _), counts in zip(looked.truths, owed, strict=True) if counts)
    optional = [corners for (_, corners), counts in zip(looked.truths, owed, strict=True) if not counts]
    for box, hit in scoring.hits(looked):
        if box.score < threshold:
            continue
        if hit is None:
            tally.false += not any(scoring.iou(box.corners, corners) > 0.1 for corners in optional)
        elif owed[hit]:
            label = looked.truths[hit][0]
            tally.found[label] += 1
            tally.named[label] += box.label == label


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(h, w, 3) BGR; ValueError when the file is no picture."""
    bgr = cv2.imread(str(path))
    if bgr is None:
        raise ValueError(f"{path} is not a picture that OpenCV can read")
    return np.asarray(bgr, np.uint8)
