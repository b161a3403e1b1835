"""Models as files: real runtimes on tiny models that really look at their picture, and on the shipped one."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from glassline.contract import Reason
from glassline.scene import Conveyor
from glassline.vision import (
    DEFAULT_MODEL,
    CardError,
    DetectorError,
    ModelBrokenError,
    ModelMissingError,
    ModelUnknownError,
    RuntimeMissingError,
    TaskError,
    YoloDetector,
)
from glassline.vision.files import find_model

MODELS = Path(__file__).parent / "fixtures"
SURE = 0.95


def red_square() -> np.ndarray:
    """48 rows by 64 columns; in the 64 x 64 input it fills the cell of columns 16-24 and rows 16-24."""
    bgr = np.zeros((48, 64, 3), np.uint8)
    bgr[8:16, 16:24] = (0, 0, 255)
    return bgr


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copy(MODELS / "detect.onnx", tmp_path / "best.onnx"))


@pytest.fixture(scope="module")
def openvino_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as `glassline model export` would write it for OpenVINO."""
    import openvino

    folder = tmp_path_factory.mktemp("models") / "detect_openvino_model"
    folder.mkdir()
    openvino.save_model(openvino.Core().read_model(str(MODELS / "detect.onnx")), str(folder / "model.xml"))
    shutil.copy(MODELS / "detect_ncnn_model" / "metadata.yaml", folder)
    return folder


@pytest.mark.parametrize(
    ("name", "runtime"),
    [
        *((f"{name}.onnx", "onnxruntime") for name in ("detect", "detect-fp16", "detect-dynamic", "segment")),
        *((f"{name}.onnx", "openvino") for name in ("detect", "detect-fp16", "detect-dynamic", "segment")),
        ("openvino folder", "openvino"),
        ("detect_ncnn_model", "ncnn"),
    ],
)
def test_a_mark_is_found_where_it_is_under_the_label_the_model_gives_it(
    name: str, runtime: str, openvino_folder: Path
) -> None:
    path = openvino_folder if name == "openvino folder" else MODELS / name
    with YoloDetector(path, runtime=runtime, score_threshold=SURE) as detector:
        assert detector.runtime == runtime
        boxes = detector.detect(red_square())
        assert [box.label for box in boxes] == ["red stain"]
        assert boxes[0].score == pytest.approx(1.0, abs=0.001)
        assert boxes[0].xyxyn == pytest.approx((14 / 64, 6 / 48, 26 / 64, 18 / 48))
        assert detector.card.labels == ("red stain", "blue stain")
        assert detector.inference_ms > 0


def test_blue_is_not_taken_for_red() -> None:
    with YoloDetector(MODELS / "detect.onnx", score_threshold=SURE) as detector:
        assert [box.label for box in detector.detect(red_square()[:, :, ::-1].copy())] == ["blue stain"]


def test_boxes_come_best_first_and_down_to_half_the_threshold() -> None:
    bgr = red_square()
    bgr[24:32, 40:48] = (0, 0, 140)
    bgr[40:48, 56:64] = (0, 0, 120)
    with YoloDetector(MODELS / "detect.onnx", score_threshold=1.0) as detector:
        assert [round(box.score, 2) for box in detector.detect(bgr)] == [1.0, 0.55]


def test_a_card_beside_the_model_wins_over_its_metadata(model: Path) -> None:
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    card = {"labels": ["rot", "blau"], "imgsz": 64, "sha256": sha256, "score_threshold": 0.6, "new_key": 1}
    model.with_suffix(".json").write_text(json.dumps(card))
    with YoloDetector(model) as detector:
        assert detector.card.labels == ("rot", "blau")
        assert detector.score_threshold == 0.6
        assert detector.detect(red_square())[0].label == "rot"
    with YoloDetector(model, score_threshold=0.9) as detector:
        assert detector.score_threshold == 0.9


def test_without_a_card_labels_size_and_digest_come_from_the_file(model: Path) -> None:
    with YoloDetector(model) as detector:
        assert (detector.card.name, detector.card.imgsz, detector.card.task) == ("best", 64, "detect")
        assert detector.card.sha256 == hashlib.sha256(model.read_bytes()).hexdigest()


