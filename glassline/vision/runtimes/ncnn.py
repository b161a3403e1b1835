"""Folders with .param and .bin on ncnn, on the CPU.

Two layouts are understood: Ultralytics' own export, made for one input size, and that of `glassline model export`,
which ends before the boxes are decoded and so takes pictures of any size.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..card import literal
from ..errors import ModelBrokenError
from ..files import EXPORT, ModelFile
from ..metadata import read_metadata

_BINS = 16
"""Ultralytics' heads say where an edge is as a distribution over so many distances."""

Floats = NDArray[np.float32]


class Ncnn:
    """A loaded network; what both layouts put out is brought into the same form."""

    def __init__(self, net: Any, module: Any, metadata: Mapping[str, Any]) -> None:
        self._net, self._mat = net, module.Mat
        self._inputs, self._outputs = net.input_names(), sorted(net.output_names())
        self.metadata = metadata
        self._strides: Sequence[int] = metadata.get("strides", ())
        self.input_hw = None if self._strides else _height_width(metadata.get("imgsz", 640))

    def run(self, tensor: Floats) -> list[NDArray[Any]]:
        picture, outputs = np.ascontiguousarray(tensor[0]), []
        with self._net.create_extractor() as extractor:
            extractor.input(self._inputs[0], self._mat(picture))
            for name in self._outputs:
                code, blob = extractor.extract(name)
                if code:
                    raise RuntimeError(f"ncnn gave no {name} (code {code})")
                outputs.append(np.array(blob, np.float32))
        if self._strides:
            outputs = _assembled(outputs, tensor.shape[2:], self._strides)
        return [output[None] for output in outputs]


def open_model(model: ModelFile, *, threads: int, half: bool) -> Ncnn:
    """Load a folder.

    Threads that wait for each other must sleep: they do so after every layer, and where the processor has something
    else to do as well, spinning costs seconds a frame. OpenMP reads that from the environment when it is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_vulkan_compute = False
    if not half:
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    for load, path in ((net.load_param, model.graph), (net.load_model, model.weights)):
        if load(str(path)) != 0:
            raise ModelBrokenError(
                f"{path} is not a file that ncnn can load. Copy all of {model.path} again, or export it again: {EXPORT}"
            )
    if len(net.input_names()) != 1:
        raise ModelBrokenError(f"{model.path}: expected one input, got {net.input_names()}. Export it again: {EXPORT}")
    return Ncnn(net, ncnn, read_metadata(model.path))


def _height_width(imgsz: Any) -> tuple[int, int]:
    sides = literal(imgsz)
    height, width = sides if isinstance(sides, list | tuple) else (sides, sides)
    return int(height), int(width)


def _assembled(outputs: list[Floats], input_hw: Sequence[int], strides: Sequence[int]) -> list[Floats]:
    """[rows, prototypes?] as every other runtime gives them, of [distributions, logits, coefficients?, prototypes?]."""
    distributions, logits, *rest = outputs
    coefficients = [output for output in rest if output.ndim == 2]
    rows = np.concatenate((decoded(distributions, input_hw, strides), _sigmoid(logits), *coefficients))
    return [rows, *(output for output in rest if output.ndim == 3)]


def decoded(distributions: Floats, input_hw: Sequence[int], strides: Sequence[int]) -> Floats:
    """(4, N) centre x, centre y, width, height in input pixels of (4 * 16, N) distributions over distances.

    Each of the N places is a cell of a grid of `strides` pixels and says, in cells, how far left, top, right and
    bottom edge are from its centre: the mean of a distribution each (Generalized Focal Loss, Li et al. 2020).
    """
    weights = distributions.reshape(4, _BINS, -1)
    weights = np.exp(weights - weights.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    left, top, right, bottom = np.tensordot(weights, np.arange(_BINS, dtype=np.float32), axes=(1, 0))
    x, y, cell = _cells(input_hw, strides)
    rows = np.stack((x + (right - left) / 2, y + (bottom - top) / 2, right + left, bottom + top)) * cell
    return np.asarray(rows, np.float32)


def _cells(input_hw: Sequence[int], strides: Sequence[int]) -> Floats:
    """(3, N) x, y, stride of every place: centres in cells of its own grid."""
    parts = []
    for stride in strides:
        rows, columns = np.indices((input_hw[0] // stride, input_hw[1] // stride)).reshape(2, -1)
        parts.append(np.stack((columns + 0.5, rows + 0.5, np.full(rows.size, stride))))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(logits / 2), np.float32)
