"""A camera that hangs is found within seconds, named, and opened anew within the process, as far as that can be."""

import threading
import time

import numpy as np
import pytest

from glassline.contract import Reason
from pi_node.camera import Attended, CameraError, CameraHangsError, attended, open_camera
from pi_node.camera.capture import MAX_STUCK, Capture
from pi_node.camera.picture import Picture
from tests.support.waiting import until


@pytest.fixture
def impatient(monkeypatch):
    """Half a second where a node waits for five."""
    for name in ("OPEN_S", "FIRST_S", "READ_S", "CLOSE_S"):
        monkeypatch.setattr(attended, name, 0.5)


class Running:
    """Capture on a rendered camera; `alive` counts its signs of life."""

    def __init__(self, uri):
        self.alive, self.frames, self.cameras = 0, [], []
        self.capture = Capture(make_camera=lambda: self._made(uri), sinks=[self.frames.append],
                               on_opened=lambda: None, on_alive=self._live)  # fmt: skip

    def _made(self, uri):
        self.cameras.append(open_camera(uri, image_wh=(64, 48), fps=50))
        return self.cameras[-1]

    def _live(self, for_s):
        self.alive += 1

    def __enter__(self):
        self.capture.start()
        return self

    def __exit__(self, *_):
        self.capture.stop()


def test_a_camera_that_hangs_is_named_after_five_seconds_and_opened_anew(caplog):
    hangs_s = time.time() + 4
    with Running(f"scene:?seed=1&hang_from={hangs_s}") as running:
        until(lambda: time.time() > hangs_s, 5)
        until(lambda: running.capture.reason() is Reason.CAMERA_NO_FRAMES, 10)
        found_s = time.time() - hangs_s
        frames, alive = len(running.frames), running.alive
        until(lambda: len(running.frames) > frames + 20, 10)
        back_s = time.time() - hangs_s
        until(lambda: running.capture.reason() is None, 5)
    print(f"named {found_s:.1f} s after the last frame, back after {back_s:.1f} s")
    assert 4.5 < found_s < 6
    assert back_s < 8
    assert frames > 20
    assert alive == frames
    assert len(running.cameras) == 2
    assert [frame.seq for frame in running.frames] == list(range(1, len(running.frames) + 1))
    assert "gives no frame; it is closed and opened anew (5 s)" in caplog.text


def test_a_camera_that_cannot_be_closed_either_ends_the_signs_of_life_until_it_works_again(impatient, caplog):
    with Running(f"scene:?seed=1&hang_close=1&hang_from={time.time() + 0.5}") as running:
        until(lambda: "only a restart of the program helps" in caplog.text, 10)
        alive = running.alive
        until(lambda: len(running.cameras) == 2, 10)
        until(lambda: running.alive > alive + 10, 10)


class Lost:
    """A camera that hangs when it is read for the first time, and afterwards is not there any more."""

    may_repeat = False
    opened = 0

    def open(self):
        type(self).opened += 1
        if self.opened > 1:
            raise CameraError("the camera is gone")

    def read(self):
        threading.Event().wait()

    def close(self):
        pass


def test_a_missing_camera_gives_signs_of_life_but_not_beside_one_that_hangs(impatient):
    alive = []
    Lost.opened = 1
    capture = Capture(make_camera=Lost, sinks=[], on_opened=lambda: None, on_alive=lambda for_s: alive.append(1))
    capture.start()
    until(lambda: len(alive) > 1, 10)
    until(lambda: capture.reason() is Reason.CAMERA_MISSING, 5)
    capture.stop()

    alive.clear()
    Lost.opened = 0
    capture = Capture(make_camera=Lost, sinks=[], on_opened=lambda: None, on_alive=lambda for_s: alive.append(1))
    capture.start()
    until(lambda: Lost.opened > 3, 10)
    capture.stop()
    assert not alive


class Clinging:
    """A camera that gives pictures, or fails in words, hangs when it is closed, and is gone from then on."""

    may_repeat = False
    opened = 0
    fails = False

    def open(self):
        type(self).opened += 1
        if self.opened > 1:
            raise CameraError("the camera is gone")

    def read(self):
        time.sleep(0.02)
        if self.fails:
            raise CameraError("the cable is out")
        return Picture(np.zeros((48, 64, 3), np.uint8)), time.monotonic()

    def close(self):
        if self.opened == 1:
            threading.Event().wait()


@pytest.mark.parametrize("fails", [True, False], ids=["after an error", "to be opened anew"])
def test_one_that_hangs_only_when_it_is_closed_ends_the_signs_of_life_too(impatient, monkeypatch, fails):
    monkeypatch.setattr("pi_node.camera.capture.REOPEN_S", (0.05, 0.05))
    monkeypatch.setattr(Clinging, "opened", 0)
    monkeypatch.setattr(Clinging, "fails", fails)
    alive = []
    capture = Capture(make_camera=Clinging, sinks=[], on_opened=lambda: None, on_alive=lambda for_s: alive.append(1))
    capture.start()
    until(lambda: fails or len(alive) > 2, 10)
    capture.reopen()
    until(lambda: Clinging.opened > 1, 10)
    before = len(alive)
    until(lambda: Clinging.opened > 4, 10)
    capture.stop()
    assert len(alive) == before


class Deaf:
    """A camera that hangs when it is opened, and again whenever it is opened anew."""

    may_repeat = False
    opened = 0

    def open(self):
        type(self).opened += 1
        threading.Event().wait()

    def close(self):
        pass


def test_a_camera_that_always_hangs_does_not_fill_the_memory_with_threads(impatient, monkeypatch):
    monkeypatch.setattr("pi_node.camera.capture.REOPEN_S", (0.01, 0.01))
    monkeypatch.setattr(attended, "OPEN_S", 0.05)
    alive = []
    capture = Capture(make_camera=Deaf, sinks=[], on_opened=lambda: None, on_alive=lambda for_s: alive.append(1))
    capture.start()
    until(lambda: Deaf.opened == MAX_STUCK, 10)
    with pytest.raises(AssertionError, match="not within"):
        until(lambda: Deaf.opened > MAX_STUCK, 1)
    assert capture.reason() is Reason.CAMERA_NO_FRAMES
    capture.stop()
    assert not alive


class Slow:
    """A camera whose call comes back after it was given up."""

    may_repeat = False

    def __init__(self):
        self.go = threading.Event()
        self.closed_by = None

    def open(self):
        self.go.wait()

    def read(self):
        raise TimeoutError("the driver's own")

    def close(self):
        self.closed_by = threading.current_thread().name


def test_what_comes_back_late_leaves_no_thread_behind(impatient):
    slow = Slow()
    camera = Attended(slow)
    with pytest.raises(CameraHangsError, match="while it is opened"):
        camera.open()
    camera.close()
    assert slow.closed_by == "camera-close"
    assert camera.is_stuck
    slow.go.set()
    until(lambda: not camera.is_stuck, 5)


def test_an_error_of_the_driver_is_not_taken_for_a_hang(impatient):
    slow = Slow()
    slow.go.set()
    camera = Attended(slow)
    camera.open()
    with pytest.raises(TimeoutError, match="own"):
        camera.read()
    camera.close()
    assert slow.closed_by == "camera"
    assert not camera.is_stuck
