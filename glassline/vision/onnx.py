"""YOLO models as ONNX files, run by ONNX Runtime on the CPU."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glassline.contract import Box

from . import boxes
from .card import ModelCard, read_card
from .errors import ModelBrokenError, ModelMissingError, RuntimeMissingError
from .letterbox import Letterbox

DEFAULT_MODEL = Path(__file__).parent / "models" / "glassline-n.onnx"
#: Boxes are reported from this share of the score threshold on.
FAINT_SHARE = 0.5
_EXPORT = "yolo export model=best.pt format=onnx"
_INPUT_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class OnnxDetector:
    """A Detector for YOLOv8 and YOLO11 detect and segment models as Ultralytics exports them, any labels.

    `threads` bounds what a frame may take of the CPU; idle threads sleep rather than spin, so that capture beside
    them is not starved. `iou_threshold` is that of the suppression within a label. `across_labels=False` leaves it
    at that, as Ultralytics does; otherwise a mark seen under two labels or in parts comes out as one box.

        with OnnxDetector("best.onnx") as detector:
            for box in detector.detect(bgr):
                print(box.label, box.score, box.xyxyn)
    """

    runtime = "onnxruntime"

    def __init__(
        self,
        path: str | os.PathLike[str] = DEFAULT_MODEL,
        *,
        score_threshold: float | None = None,
        threads: int = 2,
        iou_threshold: float = 0.7,
        across_labels: bool = True,
    ) -> None:
        self.path = Path(path)
        self._asked_score_threshold = score_threshold
        self._threads = threads
        self._iou_threshold = iou_threshold
        self._across_labels = across_labels
        self._session: Any = None
        self._input: Any = None
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

    @property
    def inference_ms(self) -> float:
        return self._inference_ms

    def __enter__(self) -> Self:
        model = _read_model(self.path)
        self._session = _open_session(self.path, model, self._threads)
        try:
            metadata = self._session.get_modelmeta().custom_metadata_map
            self._card = read_card(self.path, metadata=metadata, sha256=hashlib.sha256(model).hexdigest())
            self._input = _check_input(self.path, self._session.get_inputs())
            self._letterbox = Letterbox(input_hw=_input_hw(self._input.shape, self._card.imgsz))
            self.detect(np.zeros((64, 64, 3), np.uint8))
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
        raw = self._run(self._letterbox.fill(bgr))
        found = boxes.decode(raw, class_count=len(self.card.labels), min_score=FAINT_SHARE * self.score_threshold)
        found = boxes.suppress(found, iou_threshold=self._iou_threshold)
        if self._across_labels:
            found = boxes.one_per_mark(found)
        result = self._to_contract(found, self._letterbox)
        self._inference_ms = (time.perf_counter() - begin) * 1000
        return result

    def _run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, N) float32 of the one picture in `tensor`."""
        dtype = _INPUT_DTYPES[self._input.type]
        try:
            outputs = self._session.run(None, {self._input.name: tensor.astype(dtype, copy=False)})
        except Exception as error:
            raise ModelBrokenError(
                f"{self.path} cannot be run: {_first_line(error)}. Export it again: {_EXPORT}"
            ) from error
        return _check_output(self.path, self.card, outputs[0])

    def _to_contract(self, found: boxes.Found, letterbox: Letterbox) -> list[Box]:
        result = []
        rows = letterbox.to_xyxyn(found.xyxy).tolist()
        for (x0, y0, x1, y1), score, class_id in zip(rows, found.scores, found.class_ids, strict=True):
            if x0 < x1 and y0 < y1:
                label = self.card.labels[int(class_id)]
                result.append(Box(label=label, score=float(score), xyxyn=(x0, y0, x1, y1)))
        return result

    def _close(self) -> None:
        self._session = self._input = self._letterbox = None


def _read_model(path: Path) -> bytes:
    if path.suffix == ".pt":
        raise ModelBrokenError(
            f"{path} is a PyTorch file, which needs 2 GB of software to run. Export it once where Ultralytics is "
            f"installed (yolo export model={path.name} format=onnx) and use {path.with_suffix('.onnx').name}."
        )
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelMissingError(
            f"there is no model at {path}. Correct the `model` setting, or leave it out to use the default model."
        ) from None
    except OSError as error:
        raise ModelMissingError(f"the model {path} cannot be read: {error.strerror}. Check its permissions.") from None


def _open_session(path: Path, model: bytes, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise RuntimeMissingError(
            f"{path} needs ONNX Runtime, which cannot be imported ({error}). Install it: pip install 'glassline[pi]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelBrokenError(
            f"{path} ({len(model)} bytes) is not an ONNX model that can be loaded: {_first_line(error)}. "
            f"Copy it again if the copy was cut short, or export it again: {_EXPORT}"
        ) from error


def _check_input(path: Path, inputs: Sequence[Any]) -> Any:
    if len(inputs) != 1 or inputs[0].type not in _INPUT_DTYPES or not _is_picture(inputs[0].shape):
        got = "; ".join(f"{node.name} {node.type} {node.shape}" for node in inputs)
        raise ModelBrokenError(
            f"{path}: expected one input of shape [1, 3, height, width] in float, got {got}. Export it again: {_EXPORT}"
        )
    return inputs[0]


def _is_picture(shape: Sequence[Any]) -> bool:
    """Whether one RGB picture fits; a dimension left open in the file is a string or None."""
    return len(shape) == 4 and all(
        got == wanted or not isinstance(got, int) for got, wanted in zip(shape, (1, 3), strict=False)
    )


def _input_hw(shape: Sequence[Any], imgsz: int) -> tuple[int, int]:
    height, width = (side if isinstance(side, int) else imgsz for side in shape[2:])
    return height, width


def _check_output(path: Path, card: ModelCard, output: Any) -> NDArray[np.float32]:
    """The raw rows of a detect or segment head, (4 + labels [+ mask coefficients], N)."""
    rows = 4 + len(card.labels)
    shape = tuple(output.shape)
    fits = len(shape) == 3 and shape[0] == 1 and (shape[1] == rows or (card.task == "segment" and shape[1] > rows))
    if not fits:
        raise ModelBrokenError(
            f"{path}: expected an output of shape (1, {rows}, N) for {len(card.labels)} labels, got {shape}. If the "
            f"labels in its card are right, export it without built-in suppression: {_EXPORT} nms=False"
        )
    return np.asarray(output[0], np.float32)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
