"""No library that runs a model reports to its maker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = "tests/vision/fixtures/detect.onnx"
PLAIN = f"import onnxruntime; onnxruntime.InferenceSession({MODEL!r}, providers=['CPUExecutionProvider'])"
OURS = f"""
from pathlib import Path
from glassline.vision.files import find_model
from glassline.vision.runtimes.onnxruntime import open_model
open_model(find_model(Path({MODEL!r})), threads=1, half=False)
"""


def notes(code: str, home: Path) -> list[Path]:
    """What a process that runs `code` leaves behind for sending. On machines that test, the library sends nothing."""
    tested = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "TF_BUILD", "JENKINS_URL", "ORT_DISABLE_TELEMETRY")
    environment = {name: value for name, value in os.environ.items() if name not in tested}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(home.rglob("deviceid"))


def test_onnx_runtime_keeps_its_notes_to_itself(tmp_path: Path) -> None:
    assert notes(OURS, tmp_path) == []


def test_control_without_a_word_it_makes_an_id_of_the_machine(tmp_path: Path) -> None:
    import onnxruntime

    if tuple(map(int, onnxruntime.__version__.split(".")[:2])) < (1, 29):
        pytest.fail(f"onnxruntime {onnxruntime.__version__} is older than its telemetry: this control shows nothing")
    assert notes(PLAIN, tmp_path)