def test_labels_of_any_kind_fit_the_wire(model: Path) -> None:
    model.with_suffix(".json").write_text(json.dumps({"labels": ["", "x" * 200]}))
    with YoloDetector(model, score_threshold=SURE) as detector:
        assert detector.detect(red_square())[0].label == "class 0"


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize(
    ("error", "says", "name"),
    [
        (TaskError, "task 'pose'.*yolo detect train", "pose.onnx"),
        (CardError, "no readable `names`.*Write .*nameless.json", "nameless.onnx"),
        (ModelBrokenError, r"\(1, 7, N\) for 3 labels, got \(1, 6, 64\).*glassline model export", "three-names.onnx"),
        (ModelBrokenError, "glassline model export", "grey-input.onnx"),
    ],
)
def test_a_model_that_cannot_serve_is_refused_with_the_remedy(
    error: type[DetectorError], says: str, name: str, runtime: str
) -> None:
    with pytest.raises(error, match=says) as caught, YoloDetector(MODELS / name, runtime=runtime):
        pass
    assert (caught.value.code is Reason.DETECTOR_TASK_WRONG) == (error is TaskError)


CUT_SHORT = (MODELS / "detect.onnx").read_bytes()[:700]


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", CUT_SHORT])
def test_a_file_that_is_no_onnx_is_refused_with_the_remedy(tmp_path: Path, content: bytes, runtime: str) -> None:
    with (
        pytest.raises(ModelBrokenError, match=r"Copy it again") as broken,
        YoloDetector(written(tmp_path / "m.onnx", content), runtime=runtime),
    ):
        pass
    assert broken.value.code is Reason.DETECTOR_MODEL_BROKEN


@pytest.mark.parametrize("name", ["model.ncnn.param", "model.ncnn.bin"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_an_ncnn_folder_cut_short_is_refused_with_the_remedy(tmp_path: Path, name: str, share: float) -> None:
    folder = Path(shutil.copytree(MODELS / "detect_ncnn_model", tmp_path / "m_ncnn_model"))
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelBrokenError, match=r"ncnn can load. Copy all of"), YoloDetector(folder):
        pass


def test_a_folder_without_its_weights_is_refused_with_the_remedy(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS / "detect_ncnn_model", tmp_path / "m_ncnn_model"))
    (folder / "model.ncnn.bin").unlink()
    with pytest.raises(ModelBrokenError, match=r"no model.ncnn.bin beside it: copy all of"), YoloDetector(folder):
        pass


def test_what_is_no_model_is_answered_with_what_is(tmp_path: Path) -> None:
    for path in (written(tmp_path / "best.engine", b"TensorRT"), tmp_path):
        with pytest.raises(ModelUnknownError, match=r"an .onnx file, .*glassline model export") as unknown:
            YoloDetector(path).__enter__()
        assert unknown.value.code is Reason.DETECTOR_MODEL_UNKNOWN


def test_a_pytorch_file_is_answered_with_the_export_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with (
        pytest.raises(RuntimeMissingError, match=r"glassline model export best.pt.*glassline\[train\]") as missing,
        YoloDetector(written(tmp_path / "best.pt", b"PK")),
    ):
        pass
    assert missing.value.code is Reason.DETECTOR_RUNTIME_MISSING


def test_a_missing_file_has_its_own_code(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"no model at .*`model` setting") as missing:
        YoloDetector(tmp_path / "gone.onnx").__enter__()
    assert missing.value.code is Reason.DETECTOR_MODEL_MISSING


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ('{"labels": ["a", "b"], "sha256": "' + "0" * 64 + '"}', "written for a model with sha256 0+.*together again"),
        ('{"labels": []}', "labels: .*A card is JSON like"),
        ('{"imgsz": 64}', "labels: .*A card is JSON like"),
        ("[1]", "holds a JSON list"),
        ("{", "cannot be read as JSON"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(model: Path, card: str, says: str) -> None:
    model.with_suffix(".json").write_text(card)
    with pytest.raises(CardError, match=says) as wrong, YoloDetector(model):
        pass
    assert wrong.value.code is Reason.DETECTOR_CARD_WRONG


def test_a_card_for_several_files_is_checked_for_each(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS / "detect_ncnn_model", tmp_path / "best_ncnn_model"))
    shutil.copy(MODELS / "detect.onnx", tmp_path / "best.onnx")
    right = {path.name: find_model(path).sha256() for path in (folder, tmp_path / "best.onnx")}
    card = {"labels": ["a", "b"], "imgsz": 64, "files": {**right, "best_ncnn_model": "0" * 64}}
    (tmp_path / "best.json").write_text(json.dumps(card))
    with YoloDetector(tmp_path / "best.onnx") as detector:
        assert detector.card.sha256 == right["best.onnx"]
    with pytest.raises(CardError, match=r"written for a model with sha256 0+"), YoloDetector(folder):
        pass


