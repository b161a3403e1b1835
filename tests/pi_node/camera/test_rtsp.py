"""A network camera, on a real RTSP server: right colours, a secret password, newest only, and it comes back."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import pairwise

import cv2
import pytest

from glassline.contract import Reason
from pi_node.camera import CameraError, open_camera
from pi_node.camera.capture import Capture
from pi_node.camera.lateness import CATCH_UP_S, LATE_S, WINDOW_S, Lateness
from tests.pi_node.camera.red_object import assert_red_object, red_object
from tests.support.ports import free_port
from tests.support.waiting import until

PASSWORD = "hun/ter@2"
SYSTEM_PYTHON = "/usr/bin/python3"
NEEDS = "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good"


class Server:
    """Starts where it was before."""

    def __init__(self, folder):
        self.port = free_port()
        self._picture = folder / "red_object.jpg"
        cv2.imwrite(str(self._picture), red_object((320, 192)), [cv2.IMWRITE_JPEG_QUALITY, 100])

    @contextmanager
    def running(self):
        command = [SYSTEM_PYTHON, __file__.replace("test_rtsp", "rtsp_server"), str(self.port), self._picture, PASSWORD]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout.readline() == b"ready\n"
                yield process
            finally:
                process.send_signal(signal.SIGCONT)
                process.kill()


@pytest.fixture
def server(tmp_path):
    can = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if subprocess.run([SYSTEM_PYTHON, "-c", can], capture_output=True).returncode != 0:
        pytest.skip(f"wants a real RTSP server: sudo apt install {NEEDS}")
    return Server(tmp_path)


@pytest.fixture
def password_file(tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    file.chmod(0o600)
    return str(file)


def camera_of(server, password_file, wh=(320, 192)):
    return open_camera(f"rtsp://eye@127.0.0.1:{server.port}/glass", image_wh=wh, fps=15, password_file=password_file)


def test_it_is_seen_in_right_colours_and_made_as_small_as_wanted(server, password_file):
    with server.running():
        for wh, got in (((320, 192), (320, 192)), ((160, 160), (160, 96))):
            camera = camera_of(server, password_file, wh)
            camera.open()
            shots = [camera.read() for _ in range(5)]
            camera.close()
            assert shots[-1][0].image_wh == got
            assert_red_object(shots[-1][0].bgr, within=8)
            assert abs(time.monotonic() - shots[-1][1]) < 2


def test_a_wrong_password_a_wrong_path_and_nobody_there_are_said_without_the_password(server, tmp_path):
    urls = {"eye:hunter2@": "/glass", "eye:hunter3@": "/other"}
    with server.running():
        for user, path in urls.items():
            with pytest.raises(CameraError, match=r"rtsp://…@127\.0\.0\.1.*cannot be opened") as caught:
                open_camera(f"rtsp://{user}127.0.0.1:{server.port}{path}", image_wh=(320, 192), fps=15).open()
            assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "file", "says"),
    [
        ("rtsp://", "", "expected an address"), ("rtsp://eye:a/b@10.0.0.1/x", "", "camera_password_file"),
        ("rtsp://eye:hunter2@10.0.0.1/x", "some", "a user and no password"), ("rtsp://10.0.0.1/x", "x", "a user and"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_is_refused(url, file, says):
    with pytest.raises(CameraError, match=says) as caught:
        open_camera(url, image_wh=(64, 48), fps=15, password_file=file)
    assert "hunter2" not in str(caught.value)


def test_a_password_file_that_others_can_read_is_refused(password_file, tmp_path):
    (tmp_path / "password").chmod(0o644)
    with pytest.raises(CameraError, match="camera_password_file"):
        open_camera("rtsp://eye@127.0.0.1:9/x", image_wh=(64, 48), fps=15, password_file=password_file).open()


def test_nothing_that_ffmpeg_says_shows_the_password(server):
    code = (
        "import sys\nfrom pi_node.camera import CameraError, open_camera\n"
        "try: open_camera(sys.argv[1], image_wh=(64, 48), fps=15).open()\n"
        "except CameraError as error: print(error)\n"
    )
    with server.running():
        url = f"rtsp://eye:hunter2@127.0.0.1:{server.port}/glass"
        run = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, timeout=60)
    assert "cannot be opened" in run.stdout
    assert "hunter2" not in run.stdout + run.stderr


def test_after_a_stall_the_newest_picture_comes_next_and_none_of_the_backlog(server, password_file):
    with server.running():
        camera = camera_of(server, password_file)
        camera.open()
        for _ in range(20):
            camera.read()
        before_s, began_s = camera._source.get(cv2.CAP_PROP_POS_MSEC) / 1000, time.monotonic()
        time.sleep(4)
        _, monotonic_s = camera.read()
        passed_s, skipped_s = time.monotonic() - began_s, camera._source.get(cv2.CAP_PROP_POS_MSEC) / 1000 - before_s
        camera.close()
    assert skipped_s > passed_s - 1.5
    assert time.monotonic() - monotonic_s < passed_s


def test_a_camera_that_goes_away_or_stands_still_is_found_again(server, password_file):
    frames = []
    capture = Capture(
        make_camera=lambda: camera_of(server, password_file), sinks=[frames.append], on_opened=lambda: None
    )
    with server.running() as process:
        capture.start()
        until(lambda: len(frames) > 10, 20)
        process.send_signal(signal.SIGSTOP)
        until(lambda: capture.reason() in (Reason.CAMERA_NO_FRAMES, Reason.CAMERA_MISSING), 8)
        process.send_signal(signal.SIGCONT)
        before = len(frames)
        until(lambda: len(frames) > before + 10, 30)
    until(lambda: capture.reason() is Reason.CAMERA_MISSING, 15)
    with server.running():
        before = len(frames)
        until(lambda: len(frames) > before + 10, 30)
        until(lambda: capture.reason() is None, 5)
        capture.stop()


def test_lateness_is_against_the_least_late_and_follows_clocks_that_drift_apart():
    lateness = Lateness()
    assert [round(lateness.of(t, 100 + t + late), 3) for t, late in ((0, 0.2), (1, 0), (2, 3.0), (2.1, 2.9))] == [
        0, 0, 3.0, 2.9,
    ]  # fmt: skip
    assert lateness.of(0.5, 200) == 0  # the stream began anew
    drifting = Lateness()
    worst = max(drifting.of(t, 100 + t * 1.001) for t in range(int(20 * WINDOW_S)))
    assert worst < 2 * WINDOW_S * 0.0011


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.98])
def test_a_stream_whose_clock_is_slow_is_seen_all_the_same(rate):
    """Of 25 pictures a second by its own clock it gives 20, for one."""
    lateness, seen_s = Lateness(), [0.0]
    for t in (n / 20 for n in range(300 * 20)):
        if lateness.of(t * rate, 100 + t) <= LATE_S:
            seen_s.append(t)
    assert max(after - before for before, after in pairwise([*seen_s, 300])) < CATCH_UP_S + 0.2
    assert len(seen_s) > 300 * 20 * 0.6


def test_a_backlog_that_is_being_caught_up_with_is_left_out_to_its_end():
    lateness = Lateness()
    assert lateness.of(0, 100) == 0
    for n in range(1, 50):  # 10 s of it, read twice as fast as it was taken
        assert lateness.of(n / 5, 110 + n / 10) == pytest.approx(10 - n / 10)
