"""What befalls whom, and when: all of it from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["kill", "stop", "cut", "swallow"]
WORDS: dict[Kind, str] = {
    "kill": "kill -9",
    "stop": "SIGSTOP",
    "cut": "connections reset",
    "swallow": "nothing comes through",
}
LASTS_S: dict[Kind, tuple[float, float]] = {"kill": (0.2, 3), "stop": (2, 15), "cut": (2, 10), "swallow": (3, 20)}


@dataclass(frozen=True)
class Fault:
    """From `at_s` on, for `lasts_s`, in seconds from the beginning."""

    at_s: float
    victim: str
    kind: Kind
    lasts_s: float

    @property
    def end_s(self) -> float:
        return self.at_s + self.lasts_s

    def __str__(self) -> str:
        return f"{self.at_s:5.1f} s  {self.victim}: {WORDS[self.kind]}, {self.lasts_s:.1f} s"


@dataclass(frozen=True)
class Pace:
    """How much peace a victim has between two faults, and how its faults' lengths are scaled."""

    peace_s: tuple[float, float] = (6, 25)
    scale: float = 1.0


def plan(victims: dict[str, Sequence[Kind]], *, seconds: float, seed: int, pace: Pace) -> list[Fault]:
    """Faults in order of time, each over within `seconds`; none of a victim before its last one is over.

    Every victim gets its kinds of faults in turn, in a random order.
    """
    faults = []
    for victim, kinds in victims.items():
        dice = random.Random(f"{seed} {victim}")
        deck: list[Kind] = []
        at_s = dice.uniform(0, pace.peace_s[1])
        while True:
            deck = deck or dice.sample(list(kinds), len(kinds))
            kind = deck.pop()
            fault = Fault(at_s, victim, kind, pace.scale * dice.uniform(*LASTS_S[kind]))
            if fault.end_s > seconds:
                break
            faults.append(fault)
            at_s = fault.end_s + dice.uniform(*pace.peace_s)
    return sorted(faults, key=lambda fault: fault.at_s)
