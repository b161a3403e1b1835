"""Whether two processes speak under one id: the one that was replaced is heard again, or both lived at one time."""

from collections import OrderedDict

REMEMBERED = 8


class Lives:
    """The processes of one id, told apart by `boot`. A restart brings a new one for good, that began after the former.

    `doubt_s`: so long may a message have been on its way.

    >>> lives = Lives(doubt_s=3)
    >>> for boot, now_s, uptime_s in ("a", 100, 60), ("b", 105, 2), ("b", 110, 7):
    ...     lives.note(boot, now_s, uptime_s=uptime_s)
    >>> lives.twice_at_s
    >>> lives.note("a", 112, uptime_s=72)
    >>> lives.twice_at_s
    112
    """

    def __init__(self, *, doubt_s: float) -> None:
        self._doubt_s = doubt_s
        self._last_s: OrderedDict[str, float] = OrderedDict()
        self.twice_at_s: float | None = None
        """When that was seen last; None: never."""

    def note(self, boot: str, now_s: float, *, uptime_s: float | None = None) -> None:
        """A message of `boot` came, in order, at `now_s` (monotonic); `uptime_s` after its start, if that is known."""
        is_back = boot in self._last_s and boot != next(reversed(self._last_s))
        if is_back or (uptime_s is not None and self._overlaps(boot, now_s - uptime_s)):
            self.twice_at_s = now_s
        self._last_s[boot] = now_s
        self._last_s.move_to_end(boot)
        if len(self._last_s) > REMEMBERED:
            self._last_s.popitem(last=False)

    def _overlaps(self, boot: str, began_s: float) -> bool:
        return any(began_s < last_s - self._doubt_s for other, last_s in self._last_s.items() if other != boot)
