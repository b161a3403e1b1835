"""What the doctor has seen when it stops looking, and the looking itself."""

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glassline.contract import Reason
from glassline.contract.messages import Health
from glassline.diagnosis import Observation, ProgramSeen, reported_age_s

from .heard import Heard
from .listening import Listener
from .machine import BRIDGE, NODE, WEB, Machine
from .node_at_hand import NodeAtHand, node_at_hand
from .pictures import Pictures
from .store_look import StoreLook, StoreSeen
from .way import Way

if TYPE_CHECKING:
    from .web_look import WebLook

TICK_S = 0.1
SILENT_S = 10.0
"""Health comes each 5 s: two that did not come are silence."""
LISTEN_S = SILENT_S + 0.5
CUT_SHORT_S = 7.5
"""Where the way to the broker took so long that less is left for listening, one that did not come has to do."""
PICTURE_S = 5.0
RETAINED_S = 0.7
"""What the broker keeps comes at once; so long is waited for the last of it."""
LEASE_S = 5.5
"""A web renews its lease each 5 s: by then a node that hears leases has heard one."""
FLOWING = 3
"""So many different pictures within seconds come only from a node that was asked for them."""
MOST_WATCHED = 4
"""Nodes whose pictures are also seen at the broker: more would fill the way there."""

_ROLES = {"node": NODE, "bridge": BRIDGE, "web": WEB}


@dataclass(frozen=True, kw_only=True)
class Sight:
    """All that was seen, at the instant `now_s` of the monotonic clock."""

    machine: Machine
    ways: list[Way]
    listener: Listener | None
    look: "WebLook | None"
    public: "WebLook | None" = None
    pictures: Pictures = field(default_factory=Pictures)
    store: StoreLook | None = None
    at_hand: NodeAtHand | None = None
    now_s: float = 0.0
    programs: dict[str, Heard] = field(default_factory=dict)
    listened_s: float = 0.0

    @property
    def hears_all(self) -> bool:
        return self.listener is not None and self.listener.hears_all

    @property
    def store_seen(self) -> StoreSeen | None:
        return self.store.seen if self.store is not None else None

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

    @property
    def speaks_alone(self) -> bool:
        """Whether the node of this machine is the only one at a broker beside it, which is then not that of its line.

        Debian's mosquitto listens at localhost as soon as it is installed, and lets everybody in.
        """
        way = self.way_of(NODE)
        if way is None or way.address is None or not way.address.is_loopback or not self.hears_all:
            return False
        alone = set(self.machine.programs) == {NODE} and not self.programs.keys() - {way.id}
        return alone and self.listened_s >= SILENT_S

    def way_of(self, program: str) -> Way | None:
        return next((way for way in self.ways if way.program == program), None)

    def age_s(self, at_s: float | None) -> float | None:
        return None if at_s is None else max(0.0, self.now_s - at_s)

    def seen(self, heard: Heard) -> ProgramSeen:
        """One program, for diagnosis."""
        return ProgramSeen(
            id=heard.id,
            status=heard.status,
            status_age_s=self.age_s(heard.status_at_s),
            health=heard.health,
            health_age_s=self.age_s(heard.health_at_s),
            info=heard.info,
            frame_age_s=self.age_s(self.pictures.broker_at_s(heard.id)),
            listened_s=self.listened_s,
            silent_s=min(SILENT_S, max(CUT_SHORT_S, self.listened_s)),
            turned_away_age_s=reported_age_s(
                heard.id, [(told.turned_away_ages_s, age_s) for told, age_s in self._reports]
            ),
            denied_age_s=reported_age_s(heard.id, [(told.denied_ages_s, age_s) for told, age_s in self._reports]),
            other_contract_age_s=self.age_s(heard.other_version_at_s),
            twice_age_s=self.age_s(heard.lives.twice_at_s),
            unasked_s=self.unasked_s(heard),
            clock_offset_s=heard.offset_s,
        )

    def turned_away(self) -> list[str]:
        """Accounts whose password a broker lately refused, as it says itself."""
        return sorted({id for told, _ in self._reports for id in told.turned_away_ages_s})

    def may_be_unasked(self, heard: Heard) -> bool:
        """Whether a node that is watched here says that nobody watches, and does not send as if it knew better."""
        watched = self.look is not None and self.look.seen.watched_since_s is not None
        says_so = heard.health is not None and heard.health.viewers == 0
        return watched and says_so and self.pictures.in_web_count(heard.id) < FLOWING

    def unasked_s(self, heard: Heard) -> float | None:
        """For how long it was asked for pictures and heard nothing of it, as it said when it must have."""
        watched_since_s = self.look.seen.watched_since_s if self.look is not None else None
        if watched_since_s is None or heard.health_at_s is None or not self.may_be_unasked(heard):
            return None
        since_s = max(watched_since_s, heard.connected_at_s)
        return self.age_s(since_s) if heard.health_at_s - since_s > LEASE_S else None

    def seen_directly(self, program: str, seen: list[Observation]) -> list[Observation]:
        """What was heard over a working way is believed, though the way of another program may be cut.

        Only what is wrong with a program whose own way is cut is left to be explained by that.
        """
        way = self.way_of(program)
        explained = way is not None and way.observation.state == "failed"
        return [
            one if self.listener is None or (explained and one.state != "ok") else one.without_broker for one in seen
        ]

    @property
    def _reports(self) -> list[tuple[Health, float]]:
        """What brokers say of their accounts, and how long ago."""
        brokers = [one for one in self.programs.values() if one.info is not None and one.info.role == "broker"]
        return [(one.health, self.age_s(one.health_at_s) or 0.0) for one in brokers if one.health is not None]


