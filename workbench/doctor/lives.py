"""Whether two processes speak under one id: both were alive at the same time."""

DOUBT_S = 3.0
"""A message may have been that long on its way."""


class Lives:
    """What the processes of one id, told apart by `boot`, say of how long they have run."""

    def __init__(self) -> None:
        self._last_s: dict[str, float] = {}
        self.twice_at_s: float | None = None
        """When one was last heard that had been running while another one spoke."""

    def note(self, boot: str, uptime_s: float, now_s: float) -> None:
        """A message of `boot` came at `now_s` (monotonic), sent `uptime_s` after its start.

        A program that was started anew is another boot too, but began after the former had ended.
        """
        began_s = now_s - uptime_s
        if any(began_s < last_s - DOUBT_S for other, last_s in self._last_s.items() if other != boot):
            self.twice_at_s = now_s
        self._last_s[boot] = now_s
