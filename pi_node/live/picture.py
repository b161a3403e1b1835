"""The live picture: the newest frame, at the rate that viewers want, as far as the link carries it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from glassline.contract.frames import embed_frame
from glassline.contract.messages import FrameMeta, LiveHealth
from glassline.link import Link, Sent
from glassline.program import log_frame

from ..camera import Frame
from ..camera.jpeg import encode_jpeg
from ..clock.machine import Reading
from ..config.running import RunningConfig
from ..detection.inspection import Inspection
from ..rate import Rate
from ..slot import Slot
from ..uplink.speed import Speed
from ..uplink.way import Way
from .leases import Leases
from .pace import Pace, Step, ladder

log = logging.getLogger(__name__)

TOO_OLD_S = 0.5
LONGEST_S = 2.0
"""However few pictures are wanted, none is made for more than a part of so long: defects want the link too."""
SNAPSHOT_S = 5.0
"""A snapshot that was asked for is sent as it is, if the link can carry it within so long."""


@dataclass(frozen=True)
class _Picture:
    """As it is sent. Its length is the JPEG's in bytes."""

    jpeg: bytes
    meta: FrameMeta

    def __len__(self) -> int:
        return len(self.jpeg)


class Live:
    """Give it frames by `sink`."""

    def __init__(
        self,
        *,
        link: Link,
        way: Way,
        speed: Speed,
        leases: Leases,
        inspection: Inspection,
        settings: Callable[[], RunningConfig],
        clock: Callable[[], Reading],
    ) -> None:
        self.published = 0
        self.lost = 0
        self._link, self._way, self._speed = link, way, speed
        self._leases, self._inspection, self._settings, self._clock = leases, inspection, settings, clock
        self._pace = Pace(speed=speed)
        self._sent_wh: tuple[int, int] | None = None
        self._superseded = 0
        self._slot: Slot[Frame] = Slot()
        self._rate = Rate()
        self._now, self._snapshot = threading.Event(), threading.Event()
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
        """Send a frame at once: somebody began to watch, or the link came up."""
        self._now.set()

    def snapshot(self) -> None:
        """Send a frame at once, and as good as the settings say even over a slow link."""
        self._snapshot.set()
        self._now.set()

    @property
    def skipped(self) -> int:
        """Frames that were replaced by a newer one before they were sent."""
        return self._slot.skipped + self._superseded

    @property
    def fps(self) -> float:
        """Frames sent per second over the last two seconds or so."""
        return self._rate.per_s()

    @property
    def limited(self) -> bool:
        """Whether the link is too slow for what is wanted."""
        return self._pace.limited

    def health(self) -> LiveHealth:
        """How the picture is sent now."""
        now_s, settings, step = time.monotonic(), self._settings(), self._pace.step
        took_s, bytes_per_s = self._speed.took_s(now_s), self._speed.bytes_per_s(now_s)
        return LiveHealth(
            fps=round(min(settings.live_fps, self._pace.max_fps), 1),
            quality=step.quality if step else settings.live_quality,
            image_wh=self._sent_wh,
            limited_by="link" if self.limited else "none",
            frame_ms=None if took_s is None else round(took_s * 1000, 1),
            link_kbit_s=round(bytes_per_s * 8 / 1000) if bytes_per_s and self.limited else None,
        )

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
            now_s = time.monotonic()
            interval_s = max(self._wanted_interval_s(now_s), 1 / self._pace.max_fps)
            # A quarter of an interval of grace: camera and viewers at the same rate must not beat.
            if now_s >= due_s + 0.75 * interval_s:
                return max(due_s + interval_s, now_s - interval_s / 4)
            self._now.wait(min(due_s + 0.75 * interval_s - now_s, 0.1))
        return time.monotonic()

    def _wanted_interval_s(self, now_s: float) -> float:
        return 1 / min(self._settings().live_fps, self._leases.wanted_fps(now_s))

    def _send(self, frame: Frame) -> None:
        with self._way.turn():
            if (newer := self._slot.take(0)) is not None:
                self._superseded += 1
                frame = newer
            self._send_now(frame)

    def _send_now(self, frame: Frame) -> None:
        self._now.clear()
        settings, now_s = self._settings(), time.monotonic()
        interval_s = min(self._wanted_interval_s(now_s), LONGEST_S)
        picture = self._encoded(frame, self._meta(frame), interval_s, now_s)
        if settings.frame_meta:
            self._link.publish("frame/meta", picture.meta.to_json())
        self._sent_wh = picture.meta.image_wh
        if self._way.send("frame", picture.jpeg) is Sent.ACKNOWLEDGED:
            self.published += 1
            self._rate.count()
            log_frame("out", self._link.id, frame.seq, len(picture.jpeg))
        else:
            self.lost += 1
        if self._pace.wants_probe(interval_s, time.monotonic()):
            self._way.probe()

    def _encoded(self, frame: Frame, meta: FrameMeta, interval_s: float, now_s: float) -> _Picture:
        def encode(step: Step) -> _Picture:
            picture = frame.picture.scaled(step.scale)
            scaled_meta = meta.model_copy(update={"image_wh": picture.image_wh})
            return _Picture(embed_frame(encode_jpeg(picture, step.quality), scaled_meta), scaled_meta)

        steps = ladder(self._settings().live_quality, frame.image_wh[0])
        if self._snapshot.is_set():
            self._snapshot.clear()
            return self._pace.fit_once(encode, steps, within_s=SNAPSHOT_S, now_s=now_s)
        return self._pace.fit(encode, steps, interval_s=interval_s, now_s=now_s)

    def _meta(self, frame: Frame) -> FrameMeta:
        boxes, age_ms = self._inspection.boxes_at(frame.monotonic_s)
        latency = self._inspection.inference_ms()
        return FrameMeta(
            ts=self._clock().time_of(frame.monotonic_s),
            boot=self._link.boot,
            seq=frame.seq,
            image_wh=frame.image_wh,
            boxes=boxes,
            boxes_age_ms=None if age_ms is None else round(age_ms, 1),
            inference_ms=latency.p50 if latency else None,
            fps=round(self.fps, 1),
        )
