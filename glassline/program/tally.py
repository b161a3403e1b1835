"""What went wrong, counted by kind, and told without flooding the log.

    tally = Tally(log=log)
    tally.note("refused_detection_not_json", "pi-1/detection is refused: …", who="pi-1")
    health = Health(…, counters=tally.report())

The first of a kind is logged at once; from then on its kind has one line a minute, with the number of the others.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY_S = 60.0
MAX_KINDS = 100
MAX_NAMES = 5
OTHER = "other"


@dataclass
class _Told:
    """What is held back of one kind."""

    said_s: float = float("-inf")
    sentence: str = ""
    unsaid: int = 0
    names: dict[str, None] = field(default_factory=dict)


class Tally:
    """Thread-safe, and bounded: kinds beyond `MAX_KINDS` are counted as `other`."""

    def __init__(self, *, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log, self._clock = log, clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._told: dict[str, _Told] = {}

    def note(self, kind: str, sentence: str, *, who: str = "", error: BaseException | None = None) -> None:
        """Count one of `kind`, and say `sentence` unless its kind had its line within the last minute.

        `who` did it: the line names a few of them. With `error` the line carries its traceback.
        """
        with self._lock:
            kind = kind if kind in self._counts or len(self._counts) < MAX_KINDS else OTHER
            self._counts[kind] += 1
            told = self._told.setdefault(kind, _Told())
            told.sentence, told.unsaid = sentence, told.unsaid + 1
            if who and len(told.names) < MAX_NAMES:
                told.names[who] = None
            self._say(kind, told, error)

    def count(self, kind: str, number: int = 1) -> None:
        """Count what is worth no line."""
        with self._lock:
            self._counts[kind if kind in self._counts or len(self._counts) < MAX_KINDS else OTHER] += number

    def report(self) -> Counter[str]:
        """The counts by kind. Call it every few seconds: what was held back for a minute is said now."""
        with self._lock:
            for kind, told in self._told.items():
                self._say(kind, told)
            return self._counts.copy()

    def _say(self, kind: str, told: _Told, error: BaseException | None = None) -> None:
        now_s = self._clock()
        if not told.unsaid or now_s - told.said_s < EVERY_S:
            return
        more = f", and {told.unsaid - 1} more since, by {', '.join(told.names) or 'others'}" if told.unsaid > 1 else ""
        told.said_s, told.unsaid, told.names = now_s, 0, {}
        self._log.warning("%s [%s]%s", told.sentence, kind, more, exc_info=error)
