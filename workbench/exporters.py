"""From a loaded Ultralytics model to the files that runtimes take, each with its weights in float16 where asked."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassline.vision.errors import first_line
from glassline.vision.metadata import write_metadata

#: Old enough for every ONNX Runtime that Glassline accepts, new enough for YOLO11.
OPSET = 17
_SMALLEST_HALVED = 256
_STRIDE = 32
_SAID = 400


class ExporterMissing(RuntimeError):
    """A package that writes this format is not installed; the message says which, and how to install it."""


def write_onnx(best: Path, target: Path, *, yolo: Any, imgsz: int, half_weights: bool) -> None:
    """`target`: input (1, 3, H, W) float32 RGB 0-1, sides open; outputs as they leave the head, without suppression.

    With `half_weights` the weights are stored in float16 and cast back when the file is loaded: half the size, and
    the network still computes in float32.
    """
    _need("onnx", "onnx")
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / target.with_suffix(".pt").name
        shutil.copyfile(best, copy)
        exported = yolo(str(copy)).export(
            format="onnx", imgsz=imgsz, batch=1, dynamic=True, simplify=False, nms=False, opset=OPSET, device="cpu"
        )
        if half_weights:
            store_weights_in_half(Path(exported))
        _forget_where(Path(exported))
        shutil.move(exported, target)


def write_openvino(onnx: Path, folder: Path, *, metadata: dict[str, Any], half_weights: bool) -> None:
    """A folder with model.xml and model.bin, made from the ONNX file."""
    _need("openvino", "openvino")
    import openvino

    _empty(folder)
    openvino.save_model(openvino.Core().read_model(str(onnx)), str(folder / "model.xml"), compress_to_fp16=half_weights)
    write_metadata(folder, metadata)


def write_ncnn(best: Path, folder: Path, *, yolo: Any, metadata: dict[str, Any], half_weights: bool) -> None:
    """A folder with model.ncnn.param and model.ncnn.bin that takes pictures of any size.

    The network ends where the head would decode boxes, since that part is made for one size of picture; the runtime
    decodes them. `strides` in the metadata says so.
    """
    _need("pnnx", "pnnx")
    import pnnx
    import torch

    network = yolo(str(best)).model.float().eval().fuse()
    side = metadata["imgsz"][0]
    shapes = (side, side), (side + _STRIDE, side + 2 * _STRIDE)
    _empty(folder)
    with tempfile.TemporaryDirectory() as scratch, torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it works; PyTorch would like another way
        traced = Path(scratch) / "model.pt"
        torch.jit.trace(_undecoded(network), torch.zeros(1, 3, *shapes[0]), check_trace=False).save(str(traced))
        sizes = [f"inputshape{k}=[1,3,{h},{w}]" for k, (h, w) in zip(("", "2"), shapes, strict=True)]
        files = [f"ncnn{kind}={folder.resolve()}/model.ncnn.{kind}" for kind in ("param", "bin")]
        command = [pnnx.EXEC_PATH, str(traced), *sizes, *files, f"fp16={int(half_weights)}"]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode or not (folder / "model.ncnn.bin").is_file():
        shutil.rmtree(folder)
        raise RuntimeError(f"pnnx ended with code {done.returncode}: {(done.stderr or done.stdout).strip()[-_SAID:]}")
    write_metadata(folder, {**metadata, "strides": [int(stride) for stride in network.model[-1].stride]})


def _undecoded(network: Any) -> Any:
    """The network as a module that puts out, one after the other, what its head makes boxes and masks of."""
    import torch

    head = network.model[-1]
    head.export = True
    head._inference = lambda parts: tuple(
        parts[name] for name in ("boxes", "scores", "mask_coefficient") if name in parts
    )

    class Undecoded(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, picture: Any) -> tuple[Any, ...]:
            outputs = self.network(picture)
            masks = isinstance(outputs[0], tuple)
            return (*outputs[0], outputs[1]) if masks else tuple(outputs)

    return Undecoded().eval()


def store_weights_in_half(path: Path) -> None:
    """Replace the large float32 initializers of an ONNX file by float16 ones followed by a Cast to float32."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for initializer in graph.initializer:
        if initializer.data_type != TensorProto.FLOAT:
            continue
        weights = numpy_helper.to_array(initializer)
        if weights.size < _SMALLEST_HALVED or np.abs(weights).max() > np.finfo(np.float16).max:
            continue
        name = initializer.name
        initializer.CopyFrom(numpy_helper.from_array(weights.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT, name=f"{name}.cast"))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def write_weights(best: Path, target: Path) -> None:
    """A copy of a .pt to give away or to start from: without optimizer, and without paths of the machine it is from."""
    network, known = read_weights(best)
    save_weights(network, known, target)


def read_weights(path: Path) -> tuple[Any, Mapping[str, Any]]:
    """The network in a .pt that Ultralytics wrote, and what it was trained with; ValueError where that is not in it.

    Of a training that has not ended, the running mean of its weights.
    """
    import torch

    try:
        kept = torch.load(path, map_location="cpu", weights_only=False)
        return kept.get("ema") or kept["model"], kept["train_args"]
    except FileNotFoundError:
        raise ValueError(f"{path} is not there: weights are a .pt file that a training left") from None
    except Exception as error:  # a damaged file raises anything
        raise ValueError(
            f"{path} holds no weights that Ultralytics can have written ({first_line(error)}): name the best.pt or "
            "last.pt that a training left"
        ) from error


def save_weights(network: Any, known: Mapping[str, Any], target: Path) -> None:
    """Write a network, of whose training arguments `known` task and size are kept, to go on from or to be exported."""
    import torch

    network = network.half()
    network.args = {"task": known["task"], "imgsz": known["imgsz"], "model": network.yaml.get("yaml_file", "")}
    network.pt_path = target.name
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"epoch": -1, "model": network, "ema": None, "optimizer": None, "train_args": network.args}, target)


def _forget_where(path: Path) -> None:
    """Ultralytics writes into the file where the training data lay: nobody else's business."""
    import onnx

    model = onnx.load(str(path))
    for entry in model.metadata_props:
        if entry.key == "description":
            entry.value = "YOLO by Ultralytics, exported by Glassline"
    onnx.save(model, str(path))


def _need(module: str, package: str) -> None:
    from importlib.util import find_spec

    try:
        there = find_spec(module) is not None
    except ValueError:
        there = False
    if not there:
        raise ExporterMissing(f"{package} is not installed: pip install {package} (the extra `train` brings it)")


def _empty(folder: Path) -> None:
    """Nothing of an earlier export may stay."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
