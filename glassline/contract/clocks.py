"""Times that cannot be. A node without a clock wakes up in 1970, one whose clock was set wrongly may live in 2100.

What such a node finds is stored all the same; but its times would put it at the very end of every list, or at the top
of it for ever. So whoever receives it puts the time of receipt in their place and says that the clock was wrong.
"""

from datetime import UTC, datetime, timedelta

from .messages import Detection

EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""Nothing of Glassline existed before."""

AHEAD = timedelta(days=1)
"""A clock that was set to local time, or a server that is late itself, is no more than that ahead."""

_TIMES = ("first_at", "last_at", "frame_at", "confirmed_at")


def believed(detection: Detection, received_at: datetime) -> Detection:
    """`detection` as it came at `received_at`; a time that cannot be is replaced by that, and `clock` is `unsynced`.

    A receiver that has no clock itself believes everything.
    """
    if received_at < EARLIEST:
        return detection
    wrong = [name for name in _TIMES if not EARLIEST <= getattr(detection, name) <= received_at + AHEAD]
    if not wrong:
        return detection
    return detection.model_copy(update={**dict.fromkeys(wrong, received_at), "clock": "unsynced"})
