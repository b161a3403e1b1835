"""A node without a server and without a clock: nothing is lost, and in the end all times are right."""

import pytest

from glassline.scene import Conveyor
from pi_node.camera import Picture
from pi_node.camera.jpeg import encode_jpeg

from .alone import HOUR_S, SAME, SEED, run, taken


def test_what_was_found_without_a_server_and_without_a_clock_arrives_with_the_true_times(tmp_path):
    report = run(tmp_path, alone_s=15, gone_s=6, say=print)
    print(report)
    assert report.is_well, report


@pytest.mark.parametrize("late_s", [0.0, HOUR_S])
def test_a_picture_tells_when_it_was_taken(late_s):
    belt, at_s = Conveyor(seed=SEED), 1_800_000_000.0
    picture = encode_jpeg(Picture(belt.frame(at_s - late_s)), 90)
    for off_ms in (0, 40, -85):
        seen_ms, difference = taken(picture, at_s + off_ms / 1000, belt)
        assert abs(seen_ms - abs(off_ms)) <= 5
        assert difference < SAME
    assert taken(picture, at_s + 10, belt)[1] > SAME
