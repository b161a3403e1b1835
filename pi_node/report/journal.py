"""What the node says of its faults in its log: the diagnosis' own sentence and remedy, once when one comes, and once
when it is over, without a flood where it comes and goes.
"""

import logging
from dataclasses import dataclass

from glassline.diagnosis import HopVerdict, Verdict, age_text

log = logging.getLogger(__name__)

LASTS_S = 3.0
"""What is over sooner is worth no word."""
SETTLED_S, SETTLED_MOST_S = 10.0, 900.0
FORGET_S = 3600.0


@dataclass
class _Fault:
    """One that is there or was. What was said is over once it has been away for `settled_s`: longer each time."""

    began_s: float | None = None
    """None: it is not there."""
    seen_s: float = 0.0
    said: str = ""
    """The sentence; empty while it is not worth one, or no more."""
    settled_s: float = SETTLED_S


class Journal:
    """Give it every verdict, at least each few seconds; times are monotonic seconds."""

    def __init__(self) -> None:
        self._faults: dict[str, _Fault] = {}

    def note(self, verdict: Verdict, now_s: float) -> None:
        """Say what is new, and what is over."""
        there = [one for one in (verdict.first_cause, *verdict.also) if one is not None]
        for one in there:
            self._note_there(one, now_s)
        for name in self._faults.keys() - {_name(one) for one in there}:
            self._note_away(name, now_s)

    def _note_there(self, one: HopVerdict, now_s: float) -> None:
        fault = self._faults.setdefault(_name(one), _Fault())
        fault.seen_s = now_s
        if fault.began_s is None:
            fault.began_s = now_s
        if not fault.said and now_s - fault.began_s >= LASTS_S:
            fault.said = one.sentence
            level = logging.ERROR if one.state == "failed" else logging.WARNING
            log.log(level, "%s Do this: %s [%s]", one.sentence, one.remedy, _name(one))

    def _note_away(self, name: str, now_s: float) -> None:
        fault, away_s = self._faults[name], now_s - self._faults[name].seen_s
        if fault.said and away_s >= fault.settled_s:
            lasted = age_text(fault.seen_s - (fault.began_s or fault.seen_s))
            log.info("This is over, after %s: %s [%s]", lasted, fault.said, name)
            fault.said, fault.settled_s = "", min(2 * fault.settled_s, SETTLED_MOST_S)
        if not fault.said:
            fault.began_s = None
        if away_s > FORGET_S:
            del self._faults[name]


def _name(one: HopVerdict) -> str:
    return one.code.value if one.code is not None else one.sentence
