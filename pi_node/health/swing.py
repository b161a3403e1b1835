"""Whether something that swings is bad: said only once it has lasted, and taken back only once it is well over."""

from dataclasses import dataclass, field


@dataclass
class Swing:
    """Between bad and good it stays as it was said. Times are monotonic seconds.

    >>> weak = Swing(after_s=10, until_s=10)
    >>> [weak.note(is_bad=level < -75, is_good=level > -70, now_s=t) for t, level in ((0, -80), (10, -80), (20, -72))]
    [False, True, True]
    """

    after_s: float
    """It is bad once it has been for so long,"""
    until_s: float
    """and until it has been good for so long."""
    is_there: bool = False
    _since_s: float | None = field(default=None, repr=False)

    def note(self, *, is_bad: bool, is_good: bool, now_s: float) -> bool:
        """Take in how it is; return what is said of it."""
        if not (is_good if self.is_there else is_bad):
            self._since_s = None
        elif self._since_s is None:
            self._since_s = now_s
        if self._since_s is not None and now_s - self._since_s >= (self.until_s if self.is_there else self.after_s):
            self.is_there, self._since_s = not self.is_there, None
        return self.is_there
