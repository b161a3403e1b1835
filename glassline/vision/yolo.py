"""YOLO models on any runtime: picture to input, through the network, boxes and masks out of what it says."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glassline.contract import Box

from . import boxes
from .card import ModelCard, check_digest, literal, read_card, stored_card
from .detector import FAINT_SHARE
from .errors import ModelBrokenError, first_line
from .files import DEFAULT_MODEL, EXPORT, ModelFile, find_model
from .letterbox import Letterbox
from .masks import mask_of, outline
from .runtimes import Runtime, load, runtimes_for

_STRIDE = 32


class YoloDetector:
    """A Detector for YOLOv8 and YOLO11 detect and segment models as Ultralytics exports them, any labels.

    `path` is an .onnx file, a folder of ncnn or OpenVINO, or a .pt file; `runtime` is the name of what runs it, by
    default the first that is installed for such files. `threads` bounds what a frame may take of the CPU. `half` lets
    the runtime compute in half precision. `image_wh` is the size of the pictures to come: on entering, one of that
    size is looked at. `iou_threshold` is that of the suppression within a label. `across_labels=False` leaves it
    at that, as Ultralytics does; otherwise a mark seen under two labels or in parts comes out as one box. With
    `every_label` a place gives a box for each label that it reaches the score of, as where mAP is measured.

        with YoloDetector("best.onnx") as detector:
            for box in detector.detect(bgr):
                print(box.label, box.score, box.xyxyn)
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = DEFAULT_MODEL,
        *,
        runtime: str | None = None,
        score_threshold: float | None = None,
        threads: int = 2,
        half: bool = False,
        image_wh: tuple[int, int] = (640, 480),
        iou_threshold: float = 0.7,
        across_labels: bool = True,
        every_label: bool = False,
    ) -> None:
        self.path = Path(path)
        self.runtime = runtime or ""
        self.label_scores: Mapping[str, float] = {}
        self._asked_score_threshold = score_threshold
        self._threads, self._half, self._image_wh = threads, half, image_wh
        self._iou_threshold, self._across_labels, self._every_label = iou_threshold, across_labels, every_label
        self._loaded: Runtime | None = None
        self._letterbox: Letterbox | None = None
        self._card: ModelCard | None = None
        self._inference_ms = 0.0

    @property
    def card(self) -> ModelCard:
        if self._card is None:
            raise RuntimeError("the model is not loaded: use the detector in a with statement")
        return self._card

    @property
    def score_threshold(self) -> float:
        asked = self._asked_score_threshold
        return self.card.score_threshold if asked is None else asked

    @score_threshold.setter
    def score_threshold(self, score: float) -> None:
        self._asked_score_threshold = score

    @property
    def inference_ms(self) -> float:
        return self._inference_ms

    def __enter__(self) -> Self:
        model = find_model(self.path)
        stored, sha256 = stored_card(model.card_path), model.sha256()
        check_digest(model, stored, sha256)
        self.runtime = self.runtime or runtimes_for(model)[0]
        self._loaded = load(model, self.runtime, threads=self._threads, half=self._half)
        try:
            self._card = read_card(model, stored, metadata=self._loaded.metadata, sha256=sha256)
            self._letterbox = _letterbox(model, self._loaded, self._card)
            self.detect(np.zeros((*self._image_wh[::-1], 3), np.uint8))
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def detect(self, bgr: NDArray[np.uint8]) -> list[Box]:
        if self._letterbox is None:
            raise RuntimeError("the model is not loaded: use the detector in a with statement")
        begin = time.perf_counter()
        tensor = self._letterbox.fill(bgr)
        rows, prototypes = self._run(tensor)
        least = [self.label_scores.get(label, self.score_threshold) for label in self.card.labels]
        found = boxes.decode(
            rows,
            class_count=len(least),
            min_score=FAINT_SHARE * np.array(least),
            every_label=self._every_label,
        )
        found = boxes.suppress(found, iou_threshold=self._iou_threshold)
        if self._across_labels:
            found = boxes.one_per_mark(found)
        result = self._to_contract(found, prototypes, tensor.shape[2:], self._letterbox)
        self._inference_ms = (time.perf_counter() - begin) * 1000
        return result

    def _run(self, tensor: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """(rows of the one picture in `tensor`, its prototypes where the model segments)."""
        assert self._loaded is not None
        try:
            outputs = self._loaded.run(tensor)
        except Exception as error:
            raise ModelBrokenError(
                f"{self.path} cannot be run by {self.runtime}: {first_line(error)}. Export it again: {EXPORT}"
            ) from error
        return _checked(self.path, self.card, outputs)

    def _to_contract(
        self, found: boxes.Found, prototypes: NDArray[Any] | None, input_hw: Any, letterbox: Letterbox
    ) -> list[Box]:
        result = []
        rows = letterbox.to_xyxyn(found.xyxy).tolist()
        for k, ((x0, y0, x1, y1), score, class_id) in enumerate(zip(rows, found.scores, found.class_ids, strict=True)):
            if x0 >= x1 or y0 >= y1:
                continue
            polygon = None
            if prototypes is not None:
                mask, left_top = mask_of(prototypes, found.coefficients[k], found.xyxy[k], input_hw)
                if not mask.any():
                    continue
                points = outline(mask, left_top)
                polygon = None if points is None else [(x, y) for x, y in letterbox.to_xyn(points).tolist()]
            label = self.card.labels[int(class_id)]
            result.append(Box(label=label, score=float(score), xyxyn=(x0, y0, x1, y1), mask=polygon))
        return result

    def _close(self) -> None:
        self._loaded = self._letterbox = None


def _letterbox(model: ModelFile, runtime: Runtime, card: ModelCard) -> Letterbox:
    if runtime.input_hw is not None:
        return Letterbox(input_hw=runtime.input_hw)
    stride = max(int(literal(runtime.metadata.get("stride", _STRIDE))), _STRIDE)
    side = -(-card.imgsz // stride) * stride
    return Letterbox(input_hw=(side, side), stride=stride)


def _checked(path: Path, card: ModelCard, outputs: list[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The raw rows (4 + labels [+ mask coefficients], N) of a detect or segment head, and its prototypes (k, h, w)."""
    rows = 4 + len(card.labels)
    shapes = [tuple(output.shape) for output in outputs]
    prototypes = next((output[0] for output in outputs if output.ndim == 4), None)
    wanted = rows + (len(prototypes) if prototypes is not None and card.task == "segment" else 0)
    fits = len(shapes[0]) == 3 and shapes[0][:2] == (1, wanted)
    if not fits or (card.task == "segment" and prototypes is None):
        masks = " + mask coefficients, and prototypes" if card.task == "segment" else ""
        raise ModelBrokenError(
            f"{path}: expected an output of shape (1, {rows}{masks}, N) for {len(card.labels)} labels, got "
            f"{', '.join(map(str, shapes))}. If the labels in its card are right, export it without built-in "
            f"suppression: {EXPORT}"
        )
    return np.asarray(outputs[0][0], np.float32), prototypes
