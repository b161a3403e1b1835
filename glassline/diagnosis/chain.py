"""From observations of hops to one verdict: the first cause, what follows from it, and what else is wrong.

Three rules, in this order:

1. A hop that is seen only through a hop that is cut off cannot be judged: it becomes `unknown`.
2. A fault that may follow from another one that is there (`Fault.follows`) is shown, but is no cause; one that may
   follow from a hop that has not been seen yet (`Fault.awaits`) is `unknown` until it has.
3. Of the faults that remain the first failed one along the chain is the first cause; if none failed, the first
   degraded one. The rest are independent and are told under `also`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from glassline.contract import Reason

from .faults import remedy_of
from .hops import CHAIN_ORDER, SEEN_THROUGH, WELL, WHILE, Hop, State
from .words import Facts, completed, render

__all__ = ["Hop", "HopVerdict", "Observation", "State", "Verdict", "diagnose"]

_UNNAMED = "Reports a fault that this version has no name for: {reason}."
_UNSEEN = "Cannot be seen from here."


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What one observer found out about one hop."""

    hop: Hop
    state: State
    age_s: float | None = None
    """Seconds since the last sign of life, by the observer's own clock; None: never, or not known."""
    code: Reason | None = None
    facts: Facts = field(default_factory=dict)
    """What the sentences may name: see `words.PLACEHOLDERS`. Never a secret."""
    via: tuple[Hop, ...] | None = None
    """Through which hops it was seen, nearest first; None: as SEEN_THROUGH says; (): at first hand."""

    @property
    def seen_through(self) -> tuple[Hop, ...]:
        return SEEN_THROUGH[self.hop] if self.via is None else self.via

    @property
    def without_broker(self) -> "Observation":
        """The same, where the broker does not stand between: by a way that works, or on the node's own machine."""
        return replace(self, via=tuple(hop for hop in self.seen_through if hop is not Hop.BROKER))


@dataclass(frozen=True, kw_only=True)
class HopVerdict:
    """What is said about one hop. `explained_by` is set where another hop is to blame; then there is no remedy."""

    hop: Hop
    state: State
    age_s: float | None
    code: Reason | None
    sentence: str
    remedy: str = ""
    explained_by: Hop | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; ages in seconds, rounded to milliseconds."""
        return {
            "hop": self.hop.value,
            "state": self.state,
            "age_s": None if self.age_s is None else round(self.age_s, 3),
            "code": None if self.code is None else self.code.value,
            "sentence": self.sentence,
            "remedy": self.remedy,
            "explained_by": None if self.explained_by is None else self.explained_by.value,
        }


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The whole chain: one verdict a hop in chain order, the first cause, and further independent faults."""

    hops: list[HopVerdict]
    first_cause: HopVerdict | None = None
    also: list[HopVerdict] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.first_cause is None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "ok": self.ok,
            "hops": [hop.to_dict() for hop in self.hops],
            "first_cause": None if self.first_cause is None else self.first_cause.to_dict(),
            "also": [hop.to_dict() for hop in self.also],
        }


def diagnose(observations: Iterable[Observation]) -> Verdict:
    """Judge one device's chain. Several observations of one hop are fine: the worst stands for it."""
    seen = sorted(observations, key=lambda one: CHAIN_ORDER[one.hop])
    cut = {one.hop for one in seen if _cuts(one)}
    clear = [one for one in seen if not _hidden_by(one, cut)]
    unseen = {one.hop for one in seen if one.state == "unknown"} - {one.hop for one in clear if one.state != "unknown"}
    verdicts = [_judge(one, cut, unseen, clear) for one in seen]
    faults = _distinct([one for one in verdicts if one.state in ("failed", "degraded") and one.explained_by is None])
    first = min(faults, key=lambda one: one.state != "failed", default=None)
    return Verdict(
        hops=[min(group, key=_rank) for _, group in groupby(verdicts, key=lambda one: one.hop)],
        first_cause=first,
        also=[one for one in faults if one is not first],
    )


def _cuts(one: Observation) -> bool:
    return one.state == "failed" and one.code is not None and remedy_of(one.code).cuts


def _hidden_by(one: Observation, cut: set[Hop]) -> Hop | None:
    return next((hop for hop in one.seen_through if hop in cut), None)


def _judge(one: Observation, cut: set[Hop], unseen: set[Hop], clear: Sequence[Observation]) -> HopVerdict:
    facts = completed(one.facts, one.age_s)
    hidden_by = _hidden_by(one, cut)
    if hidden_by is not None:
        return _verdict(one, f"Cannot be seen while {WHILE[hidden_by]}.", state="unknown", explained_by=hidden_by)
    if one.state == "ok":
        return _verdict(one, WELL[one.hop])
    if one.state == "unknown":
        return _verdict(one, render("{why}", facts) or _UNSEEN)
    if one.code is None:
        return _verdict(one, render(_UNNAMED, facts), remedy=f"Look at what the {one.hop} logs, and update Glassline.")
    fault = remedy_of(one.code)
    cause = next((other.hop for other in clear if other.code in fault.follows and other is not one), None)
    sentence, remedy = fault.render(facts)
    awaited = next((hop for hop in fault.awaits if hop in unseen), None)
    if cause is None and awaited is not None:
        return _verdict(one, sentence, state="unknown", explained_by=awaited)
    return _verdict(one, sentence, remedy="" if cause else remedy, explained_by=cause)


def _verdict(
    one: Observation, sentence: str, *, state: State | None = None, remedy: str = "", explained_by: Hop | None = None
) -> HopVerdict:
    state = state or one.state
    code = one.code if state in ("failed", "degraded") else None
    return HopVerdict(
        hop=one.hop,
        state=state,
        age_s=one.age_s,
        code=code,
        sentence=sentence,
        remedy=remedy,
        explained_by=explained_by,
    )


def _rank(one: HopVerdict) -> tuple[int, bool, float]:
    """Which of several verdicts stands for a hop: the worst that was seen, then the freshest."""
    order: dict[State, int] = {"failed": 0, "degraded": 1, "ok": 2, "unknown": 3}
    return order[one.state], one.explained_by is not None, one.age_s if one.age_s is not None else float("inf")


def _distinct(verdicts: list[HopVerdict]) -> list[HopVerdict]:
    """Without those that say of a hop what was said before: two programs, one broker that is down."""
    unique: dict[tuple[Hop, str], HopVerdict] = {}
    for one in verdicts:
        unique.setdefault((one.hop, one.sentence), one)
    return list(unique.values())
