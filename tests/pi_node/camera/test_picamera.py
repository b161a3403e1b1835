"""What our camera does with a Pi's: planes and a small picture, rows with padding, colours, controls, and hangs."""

import threading
import time

import pytest

from glassline.contract.tunable import parse_focus, parse_white_balance
from pi_node.camera import Attended, CameraError, CameraHangsError, attended, open_camera
from pi_node.camera import picamera as picamera_module
from pi_node.camera.jpeg import encode_jpeg
from pi_node.config.tuning import Tuning
from tests.pi_node.camera.fake_picamera2 import ColorSpace, FakeLibrary
from tests.pi_node.camera.red_object import assert_red_object, decoded
from tests.support.waiting import until


@pytest.fixture
def library(monkeypatch):
    return FakeLibrary(monkeypatch)


def opened(wh=(1296, 730), **tuning):
    camera = open_camera("picamera:1", image_wh=wh, fps=15, tuning=Tuning(**tuning))
    camera.open()
    return camera


def test_it_asks_for_planes_in_jpegs_own_colours_and_for_a_small_picture_of_the_same_shape(library):
    picture, _ = opened().read()
    (asked,) = library.configured
    assert library.opened == [1]
    assert (asked["main"]["format"], asked["lores"]) == ("YUV420", {"size": (640, 360), "format": "YUV420"})
    assert asked["colour_space"].range == "Range.Full"
    assert picture.planes is not None
    assert (picture.image_wh, picture.small.image_wh) == ((1296, 730), (640, 360))
    assert_red_object(decoded(encode_jpeg(picture, 90)))
    assert_red_object(picture.bgr)
    assert_red_object(picture.small.bgr, within=8)


def test_a_picture_that_is_small_already_has_no_smaller_one_beside_it(library):
    assert opened((640, 480)).read()[0].small is None
    assert library.configured[0]["lores"] is None


@pytest.mark.parametrize("given", ["NV12", "YVU420", "YUYV", "RGB888", "BGR888", "XRGB8888", "XBGR8888"])
def test_red_is_red_in_whatever_it_gives_instead(library, given):
    library.main_format = library.lores_format = given
    if given in ("RGB888", "BGR888", "XRGB8888", "XBGR8888"):
        library.color_space = ColorSpace("Null", "Full")
    picture, _ = opened().read()
    assert_red_object(picture.bgr)
    assert_red_object(picture.small.bgr, within=8)
    assert_red_object(decoded(encode_jpeg(picture, 90)))


def test_colours_that_are_not_jpegs_own_are_made_so(library):
    library.color_space = ColorSpace("Rec709", "Limited")
    picture, _ = opened().read()
    with pytest.raises(AssertionError):  # the fake's numbers are JPEG's own, so taking its word must change them
        assert_red_object(picture.bgr)


def test_without_a_second_stream_it_makes_do_with_one(library):
    library.has_lores = False
    picture, _ = opened().read()
    assert picture.small is None
    assert picture.planes is not None


@pytest.mark.parametrize(("wh", "why"), [((640, 480), "another shape"), ((1296, 730), "makes none smaller")])
def test_a_small_picture_that_does_not_help_is_left_alone(library, caplog, wh, why):
    caplog.set_level("INFO")
    library.lores_wh = wh
    assert opened().read()[0].small is None
    assert why in caplog.text


def test_a_small_picture_of_another_part_of_the_view_is_left_alone_from_its_first_frame_on(library, caplog):
    library.crops = [(0, 0, 4608, 2592), (100, 0, 4408, 2592)]
    camera = opened()
    assert [camera.read()[0].small for _ in range(2)] == [None, None]
    assert caplog.text.count("another part of the view") == 1


def test_formats_and_colour_spaces_that_nobody_understands_are_named(library):
    library.main_format = "SRGGB10"
    with pytest.raises(CameraError, match=r"SRGGB10, which is not understood.*YUV420"):
        opened()
    assert [asked["main"]["format"] for asked in library.configured] == ["YUV420", "YUV420", "RGB888"]
    library.main_format, library.color_space = None, ColorSpace("Smpte240m", "Full")
    with pytest.raises(CameraError, match="colour space"):
        opened()


