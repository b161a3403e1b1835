"""What the live picture says of itself."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from glassline.contract import from_unix
from pi_node.camera import Frame, Picture
from pi_node.clock.machine import Reading
from pi_node.live.picture import Live
from pi_node.uplink.speed import Speed
from tests.pi_node.finds import NOW


def test_a_picture_gets_the_time_that_a_detection_in_it_gets():
    """Though the clock was set between the exposure and the look at it."""
    clock = Reading(boot="b", offset_s=NOW - 3700, synced=False)
    sees_nothing = SimpleNamespace(boxes_at=lambda monotonic_s: ([], None), inference_ms=lambda: None)
    live = Live(
        link=SimpleNamespace(boot="0123abcd"),
        way=None,
        speed=Speed(),
        leases=None,
        inspection=sees_nothing,
        settings=None,
        clock=lambda: clock,
    )
    frame = Frame(1, 100.0, Picture(np.zeros((48, 64, 3), np.uint8)))
    assert live._meta(frame).ts == from_unix(NOW - 3600)
    clock = replace(clock, offset_s=NOW - 100, synced=True)
    assert live._meta(frame).ts == from_unix(NOW)
