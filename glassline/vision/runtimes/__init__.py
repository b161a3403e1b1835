"""What runs a model: each module here loads one kind of library, runs tensors through a model, and nothing else.

A runtime gets (1, 3, H, W) float32 RGB 0-1 and gives what Ultralytics' exports put out: rows (1, 4 + labels [+ mask
coefficients], N) and, for a segment model, prototypes (1, k, h, w).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelBrokenError, RuntimeMissingError, first_line
from ..files import EXPORT, Kind, ModelFile


class Runtime(Protocol):
    """A loaded model. One thread at a time."""

    metadata: Mapping[str, Any]
    """What the file says of itself, as Ultralytics' exports do: names, imgsz, task, stride."""
    input_hw: tuple[int, int] | None
    """Height and width that every input must have; None: any multiples of the stride."""

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        """All outputs for (1, 3, H, W) float32; raises whatever the library raises."""


class _Known(NamedTuple):
    package: str
    """Name of what is installed, for its version; the module has the runtime's own name."""
    kinds: tuple[Kind, ...]
    extra: str


RUNTIMES: dict[str, _Known] = {
    "onnxruntime": _Known("onnxruntime", ("onnx",), "pi"),
    "openvino": _Known("openvino", ("onnx", "openvino"), "openvino"),
    "ncnn": _Known("ncnn", ("ncnn",), "ncnn"),
    "ultralytics": _Known("ultralytics-opencv-headless", ("pt",), "train"),
}


def installed(name: str) -> bool:
    """Whether the library is there; it is not imported."""
    try:
        return find_spec(name) is not None
    except ValueError:  # a module that says of itself that it is none
        return False


def version(name: str) -> str:
    """Version of the installed library; "" where it does not say."""
    for package in (RUNTIMES[name].package, name):
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return ""


def runtimes_for(model: ModelFile) -> list[str]:
    """Names of the installed runtimes that can run it; RuntimeMissingError when there is none."""
    able = [name for name, known in RUNTIMES.items() if model.kind in known.kinds]
    there = [name for name in able if installed(name)]
    if not there:
        raise missing(model, able[0])
    return there


def missing(model: ModelFile, name: str, reason: str = "not installed") -> RuntimeMissingError:
    """The error for a runtime that is not there or cannot be imported."""
    remedy = f"Install it: pip install 'glassline[{RUNTIMES[name].extra}]'"
    if model.kind == "pt":
        remedy = (
            f"That is 2 GB of software: better export it once where Ultralytics is installed ({EXPORT}) "
            f"and use what that writes. Or install it here: pip install 'glassline[train]'"
        )
    return RuntimeMissingError(f"{model.path} needs {name}, which is {reason}. {remedy}")


def load(model: ModelFile, name: str, *, threads: int, half: bool) -> Runtime:
    """Load a model; RuntimeMissingError or ModelBrokenError with the remedy when that cannot be.

    `half` lets the library compute in half precision (float16, bfloat16) where the processor does that natively.
    """
    if name not in RUNTIMES:
        raise RuntimeMissingError(f"there is no runtime {name}: expected {', '.join(RUNTIMES)}")
    module = import_module(f"{__name__}.{name}")
    try:
        runtime: Runtime = module.open_model(model, threads=threads, half=half)
    except ImportError as error:
        raise missing(model, name, f"not to be imported ({first_line(error)})") from error
    except ModelBrokenError:
        raise
    except Exception as error:
        raise ModelBrokenError(
            f"{model.path} is not a model that {name} can load: {first_line(error)}. "
            f"Copy it again if the copy was cut short, or export it again: {EXPORT}"
        ) from error
    return runtime
