"""Pictures into the model's input, coordinates back out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassline.vision.letterbox import Letterbox


@settings(deadline=None)
@given(
    input_hw=st.tuples(st.integers(32, 128), st.integers(32, 128)),
    image_hw=st.tuples(st.integers(1, 300), st.integers(1, 300)),
)
def test_the_picture_lies_whole_and_centred_in_its_input(input_hw: tuple, image_hw: tuple) -> None:
    letterbox = Letterbox(input_hw=input_hw)
    tensor = letterbox.fill(np.full((*image_hw, 3), 255, np.uint8))
    assert tensor.shape == (1, 3, *input_hw)
    ys, xs = np.nonzero(tensor[0, 0] == 1.0)
    height, width = np.ptp(ys) + 1, np.ptp(xs) + 1
    gain = min(input_hw[0] / image_hw[0], input_hw[1] / image_hw[1])
    assert height == max(1, round(image_hw[0] * gain))
    assert width == max(1, round(image_hw[1] * gain))
    assert abs(ys.min() - (input_hw[0] - 1 - ys.max())) <= 1
    assert abs(xs.min() - (input_hw[1] - 1 - xs.max())) <= 1
    around = tensor[0, 0][tensor[0, 0] != 1.0]
    assert np.allclose(around, 114 / 255)
    corners = np.array([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]], float)
    assert letterbox.to_xyxyn(corners).tolist() == [[0, 0, 1, 1]]


@settings(deadline=None)
@given(side=st.integers(2, 6), image_hw=st.tuples(st.integers(8, 300), st.integers(8, 300)))
def test_with_a_stride_no_more_is_padded_than_it_takes(side: int, image_hw: tuple) -> None:
    letterbox = Letterbox(input_hw=(32 * side, 32 * side), stride=32)
    height, width = letterbox.fill(np.full((*image_hw, 3), 255, np.uint8)).shape[2:]
    gain = 32 * side / max(image_hw)
    inner_height, inner_width = max(1, round(image_hw[0] * gain)), max(1, round(image_hw[1] * gain))
    assert (height % 32, width % 32) == (0, 0)
    assert 0 <= height - inner_height < 32
    assert 0 <= width - inner_width < 32
    x, y = letterbox.to_xyn(np.array([[width / 2, height / 2]]))[0]
    assert abs(x - 0.5) <= 0.51 / inner_width
    assert abs(y - 0.5) <= 0.51 / inner_height


def test_colours_arrive_as_rgb_from_zero_to_one() -> None:
    bgr = np.empty((64, 64, 3), np.uint8)
    bgr[:] = (51, 102, 255)
    assert Letterbox(input_hw=(64, 64)).fill(bgr)[0, :, 10, 10] == pytest.approx([1.0, 0.4, 0.2])


def test_a_place_in_the_picture_is_found_again_from_its_place_in_the_input() -> None:
    bgr = np.zeros((480, 640, 3), np.uint8)
    bgr[120:180, 320:480] = 255
    letterbox = Letterbox(input_hw=(416, 416))
    ys, xs = np.nonzero(letterbox.fill(bgr)[0, 0, 52:364] > 0.5)
    box = np.array([[xs.min(), ys.min() + 52, xs.max() + 1, ys.max() + 53]], float)
    assert letterbox.to_xyxyn(box)[0] == pytest.approx([0.5, 0.25, 0.75, 0.375], abs=0.004)


def test_boxes_over_the_edge_are_clipped() -> None:
    letterbox = Letterbox(input_hw=(64, 64))
    letterbox.fill(np.zeros((64, 64, 3), np.uint8))
    assert letterbox.to_xyxyn(np.array([[-9.0, 16, 80, 32]])).tolist() == [[0, 0.25, 1, 0.5]]


def test_a_picture_of_another_shape_leaves_nothing_of_the_one_before() -> None:
    letterbox = Letterbox(input_hw=(64, 64))
    letterbox.fill(np.full((64, 64, 3), 255, np.uint8))
    wide = np.random.default_rng(0).integers(0, 255, (32, 64, 3), np.uint8)
    assert np.array_equal(letterbox.fill(wide), Letterbox(input_hw=(64, 64)).fill(wide))


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4), (0, 10, 3)])
def test_what_is_no_picture_is_refused_with_its_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected a picture of shape"):
        Letterbox(input_hw=(64, 64)).fill(np.zeros(shape, np.uint8))
