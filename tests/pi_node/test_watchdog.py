"""The watchdog: what hangs has the node started again, what says what it lacks has not."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from glassline.contract import Reason
from glassline.program import Systemd
from pi_node.camera import CameraError
from pi_node.camera.attended import FREED_WITHIN_S
from pi_node.camera.capture import Capture
from pi_node.watchdog import Watchdog
from tests.support.notified import ended, notified
from tests.support.waiting import until

TRIGGER, FEED = "WATCHDOG=trigger", "WATCHDOG=1"


@contextmanager
def watched(folder: Path, detector_reason=lambda: None):
    with notified(folder, watchdog_s=2) as ear:
        watchdog = Watchdog(systemd=Systemd(ear.environ), detector_reason=detector_reason)
        watchdog.start()
        yield watchdog, ear
        watchdog.stop()


def test_signs_of_life_feed_it_and_without_them_the_node_is_started_again(tmp_path: Path) -> None:
    with watched(tmp_path) as (watchdog, ear):
        for _ in range(15):
            watchdog.on_alive(1)
            time.sleep(0.1)
        last_s = time.monotonic()
        assert ear.said(FEED)
        assert not ear.said(TRIGGER)
        assert ear.wait_for(lambda: ear.said(TRIGGER), 5)
        assert 0.5 < ear.said(TRIGGER)[0] - last_s < 3
        assert "no picture comes" in ear.statuses[-1]
        fed = len(ear.said(FEED))
        time.sleep(1.2)
        assert len(ear.said(FEED)) == fed


def test_a_stuck_detector_has_it_started_again_and_one_that_loads_or_is_broken_has_not(tmp_path: Path) -> None:
    reasons = [Reason.DETECTOR_STARTING]
    with watched(tmp_path, lambda: reasons[0]) as (watchdog, ear):
        watchdog.on_alive(60)
        time.sleep(1.2)
        reasons[0] = Reason.DETECTOR_MODEL_MISSING
        time.sleep(1.2)
        assert not ear.said(TRIGGER)
        reasons[0] = Reason.DETECTOR_STUCK
        assert ear.wait_for(lambda: ear.said(TRIGGER), 5)
        assert "detector" in ear.statuses[-1]


def test_a_machine_that_stood_still_is_no_hang() -> None:
    watchdog = Watchdog(systemd=Systemd({}), detector_reason=lambda: None)
    watchdog.on_alive(FREED_WITHIN_S)
    now_s = time.monotonic()
    assert watchdog.hang(now_s + FREED_WITHIN_S - 0.1) is None
    assert watchdog.hang(now_s + FREED_WITHIN_S + 0.1)


class Unplugged:
    """A camera that cannot be opened, and says so."""

    may_repeat = False

    def open(self) -> None:
        raise CameraError("no camera is there: plug one in")

    def close(self) -> None:
        pass


def test_a_camera_that_is_missing_says_so_in_time_for_ever() -> None:
    allowed: list[tuple[float, float]] = []
    capture = Capture(
        make_camera=Unplugged, sinks=[], on_opened=lambda: None,
        on_alive=lambda for_s: allowed.append((time.monotonic(), for_s)),
    )  # fmt: skip
    capture.start()
    try:
        until(lambda: len(allowed) >= 4, 20)
    finally:
        capture.stop()
    assert all(later_s - at_s < for_s for (at_s, for_s), (later_s, _) in pairwise(allowed))


@pytest.mark.parametrize(
    ("program", "flags", "said"),
    [
        ("pi_node", ["--camera", "scene:?seed=1", "--id", "pi-9"], "does not know where the broker is"),
        ("bridge", ["--broker", "mqtt://127.0.0.1:1"], "no broker listens there"),
        ("web", ["--http-port", "0", "--broker", "mqtt://127.0.0.1:1"], "no broker listens there"),
        ("broker", ["--listen", "mqtt://127.0.0.1:0"], "without accounts"),
    ],
)
def test_each_program_is_ready_alone_lives_and_says_what_is_wrong(tmp_path: Path, program, flags, said) -> None:
    with notified(tmp_path, watchdog_s=2) as ear, (tmp_path / "log").open("w") as log:
        command = [sys.executable, "-m", program, *flags]
        with ended(subprocess.Popen(command, cwd=tmp_path, env=os.environ | ear.environ, stderr=log)):
            assert ear.wait_for(lambda: ear.said("READY=1"), 30), (tmp_path / "log").read_text()
            assert ear.wait_for(lambda: len(ear.said(FEED)) >= 4, 15)
            assert ear.wait_for(lambda: any(said in text for text in ear.statuses), 15), ear.statuses
        assert not ear.said(TRIGGER)
