"""What clients do wrong: counted always, logged at most once a minute for each thing."""

import logging
import time
from collections import Counter
from collections.abc import Callable

_log = logging.getLogger(__name__)
_EVERY_S = 60.0
_REMEMBERED = 2000


class Complaints:
    """Counts by kind, and log lines that cannot flood the log."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._said: dict[tuple[str, ...], tuple[float, int]] = {}

    def complain(self, kind: str, sentence: str, *key: str) -> None:
        """Count `kind`; log `sentence` unless one with the same kind and `key` was logged within the last minute."""
        self.counts[kind] += 1
        now = self._clock()
        said_at, unsaid = self._said.get((kind, *key), (-_EVERY_S, 0))
        if now - said_at < _EVERY_S:
            self._said[(kind, *key)] = said_at, unsaid + 1
            return
        if len(self._said) >= _REMEMBERED:
            self._said.clear()
        self._said[(kind, *key)] = now, 0
        _log.warning("%s%s", sentence, f" ({unsaid} more like this since)" if unsaid else "")
