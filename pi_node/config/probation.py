"""Changes of the settings, put in force; and taken back where camera or detector do not work with them."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from glassline.diagnosis import Hop

from ..camera.capture import Capture
from ..detection.inspection import Inspection
from ..health.sight import Sight
from .in_force import Config
from .running import CAMERA, DETECTOR, ConfigError, RunningConfig
from .trial import HANGS, Seen, Trial

log = logging.getLogger(__name__)

LOOK_EACH_S = 0.5


class Probation:
    """`announce` tells of the settings in force. `restart` ends the process, so that it is started anew."""

    def __init__(
        self,
        *,
        config: Config,
        capture: Capture,
        inspection: Inspection,
        sight: Sight,
        announce: Callable[[], None],
        restart: Callable[[], None],
    ) -> None:
        self._config, self._capture, self._inspection, self._sight = config, capture, inspection, sight
        self._announce, self._restart = announce, restart
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """There is nothing to watch before the first change."""

    def stop(self) -> None:
        """What is on probation stays so on the disk: the next start takes it back."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(1)

    def change(self, wanted: dict[str, Any], *, labels: Sequence[str] | None = None) -> None:
        """Put in force what is wanted; ConfigError changes nothing."""
        with self._lock:
            before, seen = self._config.running(), self._seen()
            was_on_probation = bool(self._config.on_probation)
            after = self._config.change(wanted, labels=labels)
            touched = self._apply(before, after)
            if self._config.on_probation and not was_on_probation:
                trial = Trial(before=seen, touches=touched, now_s=time.monotonic())
                self._thread = threading.Thread(target=self._watch, args=(trial,), name="probation", daemon=True)
                self._thread.start()
        self._announce()

    def _apply(self, before: RunningConfig, after: RunningConfig) -> frozenset[Hop]:
        """Have camera and detector begin anew where they must; the hops that this touches."""
        changed, touched = after.unlike(before), set()
        if changed & CAMERA:
            self._capture.reopen()
            touched.add(Hop.CAMERA)
        if changed & DETECTOR:
            self._inspection.reload()
            touched.add(Hop.DETECTOR)
        return frozenset(touched)

    def _seen(self) -> Seen:
        problems = (self._capture.reason() or self._sight.reason(), self._inspection.reason())
        return Seen(
            problems=frozenset(one for one in problems if one is not None),
            captured=self._capture.captured,
            detected=self._inspection.detected,
            loaded=self._inspection.loaded,
        )

    def _watch(self, trial: Trial) -> None:
        while not trial.look(self._seen(), time.monotonic()):
            if self._stopping.wait(LOOK_EACH_S):
                return
        with self._lock:
            if trial.works and self._confirmed():
                log.info("the change works, and stays")
            else:
                self._undo(trial.fault or "it cannot be kept on the disk")
        self._announce()

    def _confirmed(self) -> bool:
        try:
            self._config.confirm()
        except ConfigError as error:
            log.error("%s", error)
            return False
        return True

    def _undo(self, fault: str) -> None:
        problem, before = self._problem(), self._config.running()
        self._config.take_back(f"with it: {fault}" + (f" ({problem})" if problem else ""))
        self._apply(before, self._config.running())
        if fault in set(HANGS):
            log.error("what hangs is left behind: the node starts anew")
            self._restart()

    def _problem(self) -> str:
        """What camera or detector say themselves."""
        return self._capture.problem or self._inspection.problem
