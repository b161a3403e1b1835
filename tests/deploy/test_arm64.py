"""The very wheels that a Pi installs, on an emulated Cortex-A76, with the Python of its Debian."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import cv2
import pytest

from glassline.scene import Conveyor
from tests.support.debian import bookworm_arm64, trixie_arm64

from .test_lock import ROOT, wheels_of

ROOTS = {"3.11": bookworm_arm64, "3.13": trixie_arm64}
ONE_FRAME = """
import cv2, json, ncnn, numpy, sys
from glassline.vision import YoloDetector
picture = cv2.imread(sys.argv[2])
with YoloDetector(sys.argv[1], runtime="ncnn", threads=1, image_wh=(picture.shape[1], picture.shape[0])) as detector:
    found = detector.detect(picture)
print(json.dumps(sorted((box.label, *map(float, box.xyxyn), float(box.score)) for box in found)))
"""
HELP = (
    "import cv2, ncnn, numpy, runpy, sys; sys.argv[1:] = ['--help']; runpy.run_module('pi_node', run_name='__main__')"
)

pytestmark = pytest.mark.skipif(
    not shutil.which("qemu-aarch64"), reason="qemu-aarch64 is missing: sudo apt install qemu-user"
)


class Pi:
    """Runs Python programs as a Pi would: an arm64 Debian's interpreter, the locked wheels and this tree."""

    def __init__(self, python: str, site: Path) -> None:
        self.root = ROOTS[python]()
        for wheel in wheels_of(python).values():
            with ZipFile(wheel) as file:
                file.extractall(site)
        self.interpreter = self.root / "usr/bin" / f"python{python}"
        self.path = f"{ROOT}:{site}"

    def run(self, *arguments: str) -> str:
        command = ["qemu-aarch64", "-cpu", "cortex-a76", "-L", str(self.root), str(self.interpreter), *arguments]
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": self.path, "PYTHONDONTWRITEBYTECODE": "1"}
        ended = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environ, check=False)
        assert ended.returncode == 0, ended.stderr[-2000:]
        return ended.stdout


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small picture with marks in it: an emulated processor takes its time."""
    belt = Conveyor(seed=7, image_wh=(320, 240))
    time_s = next(t / 2 for t in range(200) if len([one for one in belt.truth(t / 2) if one.visible_share == 1]) > 1)
    path = tmp_path_factory.mktemp("frame") / "frame.png"
    cv2.imwrite(str(path), belt.frame(time_s))
    return path


def test_trixie_finds_with_the_shipped_ncnn_model_what_is_found_here(tmp_path: Path, frame: Path) -> None:
    arguments = ["-c", ONE_FRAME, str(ROOT / "glassline/vision/models/glassline-n_ncnn_model"), str(frame)]
    here = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    expected, found = json.loads(here.stdout), json.loads(Pi("3.13", tmp_path).run(*arguments))
    assert expected
    assert [one[0] for one in found] == [one[0] for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[1:] == pytest.approx(other[1:], abs=0.02)


def test_on_bookworm_the_node_starts_with_its_older_libraries(tmp_path: Path) -> None:
    assert "--camera" in Pi("3.11", tmp_path).run("-c", HELP)
