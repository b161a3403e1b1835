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
from workbench.untrained import write_untrained

pytestmark = pytest.mark.train

PICTURE = np.random.default_rng(1).integers(0, 255, (96, 128, 3), np.uint8)


def boxes(model: Path) -> list[FoundBox]:
    """What it finds; a segment model must give outlines, too."""
    with YoloDetector(model, score_threshold=0.56, across_labels=False) as detector:
        found = detector.detect(PICTURE)
        outlined = sum(box.mask is not None for box in found)
        assert outlined > 0.5 * len(found) if detector.card.task == "segment" else outlined == 0
    return [FoundBox(box.score, box.label, box.xyxyn) for box in found]


@pytest.mark.parametrize("architecture", ["yolo11n-seg", "yolov8n"])
def test_every_form_of_a_model_says_what_its_weights_say(tmp_path: Path, architecture: str) -> None:
    best = write_untrained(tmp_path / "best.pt", architecture, score_bias=-4)
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
    done = export_model(write_untrained(tmp_path / "best.pt", "yolo11n", score_bias=-4), tmp_path / "out", imgsz=64)
    assert [path.name for path in done.written] == ["best.onnx", "best_openvino_model"]
    assert done.problems == [
        "ncnn was not written: pnnx is not installed: pip install pnnx (the extra `train` brings it)"
    ]


@pytest.mark.parametrize("architecture", ["yolo11n-cls", "yolo11n-pose", "yolo11n-obb"])
def test_a_model_for_another_task_is_neither_exported_nor_run(tmp_path: Path, architecture: str) -> None:
    best = write_untrained(tmp_path / "best.pt", architecture, score_bias=-4)
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


def test_openvino_is_made_of_these_weights_whatever_lies_beside_them(tmp_path: Path) -> None:
    best = write_untrained(tmp_path / "best.pt", "yolo11n", score_bias=-4)
    (tmp_path / "best.onnx").write_bytes(b"of an earlier training")
    done = export_model(best, formats=["openvino"], imgsz=50)
    assert [path.name for path in done.written] == ["best_openvino_model"]
    assert not done.problems
    assert (tmp_path / "best.onnx").read_bytes() == b"of an earlier training"
    with YoloDetector(done.written[0], image_wh=(40, 30)) as detector:
        assert detector.card.imgsz == 64, "the next size that the network can take"


def test_parity_is_measured_for_every_runtime(tmp_path: Path) -> None:
    import cv2

    best = write_untrained(tmp_path / "best.pt", "yolo11n", score_bias=-4)
    cv2.imwrite(str(tmp_path / "one.jpg"), PICTURE)
    figures = measure(best, [tmp_path / "one.jpg"], runtimes=[])
    assert set(figures["runtimes"]) == {
        "best.onnx on onnxruntime", "best.onnx on openvino", "best_openvino_model on openvino",
        "best_ncnn_model on ncnn", "best.pt on ultralytics",
    }  # fmt: skip
    for one in figures["runtimes"].values():
        assert one["ours_boxes"] > 0
        assert one["ours_with_partner"] > 0.5
