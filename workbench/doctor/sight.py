"""What the doctor has seen when it stops looking, and the looking itself."""

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, ProgramSeen

from .listening import Heard, Listener
from .machine import BRIDGE, NODE, WEB, Machine
from .way import Way

if TYPE_CHECKING:
    from .web_look import WebLook

TICK_S = 0.1
SILENT_S = 10.0
"""Health comes each 5 s: two that did not come are silence."""
LISTEN_S = SILENT_S + 0.5
PICTURE_S = 5.0
RETAINED_S = 0.7
"""What the broker keeps comes at once; so long is waited for the last of it."""

_ROLES = {"node": NODE, "bridge": BRIDGE, "web": WEB}


@dataclass(frozen=True, kw_only=True)
class Sight:
    """All that was seen, at the instant `now_s` of the monotonic clock."""

    machine: Machine
    ways: list[Way]
    listener: Listener | None
    look: "WebLook | None"
    now_s: float = 0.0
    programs: dict[str, Heard] = field(default_factory=dict)
    listened_s: float = 0.0

    @property
    def hears_all(self) -> bool:
        return self.listener is not None and self.listener.hears_all

    @property
    def broken(self) -> set[str]:
        """Programs of this machine that cannot even start."""
        unread = {name for name, setup in self.machine.programs.items() if setup.problems}
        return unread | {way.program for way in self.ways if way.observation.code is Reason.SETTINGS_WRONG}

    def own_id(self, program: str) -> str | None:
        """The id of a program that is set up here."""
        setup = self.machine.programs.get(program)
        return setup.text("id") or None if setup else None

    def heard(self, program: str) -> list[Heard]:
        """Those of one kind that were heard, by what they say of themselves or by our own settings."""
        own = self.own_id(program)
        return [
            one
            for one in self.programs.values()
            if (_ROLES.get(one.info.role) == program if one.info is not None else one.id == own)
        ]

    def way_of(self, program: str) -> Way | None:
        return next((way for way in self.ways if way.program == program), None)

    def age_s(self, at_s: float | None) -> float | None:
        return None if at_s is None else max(0.0, self.now_s - at_s)

    def seen(self, heard: Heard) -> ProgramSeen:
        """One program, for diagnosis."""
        return ProgramSeen(
            id=heard.id, status=heard.status, status_age_s=self.age_s(heard.status_at_s), health=heard.health,
            health_age_s=self.age_s(heard.health_at_s), info=heard.info, listened_s=self.listened_s, silent_s=SILENT_S,
        )  # fmt: skip

    def seen_directly(self, program: str, seen: list[Observation]) -> list[Observation]:
        """What was heard over a working way is believed, though the way of another program may be cut.

        Only what is wrong with a program whose own way is cut is left to be explained by that.
        """
        way = self.way_of(program)
        explained = way is not None and way.observation.state == "failed"
        return [one if self.listener is None or (explained and one.state != "ok") else _direct(one) for one in seen]


def watch(
    *,
    machine: Machine,
    ways: list[Way],
    listener: Listener | None,
    look: "WebLook | None",
    expected: list[str],
    until_s: float,
) -> Sight:
    """Look until nothing new is to be expected, or until `until_s` of the monotonic clock."""
    while True:
        now_s = time.monotonic()
        sight = Sight(
            machine=machine,
            ways=ways,
            listener=listener,
            look=look,
            now_s=now_s,
            programs=listener.programs() if listener else {},
            listened_s=listener.listened_s(now_s) if listener else 0.0,
        )
        patient = sight.listened_s < LISTEN_S and not (_heard_enough(sight, expected) and _looked_enough(sight))
        if now_s >= until_s or not patient:
            return sight
        time.sleep(TICK_S)


def _heard_enough(sight: Sight, expected: list[str]) -> bool:
    if sight.listener is None:
        return True
    if not sight.hears_all:
        expected = [id for id in expected if id == sight.own_id(NODE)]
        return all(id in sight.programs for id in expected) or sight.listened_s > PICTURE_S
    remembered = sight.look.seen.devices if sight.look else []
    there = all(id in sight.programs for id in (*expected, *remembered)) and bool(
        sight.heard(NODE) and sight.heard(BRIDGE)
    )
    settled = all(one.status == "offline" or one.health is not None for one in sight.programs.values())
    return there and settled and sight.listened_s > RETAINED_S


def _looked_enough(sight: Sight) -> bool:
    if sight.look is None or sight.look.seen.done:
        return True
    seen = sight.look.seen
    watched_s = sight.age_s(seen.watched_since_s) or 0.0
    if sight.listener is None:
        return watched_s > PICTURE_S
    awaited = [id for id in seen.devices if id in sight.programs and sight.programs[id].status != "offline"]
    return seen.watched_since_s is not None and all(id in seen.picture_at_s for id in awaited)


def _direct(one: Observation) -> Observation:
    return replace(one, via=tuple(hop for hop in one.seen_through if hop is not Hop.BROKER))
