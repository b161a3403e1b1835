"""Whether camera and detector work with a change: what is watched, for how long, and what is held against it."""

from dataclasses import dataclass

from glassline.contract import Reason
from glassline.diagnosis import Hop, hop_of

HEALTHY_S = 10.0
"""So long both must work without a break."""
PATIENCE_S = 12.0
"""What is wrong for so long is held against the change. Until then a camera that is opened anew may well be busy."""
BROKEN_S = 3.0
"""A model that cannot be used will not mend by itself."""
BROKEN = frozenset(
    {
        Reason.DETECTOR_MODEL_MISSING, Reason.DETECTOR_MODEL_UNKNOWN, Reason.DETECTOR_MODEL_BROKEN,
        Reason.DETECTOR_CARD_WRONG, Reason.DETECTOR_TASK_WRONG, Reason.DETECTOR_RUNTIME_MISSING,
    }
)  # fmt: skip
MOST_S = 180.0
"""A detector that is not loaded by then never will be; to measure all the ways to run a model takes a while."""
HANGS = frozenset({Reason.DETECTOR_STUCK, Reason.DETECTOR_STARTING})
"""A detector that hangs in its library is brought back by no setting, but by a new process."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Camera and detector at one instant: what is wrong with them, and what they have done so far."""

    problems: frozenset[Reason]
    captured: int
    detected: int
    loaded: bool
    """Whether the detector has its model."""


class Trial:
    """Began at `now_s`, when things were as `before`. Give it, about once a second, what is seen.

    What was wrong before excuses the part that the change does not touch: a model may be changed while the camera is
    broken, and the camera while there is no model.
    """

    def __init__(self, *, before: Seen, touches: frozenset[Hop], now_s: float) -> None:
        self._excused = frozenset(one for one in before.problems if hop_of(one) not in touches)
        self._broken = {hop_of(one) for one in self._excused}
        self._began_s = now_s
        self._well: tuple[float, Seen] | None = None
        self._ill_since_s: float | None = None
        self.works = False
        """Whether it has proven itself."""
        self.fault: str | None = None
        """What speaks against it: a reason code, or a word where there is none."""

    def look(self, seen: Seen, now_s: float) -> bool:
        """Take what is seen at `now_s`; whether it is decided."""
        problems = sorted(seen.problems - self._excused)
        ill = [one for one in problems if one is not Reason.DETECTOR_STARTING]
        if not ill:
            self._ill_since_s = None
        elif self._ill_since_s is None:
            self._ill_since_s = now_s
        self._well = (self._well or (now_s, seen)) if not problems and self._is_loaded(seen) else None
        if self._well is not None and now_s - self._well[0] >= HEALTHY_S:
            self.works = self._went_on(self._well[1], seen)
        patience_s = BROKEN_S if BROKEN & set(ill) else PATIENCE_S
        if self._ill_since_s is not None and now_s - self._ill_since_s >= patience_s:
            self.fault = ill[0]
        elif now_s - self._began_s >= MOST_S and not self.works:
            self.fault = problems[0] if problems else "not seen to work"
        return self.works or self.fault is not None

    def _is_loaded(self, seen: Seen) -> bool:
        return seen.loaded or Hop.DETECTOR in self._broken

    def _went_on(self, before: Seen, now: Seen) -> bool:
        """Frames came and were looked at, as far as both work at all."""
        came = now.captured > before.captured or Hop.CAMERA in self._broken
        looked = now.detected > before.detected or bool(self._broken)
        return came and looked
