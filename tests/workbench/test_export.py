"""Real export with Ultralytics, of networks that have learnt nothing: what every form says is the same."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from glassline.vision import ModelBrokenError, TaskError, YoloDetector
from workbench.exporting import CannotExport, export_model
from workbench.parity import agreement, measure
from workbench.scoring import FoundBox

pytestmark = pytest.mark.train

PICTURE = np.random.default_rng(1).integers(0, 255, (96, 128, 3), np.uint8)


def untrained(folder: Path, architecture: str) -> Path:
    """A network that has learnt nothing, but believes some boxes: normalisation and scores are set for that."""
    import torch
    from ultralytics import YOLO

    torch.manual_seed(3)
    model = YOLO(f"{architecture}.yaml")
    network = model.model
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None
    for branch in getattr(network.model[-1], "cv3", []):
        torch.nn.init.normal_(branch[-1].weight, std=0.3)
        torch.nn.init.constant_(branch[-1].bias, -4.0)
    with torch.no_grad():
        network.train()(torch.rand(4, 3, 128, 128))
    network.eval()
    best = folder / "best.pt"
    model.save(str(best))
    return best


def boxes(model: Path) -> list[FoundBox]:
    """What it finds; a segment model must give outlines, too."""
    with YoloDetector(model, score_threshold=0.56, across_labels=False) as detector:
        found = detector.detect(PICTURE)
        outlined = sum(box.mask is not None for box in found)
        assert outlined > 0.5 * len(found) if detector.card.task == "segment" else outlined == 0
    return [FoundBox(box.score, box.label, box.xyxyn) for box in found]


@pytest.mark.parametrize("architecture", ["yolo11n-seg", "yolov8n"])
def test_every_form_of_a_model_says_what_its_weights_say(tmp_path: Path, architecture: str) -> None:
    best = untrained(tmp_path, architecture)
    done = export_model(best, imgsz=128, half_weights=False)
    assert not done.problems
    assert [path.name for path in done.written] == ["best.onnx", "best_openvino_model", "best_ncnn_model"]
    assert set(json.loads(done.card.read_text())["files"]) == {path.name for path in done.written}
    said = boxes(best)
    assert len(said) >= 5
    for path in done.written:
        figures = agreement([boxes(path)], [said])
        assert min(figures["ours_with_partner"], figures["theirs_with_partner"]) > 0.8, path


def test_an_exporter_that_is_missing_is_one_line_and_the_others_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pnnx", None)
    done = export_model(untrained(tmp_path, "yolo11n"), tmp_path / "out", imgsz=64)
    assert [path.name for path in done.written] == ["best.onnx", "best_openvino_model"]
    assert done.problems == [
        "ncnn was not written: pnnx is not installed: pip install pnnx (the extra `train` brings it)"
    ]


@pytest.mark.parametrize("architecture", ["yolo11n-cls", "yolo11n-pose", "yolo11n-obb"])
def test_a_model_for_another_task_is_neither_exported_nor_run(tmp_path: Path, architecture: str) -> None:
    best = untrained(tmp_path, architecture)
    with pytest.raises(CannotExport, match=r"for the task .*yolo detect train"):
        export_model(best)
    with pytest.raises(TaskError, match="task"), YoloDetector(best):
        pass


def test_a_file_that_is_no_weights_is_neither_exported_nor_run(tmp_path: Path) -> None:
    best = tmp_path / "best.pt"
    best.write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(CannotExport, match="not a model that Ultralytics can load"):
        export_model(best)
    with pytest.raises(ModelBrokenError, match="Copy it again"), YoloDetector(best):
        pass


def test_parity_is_measured_for_every_runtime(tmp_path: Path) -> None:
    import cv2

    best = untrained(tmp_path, "yolo11n")
    cv2.imwrite(str(tmp_path / "one.jpg"), PICTURE)
    figures = measure(best, [tmp_path / "one.jpg"], runtimes=[])
    assert set(figures["runtimes"]) == {
        "onnxruntime.onnx", "openvino.onnx", "openvino_openvino_model", "ncnn_ncnn_model", "ultralytics.pt",
    }  # fmt: skip
    for one in figures["runtimes"].values():
        assert one["ours_boxes"] > 0
        assert one["ours_with_partner"] > 0.8
