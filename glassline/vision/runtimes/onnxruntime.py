"""ONNX files on ONNX Runtime, on the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelBrokenError
from ..files import EXPORT, ModelFile

_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class OnnxRuntime:
    """Computes in the precision that the file is written in. Idle threads sleep, so that capture is not starved."""

    def __init__(self, session: Any, node: Any) -> None:
        self._session, self._name, self._dtype = session, node.name, _DTYPES[node.type]
        self.metadata = dict(session.get_modelmeta().custom_metadata_map)
        height, width = node.shape[2:]
        self.input_hw = (height, width) if isinstance(height, int) and isinstance(width, int) else None

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        outputs: list[NDArray[Any]] = self._session.run(None, {self._name: tensor.astype(self._dtype, copy=False)})
        return outputs


def open_model(model: ModelFile, *, threads: int, half: bool) -> OnnxRuntime:
    """Load an .onnx file; nothing is sent."""
    # From 1.29 on its Linux builds report models and machine to their maker unless told not to before they are loaded.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])
    return OnnxRuntime(session, _one_picture(model, session.get_inputs()))


def _one_picture(model: ModelFile, inputs: Sequence[Any]) -> Any:
    if len(inputs) != 1 or inputs[0].type not in _DTYPES or not _is_picture(inputs[0].shape):
        got = "; ".join(f"{node.name} {node.type} {node.shape}" for node in inputs)
        raise ModelBrokenError(
            f"{model.path}: expected one input of shape [1, 3, height, width] in float, got {got}. "
            f"Export it again: {EXPORT}"
        )
    return inputs[0]


def _is_picture(shape: Sequence[Any]) -> bool:
    """Whether one RGB picture fits; a dimension left open in the file is a string or None."""
    return len(shape) == 4 and all(
        got == wanted or not isinstance(got, int) for got, wanted in zip(shape, (1, 3), strict=False)
    )
