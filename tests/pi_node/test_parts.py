"""The node's small parts: slot, leases, settings that change, cameras, pictures for the wire."""

import threading
import time

import cv2
import numpy as np
import pytest

from glassline.contract.frames import check_jpeg
from glassline.contract.messages import Lease
from pi_node.camera import CameraError, Picture, open_camera
from pi_node.camera.capture import Capture
from pi_node.camera.jpeg import LEAST_EVIDENCE_BYTES, encode_evidence
from pi_node.config.in_force import Config
from pi_node.config.running import ConfigError
from pi_node.live.leases import IDLE_FPS, MAX_LEASES, Leases
from pi_node.settings import NodeSettings
from pi_node.slot import Slot


def test_a_slot_gives_the_newest_and_counts_what_it_replaced():
    slot = Slot()
    for item in (1, 2, 3):
        slot.put(item)
    assert slot.take(0) == 3
    assert slot.skipped == 2
    assert slot.take(0.01) is None


def test_a_slot_wakes_who_waits():
    slot = Slot()
    threading.Timer(0.05, slot.put, ["frame"]).start()
    assert slot.take(5) == "frame"


def test_the_highest_lease_counts_and_each_lapses_by_itself():
    leases = Leases()
    assert leases.wanted_fps(0) == IDLE_FPS
    leases.renew("web-1", Lease(max_fps=5, ttl_s=15), 0)
    leases.renew("web-2", Lease(max_fps=12, ttl_s=5), 0)
    assert (leases.wanted_fps(1), leases.count(1)) == (12, 2)
    assert (leases.wanted_fps(6), leases.count(6)) == (5, 1)
    assert (leases.wanted_fps(16), leases.count(16)) == (IDLE_FPS, 0)


def test_a_lease_can_be_given_back():
    leases = Leases()
    leases.renew("web-1", Lease(max_fps=5), 0)
    leases.renew("web-1", Lease(max_fps=0), 1)
    assert (leases.wanted_fps(2), leases.count(2)) == (IDLE_FPS, 0)


def test_made_up_webs_do_not_fill_the_memory():
    leases = Leases()
    for i in range(1000):
        leases.renew(f"web-{i}", Lease(max_fps=1), float(i))
    assert leases.count(1000) <= MAX_LEASES


def test_a_changed_setting_is_kept_and_a_wrong_one_changes_nothing(tmp_path):
    def config():
        made = Config(settings=NodeSettings(), path=tmp_path / "config.json")
        made.load()
        return made

    first = config()
    assert first.change({"live_fps": 3}).live_fps == 3
    for wrong in ({"live_fps": -1}, {"no_such": 1}, {"live_quality": "x"}, {"live_fps": float("nan")}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            first.change(wrong)
    assert config().running().live_fps == 3


def test_only_what_was_changed_is_kept_so_that_the_rest_follows_the_settings(tmp_path):
    Config(settings=NodeSettings(), path=tmp_path / "config.json").change({"live_fps": 3})
    later = Config(settings=NodeSettings(detect_fps=2, live_quality=50), path=tmp_path / "config.json")
    later.load()
    assert (later.running().live_fps, later.running().detect_fps, later.running().live_quality) == (3, 2, 50)


@pytest.mark.parametrize("text", ["{broken", "null", "[1]", '{"live_fps": "x"}'])
def test_kept_settings_that_do_not_hold_are_left_aside(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    config = Config(settings=NodeSettings(), path=tmp_path / "config.json")
    config.load()
    assert config.running().live_fps == NodeSettings().live_fps


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("webcam", "known are"), ("usb:front", "usb:0"), ("usb:77", "video"), ("folder:/nowhere", "cannot read"),
        ("scene:?seed=x", "numbers"), ("picamera:left", "picamera:0"), ("folder:/tmp?hold_s=x", "hold_s"),
    ],
)  # fmt: skip
def test_a_camera_that_cannot_be_says_why(uri, says):
    with pytest.raises(CameraError, match=says):
        open_camera(uri, image_wh=(64, 48), fps=10).open()


def test_a_folder_replays_its_photographs_undistorted_and_skips_what_is_none(tmp_path, caplog):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((100, 100, 3), (0, 0, 250), np.uint8))
    (tmp_path / "b.jpg").write_bytes(b"not a picture")
    cv2.imwrite(str(tmp_path / "c.png"), np.full((50, 200, 3), (250, 0, 0), np.uint8))
    camera = open_camera(f"folder:{tmp_path}?hold_s=0.1", image_wh=(64, 48), fps=50)
    camera.open()
    seen = {tuple(int(v) for v in camera.read()[0].bgr[24, 32]) for _ in range(20)}
    camera.close()
    assert seen == {(0, 0, 250), (250, 0, 0)}
    assert "b.jpg cannot be read" in caplog.text


def test_the_rendered_camera_keeps_its_rate_and_its_clock():
    camera = open_camera("scene:?seed=3", image_wh=(160, 120), fps=20)
    camera.open()
    began = time.monotonic()
    times = [camera.read()[1] for _ in range(10)]
    camera.close()
    assert 0.35 < time.monotonic() - began < 2
    assert times == sorted(times)
    assert abs(times[-1] - time.monotonic()) < 1


class _Flaky:
    """A camera whose cable comes loose after three pictures."""

    opened = 0
    may_repeat = False

    def open(self):
        type(self).opened += 1

    def read(self):
        self.left = getattr(self, "left", 3) - 1
        if self.left < 0:
            raise CameraError("the cable came loose")
        return Picture(np.zeros((4, 4, 3), np.uint8)), time.monotonic()

    def close(self):
        pass


def test_a_camera_that_fails_is_opened_again():
    frames = []
    opened = []
    capture = Capture(make_camera=_Flaky, sinks=[frames.append], on_opened=lambda: opened.append(1))
    capture.start()
    deadline = time.monotonic() + 10
    while len(frames) < 7 and time.monotonic() < deadline:
        time.sleep(0.02)
    capture.stop()
    assert _Flaky.opened >= 3
    assert opened == [1]
    assert [frame.seq for frame in frames[:7]] == list(range(1, 8))


def test_evidence_is_encoded_until_it_fits():
    noise = np.random.default_rng(1).integers(0, 255, (2000, 2600, 3), np.uint8)
    jpeg, image_wh = encode_evidence(Picture(noise), 95)
    assert len(jpeg) <= 1_500_000
    assert check_jpeg(jpeg) == image_wh


def test_over_a_slow_link_evidence_gives_quality_first_and_size_only_where_it_must():
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    full, full_wh = encode_evidence(Picture(noise), 90)
    plainer, plainer_wh = encode_evidence(Picture(noise), 90, wanted_bytes=1000)
    smaller, smaller_wh = encode_evidence(Picture(noise), 90, max_bytes=60_000)
    least, least_wh = encode_evidence(Picture(noise), 90, max_bytes=1)
    assert full_wh == plainer_wh == (640, 480)
    assert len(full) > len(plainer) > 100_000
    assert smaller_wh == (320, 240)
    assert len(smaller) <= 60_000
    assert least_wh[0] >= 160
    assert 5_000 < len(least) <= LEAST_EVIDENCE_BYTES
