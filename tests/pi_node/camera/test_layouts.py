"""Pictures are read out of a camera's memory in every format that it may have been configured to: red stays red."""

import cv2
import numpy as np
import pytest

from pi_node.camera import CameraError, Picture, Planes
from pi_node.camera.colours import JPEG, Colours
from pi_node.camera.jpeg import encode_jpeg
from pi_node.camera.layouts import Layout
from tests.pi_node.camera.memory import FORMATS, written
from tests.pi_node.camera.red_object import assert_red_object, decoded, red_object

WH = (160, 96)


@pytest.mark.parametrize("padding", [0, 32])
@pytest.mark.parametrize("name", FORMATS)
def test_a_red_object_is_red_in_every_format_as_bgr_and_as_jpeg(name, padding):
    memory, stride = written(name, red_object(WH), padding=padding)
    picture = Layout(name, WH, stride).picture(memory)
    assert picture.image_wh == WH
    assert_red_object(picture.bgr)
    assert_red_object(decoded(encode_jpeg(picture, 90)))
    assert_red_object(decoded(encode_jpeg(picture.scaled(0.5), 90)), within=8)


def test_a_jpeg_of_the_camera_is_read_too_with_whatever_lies_behind_it():
    memory = np.frombuffer(encode_jpeg(Picture(red_object(WH)), 95) + bytes(500), np.uint8)
    assert_red_object(Layout("MJPEG", WH, 0).picture(memory).bgr)


@pytest.mark.parametrize("standard", ["601", "709", "2020"])
@pytest.mark.parametrize("full", [True, False])
def test_a_red_object_is_red_whatever_the_camera_means_by_yuv(standard, full):
    """The numbers are made here by the formulas of the standards, in floating point."""
    red, blue = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593)}[standard]
    b, g, r = (red_object(WH)[..., k].astype(float) for k in range(3))
    luma = red * r + (1 - red - blue) * g + blue * b
    y, u, v = luma, 128 + (b - luma) / (2 - 2 * blue), 128 + (r - luma) / (2 - 2 * red)
    if not full:
        y, u, v = 16 + y * 219 / 255, 128 + (u - 128) * 224 / 255, 128 + (v - 128) * 224 / 255
    planes = Planes(*(np.clip(np.rint(plane), 0, 255).astype(np.uint8) for plane in (y, u[::2, ::2], v[::2, ::2])))
    picture = Picture(Colours(standard, full=full).to_jpeg(planes))
    assert_red_object(picture.bgr)
    assert_red_object(decoded(encode_jpeg(picture, 90)))


def test_what_already_has_the_meaning_of_a_jpeg_costs_nothing():
    planes = Planes.from_bgr(red_object(WH))
    assert JPEG.to_jpeg(planes) is planes


def test_limited_range_told_as_full_would_be_seen():
    memory, stride = written("NV12", red_object(WH), padding=0)
    wrong = Layout("NV12", WH, stride, Colours("601", full=False)).picture(memory)
    with pytest.raises(AssertionError):
        assert_red_object(wrong.bgr)


@pytest.mark.parametrize("name", ["RGB161616", "SRGGB10", "R8", ""])
def test_a_format_that_nobody_understands_is_named_with_those_that_are(name):
    with pytest.raises(CameraError, match=f"format {name}, which is not understood; understood are YUV420"):
        Layout(name, WH, 160)


@pytest.mark.parametrize("name", [*FORMATS, "MJPEG"])
def test_memory_that_is_too_short_is_an_error_and_no_picture(name):
    stride = 0 if name == "MJPEG" else written(name, red_object(WH), padding=0)[1]
    with pytest.raises(CameraError, match=f"gave 100 bytes where {name} of 160x96"):
        Layout(name, WH, stride).picture(np.zeros(100, np.uint8))


def test_the_planes_that_are_kept_are_part_of_what_was_copied():
    memory, stride = written("YUV420", red_object(WH), padding=32)
    planes = Layout("YUV420", WH, stride).picture(memory).planes
    assert np.shares_memory(planes.y, memory)
    assert cv2.mean(planes.y)[0] > 0
