"""Films play at their own pace, round and round or once; USB cameras go by number or path, and say what is wrong."""

import os
import threading
import time

import cv2
import numpy as np
import pytest

from pi_node.camera import CameraBusyError, CameraError, open_camera, usb
from pi_node.camera.opencv import Source
from tests.pi_node.camera.red_object import assert_red_object, red_object


@pytest.fixture
def film(tmp_path):
    """Ten pictures at 20 a second; the last is white."""
    path = tmp_path / "a belt.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (160, 96))
    for _ in range(9):
        writer.write(red_object())
    writer.write(np.full((96, 160, 3), 255, np.uint8))
    writer.release()
    return path


def opened(uri, wh=(160, 96)):
    camera = open_camera(uri, image_wh=wh, fps=5)
    camera.open()
    return camera


def test_a_film_plays_at_its_own_pace_and_begins_again(film):
    camera = opened(f"video:{str(film).replace(' ', '%20')}")
    began_s = time.monotonic()
    pictures = [camera.read()[0] for _ in range(21)]
    took_s = time.monotonic() - began_s
    camera.close()
    assert_red_object(pictures[0].bgr)
    assert_red_object(pictures[10].bgr)
    assert pictures[9].bgr.min() > 240
    assert pictures[19].bgr.min() > 240
    assert 0.95 < took_s < 3
    assert camera.may_repeat


def test_a_film_that_plays_once_ends_and_says_so(film):
    camera = opened(f"video:{film}?loop=0")
    for _ in range(10):
        camera.read()
    with pytest.raises(CameraError, match="has ended"):
        camera.read()
    camera.close()


def test_a_film_larger_than_wanted_is_made_smaller_in_its_own_shape(film):
    camera = opened(f"video:{film}", (80, 80))
    assert camera.read()[0].image_wh == (80, 48)
    camera.close()


def test_no_film_is_an_error(tmp_path):
    (tmp_path / "none.mp4").write_bytes(b"no film")
    for uri, says in (
        (f"video:{tmp_path}/none.mp4", "cannot be played"), ("video:/nowhere.mp4", "cannot be played"),
        ("video:", "wants a file"), (f"video:{tmp_path}/none.mp4?loop=2", "loop wants 0 or 1"),
    ):  # fmt: skip
        with pytest.raises(CameraError, match=says):
            opened(uri)


@pytest.mark.parametrize(
    ("uri", "path"),
    [("usb:3", "/dev/video3"), ("usb:/dev/v4l/by-id/Eye%201", "/dev/v4l/by-id/Eye 1")],
)
def test_a_usb_camera_goes_by_number_or_path_and_is_named_where_it_is_missing(uri, path):
    with pytest.raises(CameraError, match=f"{path} cannot be opened.*by-id"):
        opened(uri)


@pytest.mark.parametrize("uri", ["usb:left", "usb:video0", "usb:-1", "usb:../dev/video0"])
def test_what_is_no_usb_camera_is_refused(uri):
    with pytest.raises(CameraError, match="number, like usb:0, or its path"):
        opened(uri)


def test_a_usb_camera_that_another_program_holds_is_named_with_it(monkeypatch):
    monkeypatch.setattr(usb, "holder_of", lambda path: f"motion with {path}")
    with pytest.raises(CameraBusyError, match="held by motion with /dev/video7"):
        opened("usb:7")


def test_a_call_that_hangs_does_not_keep_a_source_from_being_closed_and_closes_it_as_it_ends(film, tmp_path):
    """A film that comes through a pipe, and stops: OpenCV waits for more of it inside the call."""
    pipe = tmp_path / "pipe.avi"
    os.mkfifo(pipe)
    source, ended = Source(), []

    def play():
        ended.append(source.open(str(pipe), cv2.CAP_FFMPEG) and all(source.next() for _ in range(10)))

    player = threading.Thread(target=play)
    player.start()
    with open(pipe, "wb") as end:
        end.write(film.read_bytes()[:3000])
        end.flush()
        time.sleep(0.5)
        began_s = time.monotonic()
        source.close()
        assert time.monotonic() - began_s < 2
        assert player.is_alive()
    player.join(10)
    assert not player.is_alive()
    assert source._device is None
    assert not source.next()
    assert source.picture() is None
