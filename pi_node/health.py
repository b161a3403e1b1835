"""Health of the node: what it does and what hurts, each 5 s, and at once when that changes."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from glassline.contract import Reason
from glassline.contract.messages import FrameCounts, Health, OutboxHealth
from glassline.link import Link

from .capture import Capture
from .clock_watch import ClockWatch
from .commands import Commands
from .config import Config
from .findings import Findings
from .host import Host, disk_free_mb, memory_mb
from .inspection import Inspection
from .leases import Leases
from .live import Live
from .outbox import Outbox, OutboxError
from .rival import Rival
from .sight import Sight

log = logging.getLogger(__name__)

PERIOD_S, LOOK_EACH_S = 5.0, 1.0
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
        host: Host,
        clock: ClockWatch,
        state_dir: Path,
        on_report: Callable[[Health], None],
    ) -> None:
        self._link, self._capture, self._inspection, self._live = link, capture, inspection, live
        self._leases, self._outbox, self._commands, self._findings = leases, outbox, commands, findings
        self._sight, self._rival, self._config = sight, rival, config
        self._host, self._clock, self._state_dir, self._on_report = host, clock, state_dir, on_report
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
            disk_free_mb=disk_free_mb(self._state_dir),
            throttled=self._host.throttled(),
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
            *self._host.reasons(self._state_dir),
            self._clock.reason(),
            self._rival.reason(time.monotonic()),
            Reason.NODE_CONFIG_TAKEN_BACK if self._config.taken_back else None,
            Reason.LINK_SLOW if self._live.limited else None,
        ]
        if outbox is None or self._findings.failing:
            reasons.append(Reason.OUTBOX_FAILED)
        else:
            reasons.append(self._outbox.reason(outbox))
        return [reason for reason in reasons if reason is not None]

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
