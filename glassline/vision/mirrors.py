"""Glass looks the same from either side: a detector that looks at each picture in several mirror images."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glassline.contract import Box

from . import boxes
from .card import ModelCard
from .detector import FAINT_SHARE, Detector
from .fusion import fuse
from .yolo import YoloDetector

LOOKS = (1, 4, 8)
"""How many mirror images there are to choose from: the picture itself, both ways mirrored, also on its side."""
_LOOK_SHARE = 0.25
"""Of the thresholds of the whole, those of a single look: the others may be surer."""


@dataclass(frozen=True)
class Mirror:
    """One of the eight ways to lay a picture down: on its side first, then left to right, then upside down."""

    on_side: bool = False
    left_right: bool = False
    upside_down: bool = False

    def image(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A (h, w, 3) picture so laid down, (w, h, 3) on its side."""
        laid = bgr.transpose(1, 0, 2) if self.on_side else bgr
        return np.ascontiguousarray(laid[:: -1 if self.upside_down else 1, :: -1 if self.left_right else 1])

    def back(self, xyn: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) points of the mirror image, x and y 0-1, in the picture itself."""
        upright = np.abs(xyn - (self.left_right, self.upside_down))
        return upright[:, ::-1] if self.on_side else upright


MIRRORS = [Mirror(side, across, down) for side in (False, True) for across in (False, True) for down in (False, True)]


def looking(
    path: str | os.PathLike[str], *, looks: int, across_labels: bool = True, every_label: bool = False, **how: Any
) -> Detector:
    """The YoloDetector of a model, looking so many times: `across_labels`, `every_label` and `how` are its arguments.

    With several looks each look tells every label of a place, and which of them the place gets is decided at the end:
    else one look could leave out what the others see.
    """
    if looks not in LOOKS:
        raise ValueError(f"there are {', '.join(map(str, LOOKS))} looks to choose from, not {looks}")
    if looks == 1:
        return YoloDetector(path, across_labels=across_labels, every_label=every_label, **how)
    every = YoloDetector(path, across_labels=False, every_label=True, **how)
    return MirroredDetector(every, looks=looks, across_labels=across_labels)


class MirroredDetector:
    """A Detector that looks 4 or 8 times with another: slower by that, with fewer false boxes.

    The score of a box is the mean over all looks, where it was not found counting 0. A mask is that of the look that
    is surest. `across_labels` is as in YoloDetector.

        with looking("best.onnx", looks=8) as detector:
            boxes = detector.detect(bgr)
    """

    def __init__(self, detector: Detector, *, looks: int, across_labels: bool = True) -> None:
        self._detector, self._across_labels = detector, across_labels
        self._mirrors = MIRRORS[:looks]
        self._label_scores: Mapping[str, float] = {}
        self._score_threshold: float | None = None
        self._inference_ms = 0.0

    @property
    def runtime(self) -> str:
        return self._detector.runtime

    @property
    def card(self) -> ModelCard:
        return self._detector.card

    @property
    def inference_ms(self) -> float:
        return self._inference_ms

    @property
    def score_threshold(self) -> float:
        return self._detector.score_threshold if self._score_threshold is None else self._score_threshold

    @score_threshold.setter
    def score_threshold(self, score: float) -> None:
        self._score_threshold = score
        self._detector.score_threshold = _LOOK_SHARE * score

    @property
    def label_scores(self) -> Mapping[str, float]:
        return self._label_scores

    @label_scores.setter
    def label_scores(self, scores: Mapping[str, float]) -> None:
        self._label_scores = scores
        self._detector.label_scores = {label: _LOOK_SHARE * score for label, score in scores.items()}

    def __enter__(self) -> Self:
        self._detector.__enter__()
        self.score_threshold = self.score_threshold
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._detector.__exit__(kind, error, trace)

    def detect(self, bgr: NDArray[np.uint8]) -> list[Box]:
        begin = time.perf_counter()
        looked = [
            (look, _back(box, mirror))
            for look, mirror in enumerate(self._mirrors)
            for box in self._detector.detect(mirror.image(bgr))
        ]
        result = self._fused([look for look, _ in looked], [box for _, box in looked])
        self._inference_ms = (time.perf_counter() - begin) * 1000
        return result

    def _fused(self, look_ids: list[int], seen: list[Box]) -> list[Box]:
        labels = self.card.labels
        found = boxes.Found(
            np.array([box.xyxyn for box in seen]).reshape(-1, 4),
            np.array([box.score for box in seen]),
            np.array([labels.index(box.label) for box in seen], np.intp),
            np.arange(len(seen), dtype=float)[:, None],  # which one it is, so that its mask is found again
        )
        found = fuse(found, np.array(look_ids, np.intp), looks=len(self._mirrors))
        least = np.array([FAINT_SHARE * self._label_scores.get(label, self.score_threshold) for label in labels])
        found = found.take(np.flatnonzero(found.scores >= least[found.class_ids]))
        if self._across_labels:
            found = boxes.one_per_mark(found)
        corners = np.clip(found.xyxy, 0.0, 1.0).tolist()
        which = zip(corners, found.scores.tolist(), found.class_ids, found.coefficients[:, 0].astype(int), strict=True)
        return [Box(label=labels[n], score=score, xyxyn=xyxyn, mask=seen[k].mask) for xyxyn, score, n, k in which]


def _back(box: Box, mirror: Mirror) -> Box:
    """A box of the mirror image in the picture itself."""
    (x0, y0), (x1, y1) = np.sort(mirror.back(np.reshape(box.xyxyn, (2, 2))), axis=0).tolist()
    mask = box.mask and [(x, y) for x, y in mirror.back(np.array(box.mask)).tolist()]
    return box.model_copy(update={"xyxyn": (x0, y0, x1, y1), "mask": mask})
