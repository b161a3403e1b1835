"""What this web sees, as observations of the chain's hops, and the verdict on them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from glassline.contract import Reason
from glassline.diagnosis import (
    Facts,
    Hop,
    Observation,
    ProgramSeen,
    Verdict,
    diagnose,
    observe_bridge,
    observe_device,
    observe_link,
    observe_web,
    reported_age_s,
)

from .hub import Heard

FILE = "glassline.toml"


@dataclass(frozen=True, kw_only=True)
class BrokerView:
    """The link as a web sees it: `since_s` is when that state began, on the web's monotonic clock."""

    connected: bool
    code: Reason | None
    sentence: str
    address: str
    since_s: float
    facts: Facts = field(default_factory=dict)
    """What else is known of whoever is at that address."""

    def listened_s(self, now_s: float) -> float:
        """For how long anybody could be heard."""
        return now_s - self.since_s if self.connected else 0.0

    def observe(self, *, heard_at_s: float | None, now_s: float) -> Observation:
        """The broker hop."""
        at_s = heard_at_s if self.connected and heard_at_s is not None else self.since_s
        facts = {"address": self.address, "program": "web", "role": "web", "file": FILE, **self.facts}
        return observe_link(connected=self.connected, code=self.code, age_s=now_s - at_s, facts=facts)


def judge(
    device: Heard,
    *,
    programs: Iterable[Heard],
    broker: BrokerView,
    watched_s: float | None,
    now_s: float,
) -> Verdict:
    """The chain of one device up to this web; the page adds what it sees itself (`you`)."""
    programs = list(programs)
    listened_s = broker.listened_s(now_s)
    told = _seen(device, programs, listened_s, now_s)
    node = replace(told, unasked_s=_unasked_s(device, watched_s, now_s))
    web = observe_web(id=device.id, watched_s=watched_s, frame_age_s=node.frame_age_s)
    return diagnose([*_observe_server(programs, broker, now_s), *observe_device(node), web])


def judge_server(*, programs: Iterable[Heard], broker: BrokerView, now_s: float) -> Verdict:
    """Broker, bridge and store, and this web, which answers: the chain without a device."""
    seen = _observe_server(list(programs), broker, now_s)
    return diagnose([*seen, Observation(hop=Hop.WEB, state="ok", age_s=0.0)])


def _observe_server(programs: list[Heard], broker: BrokerView, now_s: float) -> list[Observation]:
    heard_at_s = max((program.heard_at_s for program in programs), default=None)
    return [
        broker.observe(heard_at_s=heard_at_s, now_s=now_s),
        *_observe_bridges(programs, broker.listened_s(now_s), now_s),
    ]


def _observe_bridges(programs: list[Heard], listened_s: float, now_s: float) -> list[Observation]:
    """Bridge and store: one bridge that is there is enough, so the others count only while none is."""
    bridges = [program for program in programs if program.role == "bridge"]
    there = [bridge for bridge in bridges if bridge.is_heard(now_s)]
    seen: list[Observation] = []
    for bridge in there or bridges or [Heard("bridge-1")]:
        seen += observe_bridge(_seen(bridge, programs, listened_s, now_s))
    return seen


def _seen(program: Heard, programs: list[Heard], listened_s: float, now_s: float) -> ProgramSeen:
    """What was heard of a program, and of it from the brokers among `programs` that report."""
    reports = [
        (one.health, now_s - (one.health_at_s or now_s)) for one in programs if one.role == "broker" and one.health
    ]
    return ProgramSeen(
        id=program.id,
        status=program.status,
        status_age_s=_age(program.status_at_s, now_s),
        health=program.health,
        health_age_s=_age(program.health_at_s, now_s),
        frame_age_s=program.picture_age_s(now_s),
        info=program.info,
        listened_s=listened_s,
        turned_away_age_s=reported_age_s(program.id, [(told.turned_away_ages_s, age_s) for told, age_s in reports]),
        denied_age_s=reported_age_s(program.id, [(told.denied_ages_s, age_s) for told, age_s in reports]),
        other_contract_age_s=_age(program.other_version_at_s, now_s),
        twice_age_s=_age(program.signs.lives.twice_at_s, now_s),
        clock_offset_s=program.signs.clock_offset_s,
        observer="the server",
    )


def _unasked_s(node: Heard, watched_s: float | None, now_s: float) -> float | None:
    """For how long a node that was asked for pictures has said, up to its last report, that nobody asks."""
    since_s = node.signs.unasked_since_s
    if watched_s is None or since_s is None or node.health_at_s is None:
        return None
    return max(0.0, node.health_at_s - max(since_s, now_s - watched_s))


def _age(at_s: float | None, now_s: float) -> float | None:
    return None if at_s is None else max(0.0, now_s - at_s)