def test_a_damaged_model_is_known_by_its_card_before_any_library_reads_it(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS / "detect_ncnn_model", tmp_path / "best_ncnn_model"))
    card = {"labels": ["a", "b"], "imgsz": 64, "files": {folder.name: find_model(folder).sha256()}}
    (tmp_path / "best.json").write_text(json.dumps(card))
    (folder / "model.ncnn.bin").write_bytes(b"\xff" * 1024)
    with pytest.raises(CardError, match="written for a model"), YoloDetector(folder):
        pass


@pytest.mark.parametrize(
    ("path", "packages", "extra"),
    [
        (DEFAULT_MODEL, ["onnxruntime", "openvino"], "pi"),
        (MODELS / "detect_ncnn_model", ["ncnn"], "ncnn"),
    ],
)
def test_without_a_runtime_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, path: Path, packages: list[str], extra: str
) -> None:
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)
    with (
        pytest.raises(RuntimeMissingError, match=rf"pip install 'glassline\[{extra}\]'") as missing,
        YoloDetector(path),
    ):
        pass
    assert missing.value.code is Reason.DETECTOR_RUNTIME_MISSING


def test_without_onnx_runtime_openvino_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with YoloDetector(MODELS / "detect.onnx") as detector:
        assert detector.runtime == "openvino"


def test_a_library_that_cannot_be_imported_is_told_from_one_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ncnn.py").write_text("raise ImportError('libgomp.so.1: cannot open shared object file')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "ncnn", raising=False)
    monkeypatch.delitem(sys.modules, "ncnn.ncnn", raising=False)
    with pytest.raises(RuntimeMissingError, match=r"libgomp\.so\.1"), YoloDetector(MODELS / "detect_ncnn_model"):
        pass


def test_a_detector_does_nothing_before_and_after_its_life(tmp_path: Path) -> None:
    YoloDetector(tmp_path / "gone.onnx")
    detector = YoloDetector(MODELS / "detect.onnx")
    with detector:
        pass
    with pytest.raises(RuntimeError, match="with statement"):
        detector.detect(red_square())


def test_every_error_is_a_detector_error_with_a_code() -> None:
    kinds = (CardError, ModelBrokenError, ModelMissingError, ModelUnknownError, RuntimeMissingError, TaskError)
    assert all(issubclass(kind, DetectorError) for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_the_shipped_model_finds_planted_marks_and_keeps_quiet_elsewhere() -> None:
    conveyor, found, marks, elsewhere = Conveyor(seed=11), 0, 0, 0
    with YoloDetector() as detector:
        assert detector.path == DEFAULT_MODEL
        assert detector.card.licence
        for time_s in range(100, 120):
            truth = [mark for mark in conveyor.truth(time_s) if mark.visible_share > 0.9]
            boxes = [b for b in detector.detect(conveyor.frame(time_s)) if b.score >= detector.score_threshold]
            marks += len(truth)
            found += sum(any(_centre_in(box.xyxyn, mark.xyxyn) for box in boxes) for mark in truth)
            near = [mark.xyxyn for mark in conveyor.truth(time_s)]
            elsewhere += sum(not any(_touch(box.xyxyn, place) for place in near) for box in boxes)
    assert marks >= 20
    assert found >= 0.5 * marks
    assert elsewhere <= 0.5 * marks


def _centre_in(box: tuple, place: tuple) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return place[0] - 0.02 <= x <= place[2] + 0.02 and place[1] - 0.02 <= y <= place[3] + 0.02


def _touch(a: tuple, b: tuple) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
