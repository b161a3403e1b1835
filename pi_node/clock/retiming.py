"""A detection told again, with the times of a clock that is known better now."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from glassline.contract.messages import Detection

from .machine import Reading

DRIFT_S = 5.0
"""What a clock that was right may be off a day later (50 ppm). Less is left as it is: it grew bit by bit."""
NOISE_S = 0.005
"""What two readings of one clock may differ by."""

_TIMES = ("first_at", "last_at", "frame_at", "confirmed_at")
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)


def is_outdated(told: Reading, now: Reading) -> bool:
    """Whether times that were told by one reading are wrong by another one of the same boot of the machine."""
    if not told.boot or told.boot != now.boot:
        return False
    if told.synced:
        return abs(now.offset_s - told.offset_s) > DRIFT_S
    return now.synced or abs(now.offset_s - told.offset_s) > NOISE_S


def retimed(detection: Detection, told: Reading, now: Reading) -> Detection:
    """The next rev of a detection that was told by the reading `told`, with the times that `now` gives it."""
    shift = timedelta(seconds=now.offset_s - told.offset_s)
    changes: dict[str, Any] = {name: min(max(_FIRST, getattr(detection, name) + shift), _LAST) for name in _TIMES}
    monotonic_s = None if now.synced else detection.monotonic_s
    changes |= {"rev": detection.rev + 1, "clock": clock_word(now), "monotonic_s": monotonic_s}
    return detection.model_copy(update=changes)


def clock_word(reading: Reading) -> Literal["synced", "unsynced"]:
    """As the contract says it."""
    return "synced" if reading.synced else "unsynced"
