"""Which processes speak under one id: a second one shows when a process that was replaced is heard again."""

from collections import OrderedDict

REMEMBERED = 8


class Boots:
    """The boots of one id. A restart brings a new one for good; two processes that throw each other off alternate."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.back_at_s: float | None = None
        """When a boot that another had replaced was last heard again; None: never."""

    def note(self, boot: str, now_s: float) -> None:
        """A message of `boot` came, in order, at `now_s` (monotonic)."""
        if self._seen and boot == next(reversed(self._seen)):
            return
        if boot in self._seen:
            self.back_at_s = now_s
        self._seen[boot] = None
        self._seen.move_to_end(boot)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
