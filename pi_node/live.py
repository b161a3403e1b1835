"""The live picture: the newest frame, at the rate that viewers want, and never more than one on the way."""

import logging
import threading
import time
from collections.abc import Callable

from glassline.contract import from_unix
from glassline.contract.frames import embed_frame
from glassline.contract.messages import FrameMeta
from glassline.link import Link, Sent
from glassline.program import log_frame

from .camera import Frame
from .config import RunningConfig
from .inspection import Inspection
from .jpeg import encode_jpeg
from .leases import Leases
from .rate import Rate
from .slot import Slot

log = logging.getLogger(__name__)

ACK_TIMEOUT_S = 300.0
"""However slow the link: while it lives, the frame on the way is waited for. A dead one is found by keepalive."""
TOO_OLD_S = 0.5


class Live:
    """Give it frames by `sink`."""

    def __init__(
        self, *, link: Link, leases: Leases, inspection: Inspection, settings: Callable[[], RunningConfig]
    ) -> None:
        self.published = 0
        self.lost = 0
        self._link, self._leases, self._inspection, self._settings = link, leases, inspection, settings
        self._slot: Slot[Frame] = Slot()
        self._rate = Rate()
        self._now = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._now.set()
        if self._thread.is_alive():
            self._thread.join(1)

    def sink(self, frame: Frame) -> None:
        """Offer a frame; never blocks."""
        self._slot.put(frame)

    def now(self) -> None:
        """Send a frame at once: somebody began to watch, asked for a snapshot, or the link came up."""
        self._now.set()

    @property
    def skipped(self) -> int:
        """Frames that were replaced by a newer one before they were sent."""
        return self._slot.skipped

    @property
    def fps(self) -> float:
        """Frames sent per second over the last two seconds or so."""
        return self._rate.per_s()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stopping.is_set():
            due_s = self._wait_until_due(due_s)
            frame = self._slot.take(0.5)
            if frame is None or time.monotonic() - frame.monotonic_s > TOO_OLD_S or not self._link.state.connected:
                self._stopping.wait(0.02)
                continue
            try:
                self._send(frame)
            except Exception:
                log.exception("live picture")
                self._stopping.wait(1)

    def _wait_until_due(self, due_s: float) -> float:
        """Wait for the next frame's time at the rate wanted now; return the time of the one after it."""
        while not self._now.is_set():
            interval_s = 1 / min(self._settings().live_fps, self._leases.wanted_fps(time.monotonic()))
            now_s = time.monotonic()
            # A quarter of an interval of grace: camera and viewers at the same rate must not beat.
            if now_s >= due_s + 0.75 * interval_s:
                return max(due_s + interval_s, now_s - interval_s / 4)
            self._now.wait(min(due_s + 0.75 * interval_s - now_s, 0.1))
        return time.monotonic()

    def _send(self, frame: Frame) -> None:
        self._now.clear()
        settings = self._settings()
        boxes, age_ms = self._inspection.boxes_at(frame.monotonic_s)
        latency = self._inspection.inference_ms()
        meta = FrameMeta(
            ts=from_unix(frame.unix_s),
            boot=self._link.boot,
            seq=frame.seq,
            image_wh=frame.image_wh,
            boxes=boxes,
            boxes_age_ms=None if age_ms is None else round(age_ms, 1),
            inference_ms=latency.p50 if latency else None,
            fps=round(self.fps, 1),
        )
        jpeg = embed_frame(encode_jpeg(frame.bgr, settings.live_quality), meta)
        if settings.frame_meta:
            self._link.publish("frame/meta", meta.to_json())
        sent = self._link.publish_and_wait("frame", jpeg, timeout_s=ACK_TIMEOUT_S)
        if sent is Sent.ACKNOWLEDGED:
            self.published += 1
            self._rate.count()
            log_frame("out", self._link.id, frame.seq, len(jpeg))
        else:
            self.lost += 1
