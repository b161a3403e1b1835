"""Which model on which runtime: real measurements, in real processes."""

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from glassline.vision import DEFAULT_MODEL, CardError, ModelBrokenError, ModelMissingError, RuntimeMissingError, choose
from glassline.vision.files import find_model
from glassline.vision.probe import ProbeError, probe
from tests.support.waiting import until

MODELS = Path(__file__).parent / "fixtures"
HOW = {"threads": 1, "half": False, "image_wh": (64, 48)}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A model in two forms beside one card."""
    shutil.copy(MODELS / "detect.onnx", tmp_path / "best.onnx")
    shutil.copytree(MODELS / "detect_ncnn_model", tmp_path / "best_ncnn_model")
    files = {name: find_model(tmp_path / name).sha256() for name in ("best.onnx", "best_ncnn_model")}
    path = tmp_path / "best.json"
    path.write_text(json.dumps({"labels": ["a", "b"], "imgsz": 64, "files": files}))
    return path


def test_without_a_word_the_default_model_runs_as_it_comes() -> None:
    choice = choose("", **HOW)
    assert (choice.path, choice.runtime) == (DEFAULT_MODEL, "onnxruntime")


def test_a_file_is_run_by_what_runs_such_files_and_nothing_is_measured(card: Path, tmp_path: Path) -> None:
    choice = choose(str(tmp_path / "best_ncnn_model"), cache=tmp_path / "cache.json", **HOW)
    assert (choice.path.name, choice.runtime) == ("best_ncnn_model", "ncnn")
    assert not (tmp_path / "cache.json").exists()


def test_a_card_has_every_way_measured_once_and_says_why_it_took_one(
    card: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    cache = tmp_path / "state" / "detector.json"
    choice = choose(str(card), cache=cache, **HOW)
    figures = json.loads(cache.read_text())["figures"]
    assert set(figures) == {"best.onnx on onnxruntime", "best.onnx on openvino", "best_ncnn_model on ncnn"}
    assert f"{choice.path.name} on {choice.runtime}" == min(figures, key=figures.get)
    assert all(f"{name} {ms:.1f} ms" in choice.why for name, ms in figures.items())
    assert len(caplog.messages) == 3
    assert choose(str(card), cache=cache, **HOW) == choice
    assert len(caplog.messages) == 3


@pytest.mark.parametrize("kept", ["{", '{"key": {"threads": 2}, "figures": {}}'])
def test_figures_of_another_kind_or_broken_ones_are_measured_anew(
    card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    cache = tmp_path / "detector.json"
    cache.write_text(kept)
    choose(str(card), cache=cache, **HOW)
    now = json.loads(cache.read_text())
    assert set(now["figures"]) == {"best.onnx on onnxruntime", "best_ncnn_model on ncnn"}
    assert (now["key"]["threads"], now["key"]["image_wh"]) == (1, [64, 48])


def test_a_way_that_fails_is_told_and_the_others_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    shutil.copy(MODELS / "detect.onnx", tmp_path / "best.onnx")
    folder = Path(shutil.copytree(MODELS / "detect_ncnn_model", tmp_path / "best_ncnn_model"))
    (folder / "model.ncnn.param").write_text("not ncnn")
    files = {name: find_model(tmp_path / name).sha256() for name in ("best.onnx", "best_ncnn_model")}
    (tmp_path / "best.json").write_text(json.dumps({"labels": ["a", "b"], "imgsz": 64, "files": files}))
    choice = choose(str(tmp_path / "best.json"), **HOW)
    assert choice.path.name == "best.onnx"
    assert "failed: best_ncnn_model on ncnn" in choice.why
    assert "is not a file that ncnn can load" in caplog.text


def test_where_every_way_fails_the_error_is_the_first_ones(tmp_path: Path) -> None:
    (tmp_path / "best.onnx").write_bytes(b"cut short")
    (tmp_path / "best.json").write_text(json.dumps({"labels": ["a"]}))
    with pytest.raises(ModelBrokenError, match="Copy it again"):
        choose(str(tmp_path / "best.json"), **HOW)


def test_a_failure_of_every_way_is_not_kept(card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "detector.json"

    def busy(*_: object, **__: object) -> None:
        raise ProbeError("gave no figure within 180 s")

    monkeypatch.setattr("glassline.vision.choice.probe", busy)
    with pytest.raises(ModelBrokenError, match="no figure"):
        choose(str(card), cache=cache, **HOW)
    monkeypatch.undo()
    assert "ms a frame" in choose(str(card), cache=cache, **HOW).why


@pytest.mark.parametrize("files", [5, [1], "best.onnx"])
def test_a_card_whose_files_make_no_sense_is_refused(tmp_path: Path, files: object) -> None:
    (tmp_path / "best.json").write_text(json.dumps({"labels": ["a"], "files": files}))
    with pytest.raises(CardError, match="digests by name"):
        choose(str(tmp_path / "best.json"), **HOW)


def test_forms_that_were_not_copied_along_are_no_fault_while_one_is_there(card: Path, tmp_path: Path) -> None:
    (tmp_path / "best.onnx").unlink()
    choice = choose(str(card), **HOW)
    assert (choice.runtime, choice.why) == ("ncnn", "best_ncnn_model on ncnn: the only way that is installed")
    shutil.rmtree(tmp_path / "best_ncnn_model")
    with pytest.raises(ModelMissingError, match=r"none of the models .*best.onnx, best_ncnn_model"):
        choose(str(card), **HOW)


def test_where_no_runtime_is_installed_the_remedy_is_told(card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("onnxruntime", "openvino", "ncnn"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(RuntimeMissingError, match=r"pip install 'glassline\[pi\]'"):
        choose(str(card), **HOW)


def test_a_measuring_process_that_crashes_takes_nobody_along() -> None:
    with pytest.raises(ProbeError, match="ended with code -6"):
        probe(MODELS / "detect.onnx", "onnxruntime", threads=1, module="tests.vision.crashing")


def test_a_measuring_process_that_hangs_ends_with_the_one_that_started_it() -> None:
    start = (
        "from pathlib import Path; from glassline.vision.probe import probe; "
        "probe(Path('any.onnx'), 'onnxruntime', threads=1, module='tests.vision.hanging')"
    )
    with subprocess.Popen([sys.executable, "-c", start]) as starting:
        children: list[psutil.Process] = []
        until(lambda: children.extend(psutil.Process(starting.pid).children()) or children)
        starting.kill()
    until(lambda: not children[0].is_running())
