"""A trained best.pt becomes what runtimes take, ONNX, ncnn and OpenVINO, and one card beside them."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from glassline.vision import DEFAULT_SCORE_THRESHOLD
from glassline.vision.files import find_model
from workbench import exporters
from workbench.training import load_yolo

FORMATS = ("onnx", "openvino", "ncnn")
TASKS = ("detect", "segment")
_DISTANCES = 16


class CannotExport(ValueError):
    """These weights cannot become a model that Glassline runs; the message says why and what to do."""


class CannotRecord(ValueError):
    """There is no card beside the model."""


@dataclass
class Exported:
    """What was written, and a line for each format that was not."""

    card: Path
    written: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def export_model(
    best: Path, out: Path | None = None, *, formats: Sequence[str] = FORMATS, imgsz: int | None = None,
    half_weights: bool = True, trained_on: str = "",
) -> Exported:  # fmt: skip
    """Write NAME.onnx, NAME_openvino_model/, NAME_ncnn_model/ and the card NAME.json.

    `out` is a folder, or the path of the .onnx file, which then gives the NAME; by default all go beside `best`. A
    format that cannot be written leaves a line in `problems`, and the others are written. `imgsz` is by default what
    the model was trained with. FileNotFoundError when `best` is missing, TrainingUnavailable without Ultralytics,
    CannotExport when the weights are not those of a YOLOv8 or YOLO11 detect or segment model.
    """
    if not best.is_file():
        raise FileNotFoundError(f"{best} is not there: train first with `glassline model train`")
    yolo = load_yolo()
    metadata = _examined(best, yolo, imgsz)
    folder, name = _target(best, out)
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("ultralytics").setLevel(logging.WARNING)
    result = Exported(folder / f"{name}.json")
    how = {"metadata": metadata, "half_weights": half_weights}
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / f"{name}.onnx"
        if {"onnx", "openvino"} & set(formats) and not _attempt(
            result, "onnx", exporters.write_onnx, best, source, yolo=yolo, imgsz=metadata["imgsz"][0],
            half_weights=half_weights,
        ):  # fmt: skip
            formats = [kind for kind in formats if kind == "ncnn"]
        if "onnx" in formats:
            shutil.copyfile(source, folder / source.name)
            result.written.append(folder / source.name)
        for kind, write, arguments in (
            ("openvino", exporters.write_openvino, (source, folder / f"{name}_openvino_model")),
            ("ncnn", partial(exporters.write_ncnn, yolo=yolo), (best, folder / f"{name}_ncnn_model")),
        ):
            if kind in formats and _attempt(result, kind, write, *arguments, **how):
                result.written.append(arguments[1])
    if result.written:
        _save(result.card, _new_card(name, metadata, result.written, trained_on))
    return result


def _attempt(result: Exported, kind: str, write: Callable[..., None], *arguments: Any, **how: Any) -> bool:
    try:
        write(*arguments, **how)
    except Exception as error:  # noqa: BLE001 - whatever a foreign exporter raises, the others go on
        result.problems.append(f"{kind} was not written: {error}")
        return False
    return True


def card_of(model: Path) -> Path:
    """The card beside a model; CannotRecord where there is none."""
    path = find_model(model).card_path
    if not path.is_file():
        raise CannotRecord(f"{path} is not there to keep figures in: `glassline model export` writes it with the model")
    return path


def update_card(model: Path, *, figures: dict[str, Any], score_threshold: float | None = None) -> Path:
    """Add figures to the card beside a model, and set its score threshold if given; CannotRecord without card."""
    path = card_of(model)
    card = json.loads(path.read_text(encoding="utf-8"))
    card["figures"] = {**card.get("figures", {}), **figures}
    if score_threshold is not None:
        card["score_threshold"] = score_threshold
    return _save(path, card)


def _examined(best: Path, yolo: Any, imgsz: int | None) -> dict[str, Any]:
    """What the exported folders say of themselves, as Ultralytics' own do."""
    again = "Give the best.pt of a YOLO11 or YOLOv8 that was trained with `yolo detect train` or `yolo segment train`."
    try:
        model = yolo(str(best))
        network = model.model
        head, trained_with = network.model[-1], network.args
    except Exception as error:
        raise CannotExport(f"{best} is not a model that Ultralytics can load ({error}). {again}") from error
    if model.task not in TASKS:
        raise CannotExport(f"{best} is a model for the task {model.task!r}, which gives no boxes of defects. {again}")
    if getattr(head, "end2end", False) or getattr(head, "reg_max", 0) != _DISTANCES:
        raise CannotExport(f"{best} has another kind of head than YOLO11 and YOLOv8. {again}")
    side = imgsz or trained_with.get("imgsz") or 640
    side = max(side) if isinstance(side, list | tuple) else int(side)
    stride = int(max(head.stride))
    side = -(-side // stride) * stride
    names = {number: str(network.names[number]) for number in sorted(network.names)}
    return {"task": model.task, "stride": stride, "imgsz": [side, side], "names": names}


def _target(best: Path, out: Path | None) -> tuple[Path, str]:
    if out is None:
        return best.parent, best.stem
    return (out.parent, out.stem) if out.suffix in (".onnx", ".json") else (out, best.stem)


def _new_card(name: str, metadata: dict[str, Any], written: Sequence[Path], trained_on: str) -> dict[str, Any]:
    return {
        "name": name,
        "task": metadata["task"],
        "labels": list(metadata["names"].values()),
        "imgsz": metadata["imgsz"][0],
        "score_threshold": DEFAULT_SCORE_THRESHOLD,
        "files": {path.name: find_model(path).sha256() for path in written},
        "trained_on": trained_on,
        "figures": {},
        "licence": "AGPL-3.0-or-later",
        "date": datetime.now(UTC).date().isoformat(),
    }


def _save(path: Path, card: dict[str, Any]) -> Path:
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
