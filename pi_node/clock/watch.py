"""The watch on the clock: notices that it was set, whoever did that, and has what was told before put right."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from glassline.contract import Reason

from ..detection.findings import Findings
from ..outbox import OutboxError
from .machine import Clock, Reading
from .retiming import NOISE_S, clock_word, is_outdated

log = logging.getLogger(__name__)

LOOK_EACH_S = 1.0
CORRECT_EACH_S = 30.0
"""So often it is tried again to correct what there was no room for."""


class ClockWatch:
    """Looks each second. `on_corrected` is called when something was told again."""

    def __init__(self, *, clock: Clock, findings: Findings, on_corrected: Callable[[], None]) -> None:
        self._clock, self._findings, self._on_corrected = clock, findings, on_corrected
        self._told = self._last = findings.clock
        self._due_s: float | None = float("-inf")
        """When (monotonic) something may have to be put right; at first: an earlier process may have been killed."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2)

    @property
    def word(self) -> Literal["synced", "unsynced"]:
        """The state of the clock as the contract says it."""
        return clock_word(self._told)

    def reason(self) -> Reason | None:
        """What is wrong with the clock, if anything."""
        return None if self._told.synced else Reason.NODE_CLOCK_UNSYNCED

    def look(self) -> None:
        """Compare the clock with what it was. OutboxError: not all could be put right; it is tried again."""
        before, now = self._last, self._clock.read()
        self._last = now
        if now.synced != self._told.synced or abs(now.offset_s - self._told.offset_s) > NOISE_S:
            self._set(before, now)
        if self._due_s is not None and time.monotonic() >= self._due_s:
            if corrected := self._findings.correct():
                log.warning("%d detections get the times of the clock as it is now", corrected)
                self._on_corrected()
            self._due_s = time.monotonic() + CORRECT_EACH_S if self._findings.uncorrected else None

    def _set(self, before: Reading, now: Reading) -> None:
        # Whoever led the clock slowly to the right time led the monotonic one as well: since the look before, by this.
        led_s = now.slewed_s - before.slewed_s if now.synced and not before.synced else 0.0
        earlier = replace(now, offset_s=now.offset_s + led_s)
        log.warning("the clock was set by %+.3f s: %s", earlier.offset_s - self._told.offset_s, clock_word(now))
        if is_outdated(self._told, earlier):
            self._due_s = float("-inf")
        self._told = now
        self._findings.set_clock(now, earlier=earlier)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except OutboxError as error:
                log.error("%s", error)
            except Exception:
                log.exception("clock")
            self._stopping.wait(LOOK_EACH_S)
