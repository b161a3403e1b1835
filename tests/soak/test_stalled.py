"""Clients that never read, for half a minute; `make soak-stalled` is the long one with a real browser."""

import cv2
import pytest

from tests.soak.memory import band, draw, holds
from tests.soak.run import soak


def test_beside_clients_that_never_read_the_others_lose_nothing(tmp_path):
    report = soak(tmp_path, seconds=25, settle_s=10, stall_s=5, browser=False)
    print(report)
    assert all(drops >= 1 for drops in report.drops.values()), "the stalled clients did no harm: nothing was tested"
    assert report.failures == {name: [] for name in report.drops}
    assert report.frames_sent > 0.8 * 25 * 40
    assert report.lost["subscriber"] == 0
    # A busy machine may keep a test that reads waiting for longer than the web may hold pictures back.
    assert all(lost <= 0.02 * report.frames_sent for lost in report.lost.values())
    assert report.subscriber_disconnects == 0
    assert report.detections == report.detections_stored > 20
    assert report.memory_holds, report.memory_mb
    assert cv2.imread(str(tmp_path / "memory.png")) is not None


@pytest.mark.parametrize(
    ("after", "stays"),
    [([100.0] * 60, True), ([100 + 0.5 * s for s in range(60)], False), ([100.0] * 30 + [75.0] * 30, False)],
)
def test_memory_is_judged_by_what_it_was_after_the_first_minute(tmp_path, after, stays):
    samples = [40.0] * 60 + after
    assert holds(*band(samples, 60)) is stays
    draw({"web": samples}, 60, tmp_path / "memory.png")


def test_a_moment_does_not_count():
    samples = [100.0] * 100
    samples[80] = samples[81] = 500.0
    assert band(samples, 60) == (100.0, 100.0, 100.0)
