"""One examination: all that can be looked at from here, at once, put together into a verdict on each device."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from glassline.diagnosis import Observation, Verdict, diagnose
from pi_node.report.own_view import judge

from .listening import Listener
from .machine import BRIDGE, NODE, WEB, Machine
from .node_at_hand import node_at_hand
from .observations import observe_chain_of, observe_shared
from .pictures import Pictures
from .seen import Seen, seen_of
from .sight import Sight, watch
from .store_look import look_at_store
from .told import with_told
from .way import Way, walk_all
from .web_looks import look_at_webs

TOLD_S = 4.0
"""For a web to say what it knows of one node."""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What was found: the verdict on `device` (None: no node is known), those on the others, and how long it took."""

    machine: Machine
    device: str | None
    verdict: Verdict
    others: dict[str, Verdict] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    took_s: float = 0.0
    hangs: bool = False
    """Whether something that was asked has not answered yet: whoever asked must not wait for it at its end."""

    @property
    def ok(self) -> bool:
        return self.verdict.ok and all(other.ok for other in self.others.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON. Never a secret."""
        return self.verdict.to_dict() | {
            "ok": self.ok,
            "device": self.device,
            "others": {id: other.to_dict() for id, other in self.others.items()},
            "seen": self.seen.to_dict(),
            "file": str(self.machine.file) if self.machine.file else None,
            "programs": {name: setup.to_dict() for name, setup in self.machine.programs.items()},
            "took_s": round(self.took_s, 1),
        }


def examine(
    machine: Machine, *, device: str | None, timeout_s: float, progress: Callable[[str], None], web: str | None = None
) -> Examination:
    """Look at everything from here, within about `timeout_s`. `progress` is told what is done now."""
    began_s = time.monotonic()
    own = machine.programs.get(NODE)
    expected = [id for id in dict.fromkeys((device, own.text("id") if own else "")) if id]
    with ExitStack() as looking:
        pictures = Pictures()
        webs = look_at_webs(machine, web, expected, pictures, looking)
        store = look_at_store(machine)
        if store is not None:
            looking.enter_context(store)
        progress("asking the broker …")
        ways = walk_all(machine)
        best = _best(ways)
        listener = looking.enter_context(Listener(best, pictures)) if best else None
        progress("listening for a few seconds: programs speak every 5 s …")
        first = Sight(
            machine=machine, ways=ways, listener=listener, look=webs.first, public=webs.public, pictures=pictures,
            store=store, at_hand=node_at_hand(machine),
        )  # fmt: skip
        sight = watch(first, expected=expected, until_s=began_s + timeout_s)
    shared = observe_shared(sight)
    verdicts = {id: _verdict(sight, id, shared, began_s + timeout_s) for id in _devices(sight, expected, device)}
    chosen = min(verdicts, key=lambda id: verdicts[id].ok)
    return Examination(
        machine=machine,
        device=chosen,
        verdict=verdicts[chosen],
        others={id: verdict for id, verdict in verdicts.items() if id is not None and id != chosen},
        seen=seen_of(sight),
        took_s=time.monotonic() - began_s,
        hangs=store is not None and store.hangs,
    )


def _verdict(sight: Sight, id: str | None, shared: list[Observation], until_s: float) -> Verdict:
    """The verdict on one node; what cannot be heard from here is filled in by what others know of it.

    The web is asked until `until_s` of the monotonic clock.
    """
    verdict = diagnose([*shared, *observe_chain_of(sight, id)])
    if sight.hears_all or id is None:
        return verdict
    look, at_hand, left_s = sight.look, sight.at_hand, until_s - time.monotonic()
    asked = look if look is not None and look.seen.answered_at_s is not None and not look.seen.locked else None
    if asked is not None and left_s > 0 and (told := asked.told(id, min(TOLD_S, left_s + 0.5))) is not None:
        verdict = with_told(verdict, told)
    if at_hand is not None and at_hand.id == id and at_hand.fresh is not None:
        verdict = with_told(verdict, judge(at_hand.fresh, age_s=at_hand.age_s or 0.0).to_dict())
    return verdict


def _best(ways: list[Way]) -> Way | None:
    """Of the ways that lead to the broker, that of the account that may hear most."""
    order = [WEB, BRIDGE, NODE]
    usable = [way for way in ways if way.usable]
    return min(usable, key=lambda way: order.index(way.program) if way.program in order else -1, default=None)


def _devices(sight: Sight, expected: list[str], device: str | None) -> list[str | None]:
    """The nodes to judge: the one that was asked for, or all that are set up here, heard, or remembered by the web."""
    if device is not None:
        return [device]
    heard = sorted(one.id for one in sight.heard(NODE))
    remembered = sight.look.seen.devices if sight.look else []
    known = list(dict.fromkeys([*expected, *heard, *remembered]))
    others = {one.id for program in (BRIDGE, WEB) for one in sight.heard(program)}
    return [*known] or [id for id in sight.turned_away() if id not in others] or [None]
