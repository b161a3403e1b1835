"""Which model a node runs, and what it says of it."""

from pathlib import Path

import pytest

from glassline.contract.messages import Health, Info
from tests.pi_node.test_node import embedded, listener, newest, node, until

__all__ = ["embedded"]
FIXTURES = Path(__file__).parents[2] / "vision" / "fixtures"


def test_auto_takes_the_fastest_way_and_info_says_why(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, "--model", "auto", broker=embedded):
        until(lambda: (i := newest(heard, "info", Info)) and i.model is not None, 300)
        model = newest(heard, "info", Info).model
    assert model.name == "glassline-n"
    assert f"{model.runtime} " in model.why
    assert model.why.startswith("fastest here with 2 threads: ")
    assert (tmp_path / "state" / "detector.json").is_file()
    assert model.why in (tmp_path / "log").read_text()


def test_an_ncnn_folder_is_run_by_ncnn(tmp_path, embedded):
    path = str(FIXTURES / "detect_ncnn_model")
    with listener(embedded) as heard, node(tmp_path, "--model", path, broker=embedded):
        until(lambda: (i := newest(heard, "info", Info)) and i.model is not None, 60)
        model = newest(heard, "info", Info).model
        assert (model.runtime, model.labels) == ("ncnn", ["red stain", "blue stain"])


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("best.pt", b"PK", "detector.runtime_missing"),
        ("best.engine", b"TensorRT", "detector.model_unknown"),
        ("best.onnx", b"cut short", "detector.model_broken"),
    ],
)
def test_what_is_wrong_with_a_model_is_named_and_the_node_stays_up(tmp_path, embedded, name, content, code):
    (tmp_path / name).write_bytes(content)
    with listener(embedded) as heard, node(tmp_path, "--model", str(tmp_path / name), broker=embedded) as process:
        until(lambda: (h := newest(heard, "health", Health)) and code in h.reasons, 60)
        assert heard.wait_for(lambda kind, *_: kind == "frame", 60)
        assert process.poll() is None
