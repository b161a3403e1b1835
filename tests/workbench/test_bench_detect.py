"""`glassline bench detect`: real processes, and what is made of their figures."""

import json

from typer.testing import CliRunner

from glassline.vision.probe import Figures
from workbench.bench.command import app
from workbench.bench.detect import bars


def test_it_measures_what_is_installed_and_says_that_ultralytics_is_not() -> None:
    result = CliRunner().invoke(app, ["detect", "--json", "--frames", "2", "--rounds", "1", "--threads", "1"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.output[result.output.index("{") :])
    assert set(told["runtimes"]) == {"onnxruntime", "openvino"}
    for figures in told["runtimes"].values():
        assert figures["p50_ms"] > 0
        assert figures["startup_s"] > 0.1
        assert 30 < figures["rss_mb"] < 1000
    assert told["bars"] == []
    assert "Ultralytics is not installed" in result.output


def test_weights_without_ultralytics_are_answered_with_the_remedy() -> None:
    result = CliRunner().invoke(app, ["detect", "--model", "best.pt"])
    assert result.exit_code == 1
    assert "pip install 'glassline[train]'" in result.output


def test_the_quickest_lean_runtime_is_held_against_ultralytics_round_by_round() -> None:
    quick = {
        "onnxruntime": Figures(p50_ms=30, min_ms=29, startup_s=0.5, rss_mb=100),
        "openvino": Figures(p50_ms=20, min_ms=19, startup_s=2.0, rss_mb=160),
        "ultralytics": Figures(p50_ms=40, min_ms=39, startup_s=5.0, rss_mb=800),
    }
    slow = {name: one.model_copy(update={"p50_ms": 2 * one.p50_ms}) for name, one in quick.items()}
    disturbed = {**quick, "ultralytics": slow["ultralytics"]}
    told = bars([quick, disturbed, slow])
    assert [(bar.measured, bar.holds) for bar in told] == [(0.5, True), (0.2, True), (0.4, False)]
    assert all(bar.promise.startswith("openvino") for bar in told)


def test_without_ultralytics_nothing_is_promised() -> None:
    assert bars([{"onnxruntime": Figures(p50_ms=30, min_ms=29, startup_s=0.5, rss_mb=100)}]) == []
