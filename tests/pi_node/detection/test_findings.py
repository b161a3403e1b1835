"""What goes into the outbox with a detection."""

import sqlite3
import threading
import time

import numpy as np
import pytest

from glassline.contract import Box, Reason
from glassline.contract.frames import metadata_of
from glassline.contract.messages import EvidenceMeta, decode
from glassline.vision import ModelCard
from pi_node.camera import Frame, Picture
from pi_node.clock.machine import Clock
from pi_node.config.attention import Attention
from pi_node.detection.findings import Findings
from pi_node.detection.inspection import Inspection
from pi_node.health.heat import Heat
from pi_node.health.host import Host
from pi_node.outbox import Outbox
from pi_node.uplink.speed import Speed
from tests.support.links import make_link
from tests.support.waiting import until

CARD = ModelCard(labels=("crack", "stain"), sha256="0" * 64)


class TwoMarks:
    """A detector that sees a crack from the first frame on, and a stain from the tenth on, larger in the twentieth."""

    card, runtime, score_threshold, inference_ms = CARD, "by heart", 0.25, 0.0

    def __init__(self):
        self.frames = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def detect(self, bgr):
        self.frames += 1
        crack = Box(label="crack", score=0.8, xyxyn=(0.2, 0.2, 0.3, 0.3))
        stain = Box(label="stain", score=0.9 if self.frames > 20 else 0.5, xyxyn=(0.6, 0.6, 0.7, 0.7))
        return [crack, stain] if self.frames > 10 else [crack]


def inspection_of(make_detector, on_event, tmp_path, *, detect_fps=lambda: 100.0):
    return Inspection(
        make_detector=make_detector,
        on_event=on_event,
        detect_fps=detect_fps,
        attention=lambda card: Attention(score_threshold=0.25),
        heat=Heat(host=Host(tmp_path), hot_c=78),
        on_loaded=lambda tracker: None,
        on_tracked=lambda tracker: None,
    )


class Stumbling(TwoMarks):
    """It fails once, in the fifteenth frame."""

    def detect(self, bgr):
        found = super().detect(bgr)
        if self.frames == 15:
            raise RuntimeError("a fault that nobody foresaw")
        return found


def test_after_a_fault_what_was_in_view_has_ended_and_the_detector_is_back_soon(tmp_path):
    detector, cracks = Stumbling(), []
    inspection = inspection_of(
        lambda: detector,
        lambda event, card, frame: cracks.append(event.phase) if event.track.label == "crack" else None,
        tmp_path,
    )
    inspection.start()
    bgr = np.full((120, 160, 3), 90, np.uint8)
    try:
        until(
            lambda: inspection.sink(Frame(detector.frames, time.monotonic(), Picture(bgr))) or len(cracks) == 3,
            20,
        )
        assert inspection.reason() is None
    finally:
        inspection.stop()
    assert cracks == ["new", "end", "new", "end"]


def test_a_detector_that_takes_its_time_to_get_ready_is_told_of_until_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("pi_node.detection.inspection.READY_S", 0.2)
    go_on, detector = threading.Event(), TwoMarks()

    def measured_first():
        go_on.wait(20)
        return detector

    inspection = inspection_of(measured_first, lambda event, card, frame: None, tmp_path)
    assert inspection.reason() is None
    inspection.start()
    try:
        until(lambda: inspection.reason() is Reason.DETECTOR_STARTING, 10)
        go_on.set()
        until(lambda: inspection.reason() is None, 10)
    finally:
        go_on.set()
        inspection.stop()


def test_a_detector_that_never_gets_ready_counts_as_stuck(tmp_path, monkeypatch):
    monkeypatch.setattr("pi_node.detection.inspection.LOADED_WITHIN_S", 0.2)
    go_on = threading.Event()
    inspection = inspection_of(lambda: go_on.wait(20) and TwoMarks(), lambda event, card, frame: None, tmp_path)
    inspection.start()
    try:
        until(lambda: inspection.reason() is Reason.DETECTOR_STUCK, 10)
    finally:
        go_on.set()
        inspection.stop()


def test_a_picture_tells_of_the_other_detections_that_it_shows(tmp_path):
    outbox = Outbox(path=tmp_path / "outbox.db", cap_bytes=10_000_000)
    outbox.open()
    findings = Findings(
        link=make_link("mqtt://127.0.0.1:1", "pi-1", None),
        outbox=outbox,
        speed=Speed(),
        evidence_quality=lambda: 90,
        clock=Clock().read(),
    )
    detector = TwoMarks()
    inspection = inspection_of(
        lambda: detector, lambda event, card, frame: findings.record(event, card, frame), tmp_path
    )
    inspection.start()
    bgr = np.full((120, 160, 3), 90, np.uint8)
    try:
        until(
            lambda: inspection.sink(Frame(detector.frames, time.monotonic(), Picture(bgr))) or detector.frames > 40,
            60,
        )
    finally:
        inspection.stop()
        outbox.close()
    with sqlite3.connect(tmp_path / "outbox.db") as db:
        metas = [decode(EvidenceMeta, metadata_of(row[0])) for row in db.execute("SELECT evidence FROM outbox")]
    others = [other for meta in metas for other in meta.others]
    assert len(metas) == 2
    assert [other.label for other in others] == ["crack"]
    assert others[0].event_id in {meta.event_id for meta in metas}
    assert others[0].xyxyn[0] == 0.2


@pytest.mark.parametrize("where", ["in a frame", "between two frames"])
def test_a_detector_that_stops_is_stuck_while_frames_come_and_not_when_none_do(tmp_path, monkeypatch, where):
    monkeypatch.setattr("pi_node.detection.inspection.STUCK_S", 0.5)
    hold, go_on = threading.Event(), threading.Event()

    class Stopping(TwoMarks):
        def detect(self, bgr):
            if hold.is_set() and where == "in a frame":
                go_on.wait(20)
            return super().detect(bgr)

    def detect_fps() -> float:
        if hold.is_set() and where == "between two frames":
            go_on.wait(20)
        return 50.0

    detector, bgr = Stopping(), np.full((120, 160, 3), 90, np.uint8)
    inspection = inspection_of(lambda: detector, lambda event, card, frame: None, tmp_path, detect_fps=detect_fps)

    def offer() -> bool:
        inspection.sink(Frame(detector.frames, time.monotonic(), Picture(bgr)))
        return inspection.reason() is Reason.DETECTOR_STUCK

    inspection.start()
    try:
        until(lambda: not offer() and detector.frames > 3, 10)
        time.sleep(1)
        assert inspection.reason() is None, "no frame came, so there was nothing to look at"
        until(lambda: not offer() and detector.frames > 6, 10)
        hold.set()
        until(offer, 10)
        hold.clear()
        go_on.set()
        until(lambda: not offer(), 10)
    finally:
        go_on.set()
        inspection.stop()
