"""Whether our detector says what Ultralytics' own `predict` says of the same weights and pictures."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassline.vision import YoloDetector
from glassline.vision.files import find_model
from glassline.vision.runtimes import RUNTIMES, installed
from workbench.evaluation import Finder, finder, read_picture
from workbench.exporting import CannotExport, export_model
from workbench.scoring import FoundBox, iou
from workbench.training import load_yolo

log = logging.getLogger(__name__)

MIN_SCORE = 0.3
SEARCH_SCORE = 0.28
MIN_IOU = 0.9
MAX_SCORE_GAP = 0.02
_SUPPRESSION_IOU = 0.7


def has_partner(box: FoundBox, others: Sequence[FoundBox]) -> bool:
    """Whether one of the others is the same box: same label, nearly the same place and score."""
    return any(
        other.label == box.label
        and abs(other.score - box.score) <= MAX_SCORE_GAP
        and iou(other.corners, box.corners) >= MIN_IOU
        for other in others
    )


def agreement(ours: Sequence[Sequence[FoundBox]], theirs: Sequence[Sequence[FoundBox]]) -> dict[str, float | int]:
    """Picture by picture: how many boxes of at least MIN_SCORE have a partner on the other side, either way."""
    figures: dict[str, float | int] = {}
    for name, these, those in (("ours", ours, theirs), ("theirs", theirs, ours)):
        sure = [(box, others) for found, others in zip(these, those, strict=True) for box in found]
        sure = [(box, others) for box, others in sure if box.score >= MIN_SCORE]
        partnered = sum(has_partner(box, others) for box, others in sure)
        figures[f"{name}_boxes"] = len(sure)
        figures[f"{name}_with_partner"] = round(partnered / len(sure), 5) if sure else 0.0
    return figures


def measure(
    best: Path, pictures: Sequence[Path], *, runtimes: Sequence[str], half_weights: bool = False,
    shown: Callable[[Sequence[Path], str], Iterator[Path]] = lambda paths, label: iter(paths),
) -> dict[str, Any]:  # fmt: skip
    """Agreement of each runtime with Ultralytics on these pictures, in float32 and with the same letterbox.

    `best` is exported anew into a folder that is deleted afterwards. `runtimes` left empty: all that are installed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        done = export_model(best, Path(scratch), half_weights=half_weights)
        if not done.written:
            raise CannotExport("; ".join(done.problems))
        ways = [
            (path, name)
            for path in [*done.written, best]
            for name, known in RUNTIMES.items()
            if find_model(path).kind in known.kinds and installed(name)
        ]
        chosen = [(path, name) for path, name in ways if not runtimes or name in runtimes]
        with YoloDetector(done.written[0]) as detector:
            imgsz = detector.card.imgsz
        theirs = _look(_ultralytics(best, imgsz), pictures, shown, "Ultralytics")
        figures = {}
        for path, name in chosen:
            with YoloDetector(
                path,
                runtime=name,
                score_threshold=2 * SEARCH_SCORE,
                iou_threshold=_SUPPRESSION_IOU,
                threads=1,
                across_labels=False,
            ) as detector:
                ours = _look(finder(detector), pictures, shown, f"{name}, {path.name}")
            figures[f"{path.name} on {name}"] = told = agreement(ours, theirs)
            log.info("%s on %s: %s", path.name, name, told)
    return {"pictures": len(pictures), "imgsz": imgsz, "half_weights": half_weights, "runtimes": figures}


def _look(look: Finder, pictures: Sequence[Path], shown: Any, label: str) -> list[list[FoundBox]]:
    return [look(read_picture(path)) for path in shown(pictures, label)]


def _ultralytics(best: Path, imgsz: int) -> Finder:
    model = load_yolo()(str(best))

    def look(bgr: NDArray[np.uint8]) -> list[FoundBox]:
        boxes = model.predict(
            bgr, imgsz=imgsz, conf=SEARCH_SCORE, iou=_SUPPRESSION_IOU, device="cpu", verbose=False
        )[0].boxes  # fmt: skip
        rows = zip(boxes.conf.tolist(), boxes.cls.tolist(), boxes.xyxyn.tolist(), strict=True)
        return [
            FoundBox(score, str(model.names[int(number)]), (x0, y0, x1, y1)) for score, number, (x0, y0, x1, y1) in rows
        ]

    return look
