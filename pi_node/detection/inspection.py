"""Inspection: the newest frame through detector and tracker, at the detector's own pace."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from glassline.contract import Box, Reason
from glassline.contract.messages import Latency
from glassline.vision import Detector, DetectorError, ModelCard, Tracker, TrackEvent

from ..camera import Frame
from ..config.attention import Attention
from ..health.heat import Heat
from ..health.host import give_way
from ..rate import Rate
from ..slot import Slot

log = logging.getLogger(__name__)

STUCK_S = 10.0
RETRY_S, RETRY_MOST_S = 2.0, 30.0
"""Soon at first: marks in view are remembered for a few seconds only."""
WAIT_S = 0.5
READY_S = 10.0
"""A detector that is not ready by then is worth a word."""
LOADED_WITHIN_S = 900.0
"""`auto` measures four ways to run a model, each for three minutes at most; what takes longer does not come back."""
KEEP_EACH_S = 1.0

OnEvent = Callable[[TrackEvent, ModelCard, Frame], None]


class Inspection:
    """Give it frames by `sink`; it calls `on_event` for every detection that is new, better seen, or over."""

    def __init__(
        self,
        *,
        make_detector: Callable[[], Detector],
        on_event: OnEvent,
        detect_fps: Callable[[], float],
        attention: Callable[[ModelCard], Attention],
        heat: Heat,
        on_loaded: Callable[[Tracker], None],
        on_tracked: Callable[[Tracker], None],
    ) -> None:
        """`on_loaded` gets the tracker that begins with a model, `on_tracked` the same about once a second."""
        self.detected = 0
        self.card: ModelCard | None = None
        self.runtime = ""
        self._make_detector, self._on_event = make_detector, on_event
        self._tracker = Tracker()
        self._detect_fps, self._attention, self._heat = detect_fps, attention, heat
        self._on_loaded, self._on_tracked = on_loaded, on_tracked
        self._slot: Slot[Frame] = Slot()
        self._inference_ms: deque[float] = deque(maxlen=200)
        self._rate = Rate()
        self.loaded = False
        """Whether it has a model that can look at pictures."""
        self.problem = ""
        """What went wrong with the model, in words; empty: nothing."""
        self._problem: Reason | None = None
        self._last: Frame | None = None
        self._last_done_s: float | None = None
        self._busy_since_s: float | None = None
        self._due_s: float | None = None
        """When it should look at a frame again, while it rests or waits for one."""
        self._loading_since_s: float | None = None
        self._kept_s = 0.0
        self._stopping, self._anew = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="inspection", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the frame in hand and report what is still tracked as over."""
        self._stopping.set()
        self._anew.set()
        if self._thread.is_alive():
            self._thread.join(3)

    def reload(self) -> None:
        """Load the detector anew, since its settings have changed; what is tracked ends, and may come again."""
        self.card, self.loaded, self.problem, self._problem = None, False, "", None
        self._loading_since_s = time.monotonic()
        self._anew.set()

    def sink(self, frame: Frame) -> None:
        """Offer a frame; never blocks."""
        self._slot.put(frame)

    @property
    def skipped(self) -> int:
        """Frames that were replaced by a newer one before the detector could look at them."""
        return self._slot.skipped

    @property
    def fps(self) -> float:
        """Frames looked at per second over the last two seconds or so."""
        return self._rate.per_s()

    @property
    def share(self) -> float:
        """The part of its time that the detector may work, 0-1: less than 1 while the machine is hot or throttled."""
        return self._heat.current_share

    @property
    def last_age_s(self) -> float | None:
        """Seconds since the detector finished a frame; None before the first."""
        return None if self._last_done_s is None else time.monotonic() - self._last_done_s

    def inference_ms(self) -> Latency | None:
        """Median and 95th percentile of the last 200 frames, milliseconds."""
        if not self._inference_ms:
            return None
        p50, p95 = np.percentile(list(self._inference_ms), [50, 95])
        return Latency(p50=round(float(p50), 1), p95=round(float(p95), 1))

    def boxes_at(self, monotonic_s: float) -> tuple[list[Box], float | None]:
        """(boxes of the confirmed marks carried forward to that instant, how far in ms; None before the first)."""
        last = self._last
        if last is None:
            return [], None
        return self._tracker.boxes_at(monotonic_s), (monotonic_s - last.monotonic_s) * 1000

    def reason(self) -> Reason | None:
        """What is wrong with the detector, if anything."""
        busy_since_s, due_s = self._busy_since_s, self._due_s
        if busy_since_s is not None and time.monotonic() - busy_since_s > STUCK_S:
            return Reason.DETECTOR_STUCK
        waiting_since_s = self._slot.filled_since_s
        if due_s is not None and waiting_since_s is not None:
            overdue_s = time.monotonic() - max(due_s, waiting_since_s)
            if overdue_s > STUCK_S:
                return Reason.DETECTOR_STUCK
        loading_since_s = self._loading_since_s
        loading_s = 0.0 if loading_since_s is None else time.monotonic() - loading_since_s
        if loading_s > LOADED_WITHIN_S:
            return Reason.DETECTOR_STUCK
        return Reason.DETECTOR_STARTING if self._problem is None and loading_s > READY_S else self._problem

    def _run(self) -> None:
        give_way()
        retry_s = RETRY_S
        while not self._told_to_end():
            detected, self._loading_since_s = self.detected, time.monotonic()
            try:
                with self._make_detector() as detector:
                    self._loading_since_s, self.loaded = None, True
                    self.card, self.runtime, self._problem, self.problem = detector.card, detector.runtime, None, ""
                    log.info("model %s on %s finds %s", self.card.name, self.runtime, ", ".join(self.card.labels))
                    self._tracker = Tracker(settings=self._attention(self.card).tracker_settings())
                    self._on_loaded(self._tracker)
                    self._inspect(detector)
            except DetectorError as error:
                log.error("%s", error)
                self._problem, self.problem = error.code, str(error)
            except Exception as error:
                log.exception("inspection")
                self._problem, self.problem = Reason.DETECTOR_MODEL_BROKEN, f"{type(error).__name__}: {error}"
            self.loaded = False
            self._busy_since_s = self._due_s = None
            retry_s = RETRY_S if self.detected > detected else min(2 * retry_s, RETRY_MOST_S)
            self._anew.wait(retry_s)

    def _told_to_end(self) -> bool:
        """Asked before each beginning; whoever tells to begin anew from now on is heard."""
        self._anew.clear()
        return self._stopping.is_set()

    def _goes_on(self) -> bool:
        return not (self._stopping.is_set() or self._anew.is_set())

    def _inspect(self, detector: Detector) -> None:
        try:
            self._look_on(detector)
        finally:
            if self._last is not None:
                for event in self._tracker.flush():
                    self._on_event(event, detector.card, self._last)

    def _look_on(self, detector: Detector) -> None:
        while self._goes_on():
            frame = self._slot.take(0.2)
            if frame is None:
                continue
            began_s = self._busy_since_s = time.monotonic()
            self._due_s = None
            boxes = self._look(detector, frame)
            self._inference_ms.append(detector.inference_ms)
            self._track(boxes, frame, detector.card)
            self._busy_since_s, self._last_done_s = None, time.monotonic()
            self._rate.count()
            self.detected += 1
            self._rest(began_s)

    def _rest(self, began_s: float) -> None:
        """Wait for the time of the next frame, after one that was begun at `began_s`; settings may change meanwhile."""
        worked_s = time.monotonic() - began_s
        while self._goes_on():
            now_s = time.monotonic()
            share = self._heat.share(now_s)
            interval_s = 1 / self._detect_fps()
            if share < 1:  # of what it does, not of what it would do on a faster machine
                interval_s = max(interval_s, worked_s) / share
            self._due_s = due_s = began_s + interval_s
            if due_s <= now_s:
                return
            self._anew.wait(min(due_s - now_s, WAIT_S))

    def _look(self, detector: Detector, frame: Frame) -> list[Box]:
        """What the detector finds in a frame and counts, by the settings of this moment."""
        attention = self._attention(detector.card)
        detector.score_threshold, detector.label_scores = attention.score_threshold, attention.label_scores
        self._tracker.settings = attention.tracker_settings()
        return attention.of(detector.detect(frame.picture.bgr_of_at_least(detector.card.imgsz)))

    def _track(self, boxes: list[Box], frame: Frame, card: ModelCard) -> None:
        events = self._tracker.update(boxes, frame.monotonic_s, frame)
        self._last = frame
        frame.marks.extend(self._tracker.boxes_at(frame.monotonic_s))
        for event in events:
            self._on_event(event, card, frame)
        if events or frame.monotonic_s - self._kept_s > KEEP_EACH_S:
            self._kept_s = frame.monotonic_s
            self._on_tracked(self._tracker)
