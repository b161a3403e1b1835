"""ONNX files and OpenVINO's own folders (.xml and .bin) on OpenVINO, on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelBrokenError
from ..files import EXPORT, ModelFile
from ..metadata import read_metadata

_SHAPES = 2
"""So many: a picture upright and on its side."""


class OpenVino:
    """Compiles the model for the shape of its input, and keeps the newest: a graph of fixed shape runs faster."""

    def __init__(self, core: Any, graph: Any, config: dict[str, Any], metadata: dict[str, Any]) -> None:
        self._core, self._graph, self._config = core, graph, config
        self._requests: dict[tuple[int, ...], Any] = {}
        self._dtype = graph.input(0).get_element_type().to_dtype()
        self.metadata = metadata
        shape = graph.input(0).get_partial_shape()
        fixed = shape[2].is_static and shape[3].is_static
        self.input_hw = (shape[2].get_length(), shape[3].get_length()) if fixed else None

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        request = self._requests.get(tensor.shape)
        if request is None:
            if len(self._requests) == _SHAPES:
                self._requests.pop(next(iter(self._requests)))
            self._graph.reshape(list(tensor.shape))
            request = self._core.compile_model(self._graph, "CPU", self._config).create_infer_request()
            self._requests[tensor.shape] = request
        outputs = request.infer([tensor.astype(self._dtype, copy=False)], share_inputs=True)
        return [np.asarray(output) for output in outputs.values()]


def open_model(model: ModelFile, *, threads: int, half: bool) -> OpenVino:
    """Load an .onnx file or a folder."""
    import openvino

    core = openvino.Core()
    graph = core.read_model(str(model.graph))
    inputs = [(port.get_any_name(), port.get_partial_shape()) for port in graph.inputs]
    shape = inputs[0][1] if len(inputs) == 1 else None
    if shape is None or shape.rank.is_dynamic or len(shape) != 4 or not shape[1].compatible(openvino.Dimension(3)):
        got = "; ".join(f"{name} {partial}" for name, partial in inputs)
        raise ModelBrokenError(
            f"{model.path}: expected one input of shape [1, 3, height, width], got {got}. Export it again: {EXPORT}"
        )
    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    if not half:
        config["INFERENCE_PRECISION_HINT"] = "f32"
    return OpenVino(core, graph, config, _metadata(model, graph))


def _metadata(model: ModelFile, graph: Any) -> dict[str, Any]:
    """Beside a folder's graph, or what the ONNX file carries."""
    if model.kind == "openvino":
        return read_metadata(model.path)
    if not graph.has_rt_info(["framework"]):
        return {}
    return dict(graph.get_rt_info(["framework"]).value)