def watch(first: Sight, *, expected: list[str], until_s: float) -> Sight:
    """Look until nothing new is to be expected, or until `until_s` of the monotonic clock."""
    listener = first.listener
    while True:
        now_s = time.monotonic()
        sight = replace(
            first,
            now_s=now_s,
            programs=listener.programs() if listener else {},
            listened_s=listener.listened_s(now_s) if listener else 0.0,
        )
        if listener is not None:
            listener.ping(now_s)
            listener.watch(set(_watched(sight, expected)[:MOST_WATCHED]))
        enough = _heard_enough(sight, expected) and _looked_enough(sight) and _knocked(sight)
        if now_s >= until_s or enough or (sight.listened_s >= LISTEN_S and _knocked(sight)):
            return replace(sight, at_hand=node_at_hand(sight.machine))
        time.sleep(TICK_S)


def _watched(sight: Sight, expected: list[str]) -> list[str]:
    """The nodes whose pictures are followed through the hops."""
    awaited = sight.look.seen.devices if sight.look else []
    return list(dict.fromkeys([*expected, *awaited, *(one.id for one in sight.heard(NODE))]))


def _heard_enough(sight: Sight, expected: list[str]) -> bool:
    if sight.listener is None:
        return True
    if not sight.hears_all:
        expected = [id for id in expected if id == sight.own_id(NODE)]
        at_hand = sight.at_hand is not None and sight.at_hand.fresh is not None
        return at_hand or all(id in sight.programs for id in expected) or sight.listened_s > PICTURE_S
    remembered = sight.look.seen.devices if sight.look else []
    there = all(id in sight.programs for id in (*expected, *remembered)) and bool(
        sight.heard(NODE) and sight.heard(BRIDGE)
    )
    return there and all(_settled(sight, one) for one in sight.programs.values()) and sight.listened_s > RETAINED_S


def _settled(sight: Sight, one: Heard) -> bool:
    """Whether a program has said what it has to say, and nothing about it asks for a longer look."""
    if one.status == "offline":
        return True
    if one.health is None or (one.is_node and (one.came_anew or sight.may_be_unasked(one))):
        return False
    return not one.is_node or sight.listener is None or sight.listener.is_pinged(one.id, sight.now_s)


def _looked_enough(sight: Sight) -> bool:
    if sight.look is None or sight.look.seen.done:
        return True
    seen = sight.look.seen
    if sight.listener is None:
        all_came = bool(seen.watched) and all(sight.pictures.web_at_s(id) is not None for id in seen.watched)
        return all_came or (sight.age_s(seen.watched_since_s) or 0.0) > PICTURE_S
    awaited = [id for id in seen.watched if id in sight.programs and sight.programs[id].status != "offline"]
    return seen.watched_since_s is not None and all(_has_come(sight, id) for id in awaited)


def _has_come(sight: Sight, id: str) -> bool:
    """Whether a picture came out of the web, and, where that can be seen, passed the broker before."""
    if sight.pictures.web_at_s(id) is None:
        return False
    passage = sight.pictures.passage(id)
    return passage is None or passage.web_s is not None


def _knocked(sight: Sight) -> bool:
    """Whether the store and the page's public address have answered, or had time enough to."""
    done = (sight.store is None or sight.store.seen.done) and (sight.public is None or sight.public.seen.done)
    return done or (sight.listener is None and sight.look is None)
