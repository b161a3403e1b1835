"""A trained best.pt becomes the ONNX file that Glassline runs, and the card beside it."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.training import load_yolo

#: Old enough for every ONNX Runtime that Glassline accepts, new enough for YOLO11.
OPSET = 17
_SMALLEST_HALVED = 256


def export_onnx(best: Path, target: Path, *, imgsz: int = 416, half_weights: bool = True) -> list[str]:
    """Write `target` (input (1, 3, imgsz, imgsz) float32 RGB 0-1, output (1, 4 + labels, N) without suppression).

    With `half_weights` the weights are stored in float16 and cast back when the file is loaded: half the size, and
    the network still computes in float32. Returns the labels. FileNotFoundError when `best` is missing.
    """
    if not best.is_file():
        raise FileNotFoundError(f"{best} is not there: train first with `glassline model train`")
    yolo = load_yolo()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / target.with_suffix(".pt").name
        shutil.copyfile(best, copy)
        model = yolo(str(copy))
        exported = model.export(
            format="onnx", imgsz=imgsz, batch=1, dynamic=False, simplify=False, nms=False, opset=OPSET, device="cpu"
        )
        if half_weights:
            store_weights_in_half(Path(exported))
        shutil.move(exported, target)
    return [str(model.names[number]) for number in sorted(model.names)]


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


def write_card(model: Path, *, labels: list[str], imgsz: int, trained_on: str, score_threshold: float = 0.25) -> Path:
    """Write the JSON card of an ONNX file beside it and return its path."""
    card = {
        "name": model.stem,
        "task": "detect",
        "labels": labels,
        "imgsz": imgsz,
        "score_threshold": score_threshold,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "trained_on": trained_on,
        "figures": {},
        "licence": "AGPL-3.0-or-later",
        "date": datetime.now(UTC).date().isoformat(),
    }
    return _save(model.with_suffix(".json"), card)


def update_card(model: Path, *, figures: dict[str, Any], score_threshold: float | None = None) -> Path:
    """Add figures to the card beside an ONNX file, and set its score threshold if one is given."""
    path = model.with_suffix(".json")
    card = json.loads(path.read_text(encoding="utf-8"))
    card["figures"] = {**card.get("figures", {}), **figures}
    if score_threshold is not None:
        card["score_threshold"] = score_threshold
    return _save(path, card)


def _save(path: Path, card: dict[str, Any]) -> Path:
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
