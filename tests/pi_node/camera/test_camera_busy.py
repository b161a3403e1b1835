"""A camera that another program holds is told from one that is not there, and that program is named."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassline.contract import Reason
from pi_node.camera import CameraBusyError, CameraError, open_camera
from pi_node.camera.capture import Capture
from pi_node.camera.holder import UNNAMED, holder_of, who_has_open
from tests.support.waiting import until

HOLDING = """
import fcntl, sys, termios, time
held = open(sys.argv[1], "rb", buffering=0)
if "alone" in sys.argv:
    fcntl.ioctl(held, termios.TIOCEXCL)
print("held", flush=True)
time.sleep(60)
"""
NOBODY = 65534


@pytest.fixture
def device():
    """A character device of the kernel that nobody else has open: a terminal of our own."""
    ours, theirs = os.openpty()
    path = os.ttyname(theirs)
    os.chmod(path, 0o666)
    os.close(theirs)
    yield path
    os.close(ours)


@pytest.fixture
def as_nobody():
    """Not as root, whom the kernel lets open a terminal that is busy for everybody else."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(before)


@contextmanager
def held(path, how="with others"):
    process = subprocess.Popen([sys.executable, "-c", HOLDING, path, how], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_who_has_a_device_open_is_named_until_it_ends_and_does_not_make_it_busy(device):
    assert who_has_open(device) == UNNAMED
    with held(device) as process:
        name = who_has_open(device)
        assert name.endswith(f"(process {process.pid})")
        assert "python" in name
        assert holder_of(device) is None
    assert who_has_open(device) == UNNAMED


def test_a_device_that_says_itself_that_it_is_busy_has_a_holder(device, request):
    assert holder_of(device) is None
    with held(device, "alone") as process:
        named = f"(process {process.pid})" in who_has_open(device)
        request.getfixturevalue("as_nobody")
        assert named
        assert holder_of(device) == who_has_open(device)
        assert holder_of(device) == UNNAMED or f"(process {process.pid})" in holder_of(device)


def test_a_link_to_a_device_leads_to_who_has_it_and_our_own_handle_does_not_count(device, tmp_path):
    (tmp_path / "video0").symlink_to(device)
    with open(device, "rb", buffering=0):
        assert who_has_open(str(tmp_path / "video*")) == UNNAMED
        with held(device) as process:
            assert f"(process {process.pid})" in who_has_open(str(tmp_path / "video*"))


def test_what_a_desktop_has_open_anyway_is_named_only_where_nothing_else_is(device, tmp_path):
    (tmp_path / "wireplumber").write_bytes(Path("/bin/sleep").read_bytes())
    (tmp_path / "wireplumber").chmod(0o755)
    with (
        open(device, "rb", buffering=0) as opened,
        subprocess.Popen([tmp_path / "wireplumber", "60"], stdin=opened) as desktop,
    ):
        try:
            assert who_has_open(device) == f"wireplumber (process {desktop.pid})"
            with held(device) as process:
                assert who_has_open(device).endswith(f"(process {process.pid})")
                assert "wireplumber" not in who_has_open(device)
        finally:
            desktop.kill()


def test_what_is_not_there_is_held_by_nobody():
    assert holder_of("/dev/video77") is None


class Chained:
    """The two errors of picamera2.py, the first of which is what libcamera's acquire() returned."""

    def __init__(self, cause):
        self._cause = cause

    def Picamera2(self, index):  # noqa: N802 - the library's name
        try:
            raise RuntimeError(self._cause)
        except RuntimeError:
            raise RuntimeError("Camera __init__ sequence did not complete.")  # noqa: B904 - as picamera2 does


@pytest.mark.parametrize("cause", ["camera.acquire() returned unexpected code: -16", "Failed to acquire camera"])
def test_picamera2s_ways_of_saying_that_another_program_has_the_camera(monkeypatch, cause):
    monkeypatch.setitem(sys.modules, "picamera2", Chained(cause))
    with pytest.raises(CameraBusyError, match="held by") as caught:
        open_camera("picamera:0", image_wh=(64, 48), fps=10).open()
    assert caught.value.holder


@pytest.mark.parametrize("cause", ["camera.acquire() returned unexpected code: -19", "list index out of range"])
def test_a_camera_that_picamera2_does_not_find_is_missing_and_not_busy(monkeypatch, cause):
    monkeypatch.setitem(sys.modules, "picamera2", Chained(cause))
    with pytest.raises(CameraError, match="rpicam-hello") as caught:
        open_camera("picamera:0", image_wh=(64, 48), fps=10).open()
    assert not isinstance(caught.value, CameraBusyError)


class Held:
    """A camera that another program holds for its first two openings."""

    may_repeat = False
    openings = 0

    def open(self):
        type(self).openings += 1
        if self.openings <= 2:
            raise CameraBusyError("it is held by motion (process 612)", "motion (process 612)")

    def read(self):
        raise CameraError("the cable came loose")

    def close(self):
        pass


def test_capture_names_the_holder_tries_again_and_forgets_it():
    capture = Capture(make_camera=Held, sinks=[], on_opened=lambda: None)
    capture.start()
    try:
        until(lambda: capture.reason() is Reason.CAMERA_BUSY, 10)
        assert capture.holder == "motion (process 612)"
        until(lambda: capture.reason() is Reason.CAMERA_MISSING, 10)
        assert capture.holder is None
    finally:
        capture.stop()
