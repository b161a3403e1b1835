"""Health of the node: what it does and what hurts, each 5 s, and at once when that changes."""

import logging
import threading
import time
from collections.abc import Callable

from glassline.contract import Reason
from glassline.contract.messages import FrameCounts, Health, OutboxHealth
from glassline.link import Link

from ..camera.capture import Capture
from ..clock.watch import ClockWatch
from ..config.in_force import Config
from ..detection.findings import Findings
from ..detection.inspection import Inspection
from ..live.leases import Leases
from ..live.picture import Live
from ..models import Fetching
from ..outbox import Outbox, OutboxError
from ..remote.commands import Commands
from .host import Host, memory_mb
from .rival import Rival
from .sight import Sight
from .strain import Strain

log = logging.getLogger(__name__)

PERIOD_S, LOOK_EACH_S = 5.0, 1.0
RATE_FROM_FPS = 2.0
"""Rates are those of the last seconds: of slower ones they say nothing."""
_FATAL = {
    Reason.CAMERA_MISSING, Reason.CAMERA_BUSY, Reason.CAMERA_NO_FRAMES, Reason.CAMERA_BLACK, Reason.CAMERA_FROZEN,
    Reason.DETECTOR_STUCK,
}  # fmt: skip


class HealthReporter:
    """Reads the parts' own figures; they know nothing of it. `on_report` gets each report, and may not raise."""

    def __init__(
        self,
        *,
        link: Link,
        capture: Capture,
        sight: Sight,
        rival: Rival,
        inspection: Inspection,
        live: Live,
        leases: Leases,
        outbox: Outbox,
        findings: Findings,
        commands: Commands,
        config: Config,
        fetching: Fetching,
        host: Host,
        strain: Strain,
        clock: ClockWatch,
        on_report: Callable[[Health], None],
    ) -> None:
        self._link, self._capture, self._inspection, self._live = link, capture, inspection, live
        self._leases, self._outbox, self._commands, self._findings = leases, outbox, commands, findings
        self._sight, self._rival, self._config = sight, rival, config
        self._fetching = fetching
        self._host, self._strain, self._clock, self._on_report = host, strain, clock, on_report
        self._began_s = time.monotonic()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send one last report."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(1)

    def now(self) -> None:
        """Report at once."""
        self._wake.set()

    def report(self) -> Health:
        """The state of the node at this moment."""
        now_s = time.monotonic()
        outbox = self._outbox_health()
        hurting = self._hurting(outbox)
        return Health(
            **self._link.envelope(),
            state="failed" if _FATAL & set(hurting) else "degraded" if hurting else "ok",
            reasons=list(hurting),
            uptime_s=round(now_s - self._began_s, 1),
            cpu_temp_c=self._host.cpu_temp_c(),
            memory_mb=memory_mb(),
            memory_free_mb=self._strain.memory_free_mb,
            disk_free_mb=self._strain.disk_free_mb,
            throttled=self._host.throttled(),
            wifi=self._strain.wifi,
            clock=self._clock.word,
            capture_fps=round(self._capture.fps, 1),
            detect_fps=round(self._inspection.fps, 1),
            detect_share=self._inspection.share,
            publish_fps=round(self._live.fps, 1),
            inference_ms=self._inspection.inference_ms(),
            last_frame_age_s=self._capture.last_frame_age_s,
            same_frame_s=self._sight.same_frame_s,
            camera_holder=self._capture.holder,
            last_detect_age_s=self._inspection.last_age_s,
            frames=FrameCounts(
                captured=self._capture.captured,
                detected=self._inspection.detected,
                published=self._live.published,
                skipped_detect=self._inspection.skipped,
                skipped_publish=self._live.skipped,
            ),
            live=self._live.health(),
            model_fetch=self._fetching.state,
            outbox=outbox,
            viewers=self._leases.count(now_s),
            counters={
                **self._link.counters,
                "frames_lost": self._live.lost,
                "commands_refused": self._commands.refused,
                "detections_lost": self._findings.lost,
                "times_corrected": self._findings.corrected,
            },
        )

    def _hurting(self, outbox: OutboxHealth | None) -> list[Reason]:
        reasons: list[Reason | None] = [
            self._capture.reason() or self._sight.reason(),
            self._inspection.reason(),
            Reason.DETECTOR_SLOWED if self._inspection.share < 1 else None,
            *self._strain.reasons(),
            self._clock.reason(),
            self._rival.reason(time.monotonic()),
            self._fetching.reason(),
            Reason.NODE_CONFIG_TAKEN_BACK if self._config.taken_back else None,
            Reason.LINK_SLOW if self._live.limited else None,
        ]
        if outbox is None or self._findings.failing:
            reasons.append(Reason.OUTBOX_FAILED)
        else:
            reasons.append(self._outbox.reason(outbox))
        return [reason for reason in reasons if reason is not None]

    def _look_at_strain(self, now_s: float) -> None:
        running, capture, inspection = self._config.running(), self._capture, self._inspection
        outbox = self._outbox_health()
        sees = capture.captured > 0 and capture.reason() is None
        detects = sees and inspection.detected > 0 and inspection.reason() is None and inspection.share == 1
        wanted_fps = min(running.detect_fps, capture.fps)
        self._strain.look(
            camera_fps=(capture.fps, running.camera_fps) if sees and running.camera_fps >= RATE_FROM_FPS else None,
            detect_fps=(inspection.fps, wanted_fps) if detects and wanted_fps >= RATE_FROM_FPS else None,
            outbox_bytes=outbox.size_bytes if outbox is not None else 0,
            now_s=now_s,
        )

    def _outbox_health(self) -> OutboxHealth | None:
        try:
            return self._outbox.health()
        except OutboxError as error:
            log.error("%s", error)
            return None

    def _run(self) -> None:
        due_s = 0.0
        known: object = None
        while True:
            last, asked = self._stopping.is_set(), self._wake.is_set()
            self._wake.clear()
            try:
                self._sight.look()
                self._look_at_strain(time.monotonic())
                state = self._link.state
                now = self._hurting(self._outbox_health()), state.connected, state.code
                if now != known or asked or last or time.monotonic() >= due_s:
                    known, due_s = now, time.monotonic() + PERIOD_S
                    health = self.report()
                    self._link.publish("health", health.to_json())
                    self._on_report(health)
            except Exception:
                log.exception("health")
            if last:
                return
            self._wake.wait(LOOK_EACH_S)
