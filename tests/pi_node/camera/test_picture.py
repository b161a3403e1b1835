"""Pictures of planes and of BGR look the same to everybody: as JPEG, scaled, converted, sampled."""

import threading

import cv2
import numpy as np
import pytest

from glassline.contract.frames import check_jpeg
from pi_node.camera import Picture, Planes
from pi_node.camera.jpeg import encode_evidence, encode_jpeg
from tests.pi_node.camera.red_object import assert_red_object, decoded, red_object


@pytest.fixture(params=["planes", "bgr"])
def picture(request):
    bgr = red_object()
    return Picture(Planes.from_bgr(bgr) if request.param == "planes" else bgr)


def test_red_stays_red_as_bgr_as_jpeg_and_scaled(picture):
    assert_red_object(picture.bgr)
    assert_red_object(decoded(encode_jpeg(picture, 90)))
    assert_red_object(decoded(encode_jpeg(picture.scaled(0.5), 90)), within=8)
    assert picture.scaled(1) is picture


@pytest.mark.parametrize("wh", [(160, 96), (162, 98), (158, 90)])
@pytest.mark.parametrize("scale", [1, 0.75, 0.5, 0.33])
def test_any_size_can_be_scaled_encoded_and_converted(wh, scale):
    scaled = Picture(Planes.from_bgr(red_object(wh))).scaled(scale)
    assert scaled.image_wh == (round(wh[0] * scale), round(wh[1] * scale))
    assert check_jpeg(encode_jpeg(scaled, 80)) == scaled.image_wh
    assert scaled.bgr.shape == (*scaled.image_wh[::-1], 3)
    assert_red_object(scaled.bgr, within=8)


def test_black_and_white_keep_their_whole_range():
    planes = Planes.from_bgr(np.stack([np.tile(np.arange(0, 256, dtype=np.uint8), (16, 1))] * 3, axis=-1))
    for grey in (Picture(planes).bgr, decoded(encode_jpeg(Picture(planes), 100))):
        assert grey[8, 0].max() <= 2
        assert grey[8, 255].min() >= 253
        assert np.abs(grey[8, :, 1].astype(int) - np.arange(256)).max() <= 3


def test_rows_that_lie_apart_in_memory_are_no_part_of_the_picture():
    whole = Planes.from_bgr(red_object())
    y = np.full((96, 192), 7, np.uint8)
    y[:, :160] = whole.y
    apart = Planes(y[:, :160], whole.u, whole.v)
    assert encode_jpeg(Picture(apart), 80) == encode_jpeg(Picture(whole), 80)
    assert np.array_equal(apart.to_bgr(), whole.to_bgr())


def test_planes_that_do_not_go_together_are_refused():
    y = np.zeros((96, 160), np.uint8)
    with pytest.raises(ValueError, match="u: expected half"):
        Planes(y, y, y)


def test_bgr_is_made_once_and_not_before_somebody_asks(monkeypatch):
    made = []
    convert = Planes.to_bgr
    monkeypatch.setattr(Planes, "to_bgr", lambda planes: (made.append(1), convert(planes))[1])
    picture = Picture(Planes.from_bgr(red_object()))
    encode_jpeg(picture, 80)
    encode_jpeg(picture.scaled(0.5), 80)
    picture.luma_sample(64)
    encode_evidence(picture, 90)
    assert made == []
    got = []
    askers = [threading.Thread(target=lambda: got.append(picture.bgr)) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert made == [1]
    assert all(one is got[0] for one in got)


def test_the_detector_gets_the_small_picture_where_that_is_large_enough_for_it():
    small = Picture(Planes.from_bgr(red_object((80, 48))))
    picture = Picture(Planes.from_bgr(red_object()), small=small)
    assert picture.bgr_of_at_least(80) is small.bgr
    assert picture.bgr_of_at_least(81) is picture.bgr
    assert Picture(red_object()).bgr_of_at_least(80).shape == (96, 160, 3)


def test_a_sample_of_the_brightness_is_the_same_of_planes_and_of_bgr():
    bgr = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8), (9, 9), 0)
    of_bgr, of_planes = Picture(bgr).luma_sample(64), Picture(Planes.from_bgr(bgr)).luma_sample(64)
    assert of_bgr.shape == of_planes.shape == (69, 64)
    assert np.abs(of_bgr.astype(int) - of_planes).max() <= 1
