"""How often something may come: the generic cell rate algorithm (ITU-T I.371, annex A), one number for each key.

>>> rates = Rates(burst_s=1.0)
>>> [rates.admit("pi-1/cmd", per_s=2.0, now_s=0.0) for _ in range(4)]
[True, True, True, False]
>>> rates.admit("pi-1/cmd", per_s=2.0, now_s=0.5)
True
"""

from collections.abc import Hashable

MAX_KEYS = 4096
BURST_S = 5.0
"""What comes at once after a pause of the network, of a broker or of the reader must not be taken for a flood."""


class Rates:
    """Not thread-safe, bounded in memory, and without a clock of its own: `now_s` must not run backwards."""

    def __init__(self, *, burst_s: float = BURST_S) -> None:
        self._burst_s = burst_s
        self._due_s: dict[Hashable, float] = {}

    def admit(self, key: Hashable, *, per_s: float, now_s: float, amount: float = 1.0) -> bool:
        """Whether `amount` more may come for `key` at `now_s`, at `per_s` and for `burst_s` more than that at once."""
        due_s = max(self._due_s.get(key, now_s), now_s)
        if due_s - now_s > self._burst_s:
            return False
        if key not in self._due_s and len(self._due_s) >= MAX_KEYS:
            self._forget(now_s)
        self._due_s[key] = due_s + amount / per_s
        return True

    def _forget(self, now_s: float) -> None:
        """Let go of those that owe nothing; if all do, of the oldest half."""
        owing = {key: due_s for key, due_s in self._due_s.items() if due_s > now_s}
        excess = len(owing) - MAX_KEYS // 2
        self._due_s = dict(list(owing.items())[excess:]) if len(owing) >= MAX_KEYS else owing
