"""`glassline model`: remedies when something is missing, and the figures of the model that is shipped."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from glassline.scene import LABELS
from glassline.vision import DEFAULT_MODEL, YoloDetector
from glassline.vision.files import find_model
from workbench.evaluation import finder, look_at, on_conveyor, photograph_figures
from workbench.exporting import update_card
from workbench.model import app
from workbench.yolo_data import read_part


@pytest.fixture
def without_ultralytics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)


@pytest.mark.usefixtures("without_ultralytics")
def test_training_without_the_extra_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data.yaml").write_text("names: {0: scratch}\n")
    result = CliRunner().invoke(app, ["train", str(tmp_path / "data.yaml"), "--runs", str(tmp_path)])
    assert result.exit_code == 1
    assert "pip install 'glassline[train]'" in result.output
    monkeypatch.chdir(tmp_path)
    assert "pip install 'glassline[train]'" in CliRunner().invoke(app, ["train"]).output, "before rendering anything"
    assert not (tmp_path / "var").exists()


@pytest.mark.usefixtures("without_ultralytics")
def test_export_without_the_extra_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "best.pt").write_bytes(b"weights")
    result = CliRunner().invoke(app, ["export", str(tmp_path / "best.pt"), str(tmp_path / "m.onnx")])
    assert result.exit_code == 1
    assert "pip install 'glassline[train]'" in result.output
    assert not (tmp_path / "m.onnx").exists()


def test_missing_files_are_named_with_the_command_that_makes_them(tmp_path: Path) -> None:
    train = CliRunner().invoke(app, ["train", str(tmp_path / "data.yaml"), "--runs", str(tmp_path)])
    export = CliRunner().invoke(app, ["export", str(tmp_path / "best.pt"), str(tmp_path / "m.onnx")])
    (tmp_path / "data.yaml").write_text("names: {0: scratch}\n")
    resume = CliRunner().invoke(app, ["train", str(tmp_path / "data.yaml"), "--runs", str(tmp_path), "--resume"])
    assert (train.exit_code, export.exit_code, resume.exit_code) == (1, 1, 1)
    assert "glassline model render" in train.output
    assert "glassline model train" in export.output
    assert "cannot resume" in resume.output


def test_render_writes_a_data_set_and_says_how_to_go_on(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["render", str(tmp_path), "--count", "10", "--workers", "1"])
    assert result.exit_code == 0, result.output
    assert len(list(tmp_path.glob("images/*/*.jpg"))) == 10
    assert f"glassline model train {tmp_path / 'data.yaml'}" in result.output.replace("\n", "")


def test_a_card_keeps_figures_whichever_of_its_models_they_were_measured_with(tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"not really a model")
    folder = tmp_path / "mine_ncnn_model"
    folder.mkdir()
    for name in ("model.ncnn.param", "model.ncnn.bin"):
        (folder / name).touch()
    (tmp_path / "mine.json").write_text(json.dumps({"labels": ["a", "b"], "imgsz": 320}))
    update_card(tmp_path / "mine.onnx", figures={"first": {"recall": 0.5}}, score_threshold=0.4)
    card = json.loads(update_card(folder, figures={"second": 1}).read_text())
    assert (card["labels"], card["imgsz"], card["score_threshold"]) == (["a", "b"], 320, 0.4)
    assert card["figures"] == {"first": {"recall": 0.5}, "second": 1}


def test_formats_that_there_are_not_are_refused_by_name(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", str(tmp_path / "best.pt"), "--formats", "onnx,tflite"])
    assert result.exit_code == 2
    assert "tflite: there is onnx, openvino, ncnn" in " ".join(result.output.split())


@pytest.mark.parametrize("labels", ["band=a", "band=a,thread=b,crack=c,blow=d,dent=e", "nonsense", "=,=,=,=,="])
def test_own_labels_must_name_every_kind_of_mark(tmp_path: Path, labels: str) -> None:
    result = CliRunner().invoke(app, ["render", str(tmp_path / "out"), "--labels", labels])
    assert result.exit_code == 2
    assert "a label for each of band, thread, crack, blow" in " ".join(result.output.replace("│", "").split())


def test_the_shipped_model_is_small_and_its_card_is_its_own() -> None:
    card = json.loads(DEFAULT_MODEL.with_suffix(".json").read_text())
    assert DEFAULT_MODEL.stat().st_size <= 12_000_000
    for name, sha256 in (card.get("files") or {DEFAULT_MODEL.name: card["sha256"]}).items():
        assert find_model(DEFAULT_MODEL.parent / name).sha256() == sha256
    assert tuple(card["labels"]) == LABELS
    assert card["trained_on"]
    assert card["licence"]
    assert card["figures"]["conveyor"]


def test_the_shipped_model_finds_the_marks_of_a_conveyor_it_never_saw() -> None:
    with YoloDetector(DEFAULT_MODEL, score_threshold=0.2) as detector:
        figures, _ = on_conveyor(detector, seeds=(31,), frames=40)
        threshold = json.loads(DEFAULT_MODEL.with_suffix(".json").read_text())["score_threshold"]
    at_threshold = figures["by_score_threshold"][f"{threshold:.2f}"]
    assert at_threshold["recall"] >= 0.8
    assert at_threshold["false_per_frame"] <= 0.2


def test_photographs_are_measured_against_their_label_files(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["render", str(tmp_path), "--count", "30", "--workers", "1"]).exit_code == 0
    names, photographs = read_part(tmp_path / "data.yaml", "train")
    others = photographs[1:] + photographs[:1]
    swapped = [replace(one, truths=other.truths) for one, other in zip(photographs, others, strict=True)]
    assert names == list(LABELS)
    with YoloDetector(DEFAULT_MODEL, score_threshold=0.05) as detector:
        right, wrong = (
            photograph_figures(look_at(finder(detector), some), score_threshold=0.3) for some in (photographs, swapped)
        )
    assert right["pictures"] == 27
    assert right["ap50"] > wrong["ap50"] + 0.3


def test_a_model_of_the_same_labels_gets_a_table_and_pictures_of_its_mistakes(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["render", str(tmp_path), "--count", "20", "--workers", "1"]).exit_code == 0
    command = ["eval", str(tmp_path / "data.yaml"), "--part", "all", "--baseline", "--skip", "2", "--limit", "8"]
    result = CliRunner().invoke(app, [*command, "--mistakes", str(tmp_path / "mistakes")])
    assert result.exit_code == 0, result.output
    assert "mAP50-95" in result.output
    figures = json.loads(result.stdout[result.stdout.index("{") :])
    assert figures["pictures"] == 8
    assert set(figures["labels"]) == {*LABELS, "all"}
    assert 0 < figures["labels"]["all"]["ap50"] <= 1
    assert 0 <= figures["baseline_ap50"] < 1
    drawn = list((tmp_path / "mistakes").glob("*.jpg"))
    assert f"Wrote {len(drawn)} pictures" in result.output
    assert len(drawn) <= 8


def test_a_model_is_measured_at_several_looks_and_only_at_those_there_are(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["render", str(tmp_path), "--count", "10", "--workers", "1"]).exit_code == 0
    measured = {}
    for looks in ("1", "4"):
        result = CliRunner().invoke(app, ["eval", str(tmp_path / "data.yaml"), "--part", "all", "--looks", looks])
        assert result.exit_code == 0, result.output
        measured[looks] = json.loads(result.stdout[result.stdout.index("{") :])["labels"]
    assert measured["1"] != measured["4"]
    assert measured["4"]["all"]["ap50"] > 0.3
    result = CliRunner().invoke(app, ["eval", str(tmp_path / "data.yaml"), "--looks", "3"])
    assert result.exit_code == 1
    assert "1, 4, 8 looks to choose from, not 3" in result.output


def test_backgrounds_to_draw_on_must_be_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["render", str(tmp_path / "set"), "--count", "10", "--backgrounds", str(tmp_path)])
    assert result.exit_code == 2
    assert "no *.jpg" in result.output
