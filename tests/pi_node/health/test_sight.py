"""What the node says of pictures that are black, or always the same; time is that of the frames."""

import time

import numpy as np
import pytest

from glassline.contract import Reason
from glassline.scene import Conveyor
from pi_node.camera import Frame, Picture, open_camera
from pi_node.health.sight import BLACK_S, FROZEN_S, Sight

RNG = np.random.default_rng(7)


def noisy(level, spread=2.0, wh=(640, 480)):
    """A picture of one brightness, with the noise of a sensor."""
    picture = RNG.normal(level, spread, (wh[1], wh[0], 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def dim(time_s):
    """A rendered pane in hardly any light."""
    lit = Conveyor(seed=3).frame(time_s).astype(np.float32) * 0.08
    return np.clip(lit + RNG.normal(0, 2, lit.shape), 0, 255).astype(np.uint8)


def lamp(time_s):
    """Night, and a small lamp."""
    picture = noisy(4)
    picture[200:260, 300:360] = 200
    return picture


def look_at(picture_at, seconds, sight=None):
    """Look once a second for so long; return the sight and what it said after each look."""
    sight = sight or Sight(black_level=12.0, may_repeat=lambda: False)
    said = []
    for second in range(seconds + 1):
        sight.sink(Frame(second + 1, float(second), Picture(picture_at(1000.0 + second))))
        sight.look()
        said.append(sight.reason())
    return sight, said


def dark_field(time_s):
    """Clean glass in light that only a defect would throw into the lens."""
    return noisy(6)


@pytest.mark.parametrize("level", [0, 3, 8])
def test_a_covered_lens_is_black_after_ten_seconds(level):
    _, said = look_at(lambda time_s: noisy(level), 12)
    assert said == [None] * int(BLACK_S) + [Reason.CAMERA_BLACK] * 3


def test_pictures_of_nothing_but_zeros_are_black_and_not_frozen():
    zeros = np.zeros((480, 640, 3), np.uint8)
    sight, said = look_at(lambda time_s: zeros, 40)
    assert said[-1] is Reason.CAMERA_BLACK
    assert sight.same_frame_s is None


@pytest.mark.parametrize("picture_at", [dim, lamp, lambda time_s: noisy(25), Conveyor(seed=5).frame])
def test_a_dark_but_lit_scene_and_one_that_moves_are_well(picture_at):
    assert look_at(picture_at, 30)[1] == [None] * 31


def test_light_in_which_clean_glass_is_black_is_set_so():
    _, said = look_at(dark_field, 30, Sight(black_level=0, may_repeat=lambda: False))
    assert said == [None] * 31


def test_light_ends_it_at_once_and_dark_begins_anew():
    sight, said = look_at(lambda time_s: noisy(2), 15)
    assert said[-1] is Reason.CAMERA_BLACK
    sight.sink(Frame(100, 16.0, Picture(noisy(90))))
    sight.look()
    assert sight.reason() is None
    sight.sink(Frame(101, 17.0, Picture(noisy(2))))
    sight.look()
    assert sight.reason() is None


def test_the_very_same_picture_for_twenty_seconds_is_frozen_and_says_how_long():
    still = Conveyor(seed=1).frame(50.0)
    sight, said = look_at(lambda time_s: still.copy(), 24)
    assert said == [None] * int(FROZEN_S) + [Reason.CAMERA_FROZEN] * 5
    assert sight.same_frame_s == 24
    sight.sink(Frame(100, 25.0, Picture(Conveyor(seed=1).frame(60.0))))
    sight.look()
    assert sight.reason() is None


def test_a_still_scene_with_a_sensors_noise_is_not_frozen():
    still = Conveyor(seed=1).frame(50.0).astype(np.float32)

    def taken(time_s):
        return np.clip(still + RNG.normal(0, 1, still.shape), 0, 255).astype(np.uint8)

    assert set(look_at(taken, 40)[1]) == {None}


def test_glare_that_fills_the_picture_is_not_frozen():
    white = np.full((480, 640, 3), 255, np.uint8)
    assert set(look_at(lambda time_s: white.copy(), 40)[1]) == {None}


def test_photographs_may_repeat():
    still = Conveyor(seed=1).frame(50.0)
    sight, said = look_at(lambda time_s: still, 60, Sight(black_level=12.0, may_repeat=lambda: True))
    assert set(said) == {None}
    assert sight.same_frame_s is None


def test_a_camera_that_gives_nothing_new_is_not_judged_again():
    """That is `camera.no_frames`, which capture tells."""
    sight, _ = look_at(lambda time_s: Conveyor(seed=1).frame(50.0), 5)
    for _ in range(100):
        sight.look()
    assert sight.reason() is None


def test_looking_costs_less_than_a_millisecond_and_offering_a_frame_next_to_nothing():
    sight = Sight(black_level=12.0, may_repeat=lambda: False)
    frames = [Frame(i, float(i), Picture(noisy(90, wh=(1640, 1232)))) for i in range(4)]
    began_s = time.thread_time()
    for i in range(100):
        sight.sink(frames[i % 4])
        sight.look()
    looked_s = (time.thread_time() - began_s) / 100
    began_s = time.thread_time()
    for _ in range(10_000):
        sight.sink(frames[0])
    offered_s = (time.thread_time() - began_s) / 10_000
    print(f"a look {1000 * looked_s:.3f} ms, an offer {1e6 * offered_s:.2f} µs")
    assert looked_s < 0.001
    assert offered_s < 20e-6


def pictures(uri, count=3):
    camera = open_camera(uri, image_wh=(160, 120), fps=50)
    camera.open()
    try:
        return camera, [camera.read()[0].bgr for _ in range(count)]
    finally:
        camera.close()


def test_the_rendered_camera_acts_a_black_and_a_frozen_one_from_the_moment_it_is_told():
    now_s = time.time()
    camera, (first, second, third) = pictures(f"scene:?seed=3&frozen_from={now_s - 1}")
    assert not camera.may_repeat
    assert np.array_equal(first, second)
    assert np.array_equal(second, third)
    assert first.std() > 5
    _, black = pictures(f"scene:?seed=3&black_from={now_s - 1}")
    assert all(not picture.any() for picture in black)
    _, (first, second, _) = pictures(f"scene:?seed=3&black_from={now_s + 60}&frozen_from={now_s + 60}")
    assert first.any()
    assert not np.array_equal(first, second)


def test_only_pictures_of_files_may_repeat(tmp_path):
    made = {
        uri: open_camera(uri, image_wh=(64, 48), fps=10).may_repeat
        for uri in ("scene:?seed=1", "usb:0", "picamera:0", f"folder:{tmp_path}")
    }
    assert [uri for uri, may_repeat in made.items() if may_repeat] == [f"folder:{tmp_path}"]
