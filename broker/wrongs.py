"""What was not let in or not taken, by account: so the broker can say which program has a wrong password or role."""

import time
from collections import Counter
from collections.abc import Callable

MAX_NAMED = 200
"""So many accounts are told of: those with the most, or the latest."""
TOLD_FOR_S = 300.0


class Wrongs:
    """Belongs to the broker's event loop. Only accounts that exist are named: what strangers type takes no memory."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.denied: Counter[str] = Counter()
        """How many messages were not taken."""
        self._forbidden_s: dict[str, float] = {}
        self._turned_away_s: dict[str, float] = {}

    def not_taken(self, id: str, *, forbidden: bool) -> None:
        """A message of `id` was dropped. `forbidden`: its role does not allow it; else it was too large or often."""
        self.denied[id] += 1
        if forbidden:
            self._forbidden_s[id] = self._clock()

    def turned_away(self, id: str) -> None:
        """Somebody gave the name `id` of an account, with a wrong password."""
        self._turned_away_s[id] = self._clock()

    def counts(self) -> dict[str, int]:
        """How many messages were not taken, by account."""
        return dict(self.denied.most_common(MAX_NAMED))

    def forbidden_ages_s(self) -> dict[str, float]:
        """Seconds since a message of an account was last forbidden; what is long ago is left out."""
        return self._ages_s(self._forbidden_s)

    def turned_away_ages_s(self) -> dict[str, float]:
        """Seconds since the password of an account was last wrong; what is long ago is left out."""
        return self._ages_s(self._turned_away_s)

    def _ages_s(self, instants_s: dict[str, float]) -> dict[str, float]:
        now_s = self._clock()
        ages_s = {id: round(now_s - at_s, 1) for id, at_s in instants_s.items() if now_s - at_s <= TOLD_FOR_S}
        return dict(sorted(ages_s.items(), key=lambda one: one[1])[:MAX_NAMED])