def test_exposure_gain_white_balance_and_focus_are_told_in_the_cameras_words(library):
    opened(exposure_us=500, gain=4.0, white_balance="daylight", focus_dioptres=5.0)
    assert library.configured[-1]["controls"] == {
        "FrameDurationLimits": (66667, 66667), "ExposureTime": 500, "AnalogueGain": 4.0,
        "AwbEnable": True, "AwbMode": 5, "AfMode": 0, "LensPosition": 5.0,
    }  # fmt: skip
    opened(white_balance="1.9,1.4")
    assert library.configured[-1]["controls"] == {
        "FrameDurationLimits": (66667, 66667), "ColourGains": (1.9, 1.4), "AfMode": 2,
    }  # fmt: skip
    opened(exposure_us=200_000)
    assert library.configured[-1]["controls"]["FrameDurationLimits"] == (200_000, 200_000)


def test_what_a_camera_does_not_offer_is_named_and_the_rest_is_done(library, caplog):
    for name in ("AfMode", "LensPosition"):
        del library.controls[name]
    opened(exposure_us=500, focus_dioptres=5.0)
    assert "does not offer AfMode, LensPosition" in caplog.text
    assert library.configured[-1]["controls"]["ExposureTime"] == 500
    caplog.clear()
    opened()
    assert caplog.text == ""


def test_what_is_beyond_a_camera_is_taken_for_the_nearest_that_it_can(library, caplog):
    opened(gain=40.0)
    assert library.configured[-1]["controls"]["AnalogueGain"] == 16.0
    assert "AnalogueGain goes from 1 to 16: 16 is taken for 40" in caplog.text


@pytest.mark.parametrize("text", ["", "warm", "1.9", "0,1", "1,2,3", "nan,1"])
def test_white_balances_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match=r"expected auto, incandescent.*1\.9,1\.4"):
        parse_white_balance(text)


@pytest.mark.parametrize("text", ["", "near", "-1", "33", "nan"])
def test_a_focus_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="expected auto, or 1 over the distance"):
        parse_focus(text)


def test_a_frame_is_as_old_as_the_sensor_says(library):
    camera = opened()
    library.age_s = 0.25
    _, monotonic_s = camera.read()
    assert 0.25 <= time.monotonic() - monotonic_s < 0.5
    library.age_s = 2.5  # exposed for long, or the program stood still
    _, monotonic_s = camera.read()
    assert 2.5 <= time.monotonic() - monotonic_s < 3
    library.age_s = 3600  # another clock: not believed
    assert time.monotonic() - camera.read()[1] < 0.2


def test_one_that_gives_no_frame_says_so_and_lets_itself_be_closed(library, monkeypatch):
    monkeypatch.setattr(picamera_module, "FRAME_S", 0.2)
    camera = opened()
    camera.read()
    library.silent.set()
    with pytest.raises(CameraHangsError, match="gives no frame"):
        camera.read()
    camera.close()
    camera.close()
    assert library.closed == 1
    with pytest.raises(CameraError, match="not open"):
        camera.read()


def test_its_first_frame_may_take_longer_than_the_next(library, monkeypatch):
    monkeypatch.setattr(picamera_module, "FRAME_S", 0.2)
    camera = opened()
    library.silent.set()
    threading.Timer(0.5, library.silent.clear).start()
    camera.read()
    assert library.waited == [picamera_module.FIRST_S]
    camera.read()
    assert library.waited == [picamera_module.FIRST_S, 0.2]
    camera.close()
    camera.open()
    camera.read()
    assert library.waited == [picamera_module.FIRST_S, 0.2, picamera_module.FIRST_S]


def test_one_that_is_opened_after_it_was_given_up_is_closed_again(library, monkeypatch):
    monkeypatch.setattr(attended, "OPEN_S", 0.2)
    library.hangs_in_open.set()
    camera = Attended(open_camera("picamera:1", image_wh=(640, 480), fps=15))
    with pytest.raises(CameraHangsError, match="while it is opened"):
        camera.open()
    camera.close()
    assert camera.is_stuck
    assert (library.opened, library.closed) == ([1], 0)
    library.hangs_in_open.clear()
    until(lambda: not camera.is_stuck, 10)
    assert (library.closed, library.configured) == (1, [])
