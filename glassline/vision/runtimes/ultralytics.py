"""Ultralytics' own .pt files on PyTorch, where the extra `train` is installed. Loading one runs code that is in it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files import ModelFile


class Ultralytics:
    """The network alone; pictures are prepared and boxes decoded as for every other runtime."""

    input_hw = None

    def __init__(self, torch: Any, network: Any, metadata: dict[str, Any]) -> None:
        self._torch, self._network = torch, network
        self.metadata = metadata

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        with self._torch.inference_mode():
            outputs = self._network(self._torch.from_numpy(tensor))
        return list(_arrays(outputs))


def open_model(model: ModelFile, *, threads: int, half: bool) -> Ultralytics:
    """Load a .pt file; nothing is downloaded, nothing is sent."""
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    import torch
    from ultralytics import YOLO

    torch.set_num_threads(threads)
    yolo = YOLO(str(model.path))
    network = yolo.model.float().eval().fuse(verbose=False)
    head = network.model[-1]
    head.export = True
    metadata = {"names": dict(network.names), "task": yolo.task, "imgsz": network.args.get("imgsz", 640)}
    return Ultralytics(torch, network, metadata)


def _arrays(outputs: Any) -> Any:
    """The tensors in nested tuples, in order, as arrays."""
    if isinstance(outputs, list | tuple):
        for output in outputs:
            yield from _arrays(output)
    else:
        yield outputs.numpy()
