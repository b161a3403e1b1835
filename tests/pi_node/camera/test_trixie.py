"""Our camera on the real picamera2, on libcamera's virtual camera, in a Debian trixie as Raspberry Pi OS is one.

It shows what picamera2 and libcamera make of what we tell them. That camera gives NV12 whatever was asked, is not
paced, and has neither exposure nor focus; test_picamera.py has what a Pi does beyond that.
"""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.pi_node.camera.red_object import GREEN, GREY, RED, assert_red_object, red_object
from tests.support.debian import PROJECT, trixie

HERE = Path(__file__).parent / "trixie"
WITHIN = 8
"""Of 255; it shows a JPEG."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a part of session.py in the root; returns what it told, and its log."""
    root, site = trixie(), PROJECT / "var" / "roots" / "picamera2-site"
    fetched = subprocess.run([HERE / "site.sh", sys.executable, site], capture_output=True, text=True)
    assert fetched.returncode == 0, fetched.stderr
    work, test = tmp_path_factory.mktemp("trixie"), tmp_path_factory.mktemp("test")
    for file in HERE.iterdir():
        (test / file.name).write_bytes(file.read_bytes())
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", test / "shim.so", HERE / "shim.c"], check=True)
    cv2.imwrite(str(test / "red_object.jpg"), red_object((1280, 720)), [cv2.IMWRITE_JPEG_QUALITY, 100])

    def run(part):
        environment = {
            "LD_PRELOAD": "/opt/test/shim.so", "HANG_FILE": "/out/hang", "LIBCAMERA_LOG_LEVELS": "*:WARN",
            "PYTHONPATH": "/opt/test:/opt/glassline:/opt/site", "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin",
        }  # fmt: skip
        there = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
        ended = subprocess.run(
            [HERE / "in-root.sh", root, work, PROJECT, site, test, *there, "python3", "/opt/test/session.py", part],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr[-3000:]
        return [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr, work / "out"

    return run


def test_it_opens_configures_gives_a_hundred_frames_in_right_colours_closes_and_opens_again(run):
    (first, second), log, out = run("by hand")
    print(f"B, G, R of red, green and grey: {first['bgr']}; the picture is {first['age_s']:.3f} s old")
    assert (first["frames"], second["frames"]) == (100, 3)
    for told in (first, second):
        assert (told["wh"], told["small_wh"]) == ([1280, 720], [640, 360])
        assert told["planes"]
        assert told["later"]
        assert 0 <= told["age_s"] < 1
        for seen in (told["bgr"], told["small_bgr"]):
            assert np.abs(np.array(seen) - np.array([RED, GREEN, GREY])).max() <= WITHIN
    assert_red_object(cv2.imread(str(out / "picture.jpg")), within=WITHIN)
    assert "the camera gives NV12 1280x720, and NV12 640x360 for the detector" in log
    assert "Camera closed successfully" in log


def test_one_that_hangs_is_named_closed_and_opened_anew_within_the_process(run):
    (told,), log, _ = run("hang")
    print(f"named after {told['named_s']:.1f} s, back after {told['back_s']:.1f} s")
    assert told["came"]
    assert told["named"]
    assert 4 < told["named_s"] < 6
    assert told["back"]
    assert told["back_s"] < 10
    assert told["well"]
    assert "gives no frame (4.5 s)" in log
    assert "only a restart" not in log
