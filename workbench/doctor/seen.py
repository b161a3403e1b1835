"""What was seen, as plain values: the figures behind the verdict, for people and for JSON. Never a secret."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import glassline
from glassline.link.address import AUTO

from .heard import Heard
from .ports_here import PortHere, ports_here
from .sight import Sight
from .way import Way

if TYPE_CHECKING:
    from .web_look import WebLook


@dataclass(frozen=True, kw_only=True)
class StepSeen:
    """One step of the way of a program to the broker."""

    step: str
    ok: bool
    says: str
    ms: float | None


@dataclass(frozen=True, kw_only=True)
class WaySeen:
    """The way of a program to the broker, as far as it went."""

    program: str
    id: str
    address: str
    steps: list[StepSeen]


@dataclass(frozen=True, kw_only=True)
class ProgramHeard:
    """One program as it was heard at the broker. Its clock is ahead of this machine's by `clock_ahead_s`."""

    id: str
    role: str | None
    version: str | None
    status: str | None
    state: str | None
    age_s: float | None
    uptime_s: float | None
    clock_ahead_s: float | None
    clock_by_ping: bool


@dataclass(frozen=True, kw_only=True)
class PictureSeen:
    """One picture on its way; milliseconds after the broker that it, or a later one, came out of the web."""

    device: str
    seq: int
    taken_ms_before: float | None
    web_ms_later: float | None
    web_seq: int | None


@dataclass(frozen=True, kw_only=True)
class StoreFound:
    """The store of this machine: a marked defect was written, read back and removed in `took_ms`, or why not."""

    address: str
    took_ms: float | None
    disk_free_mb: float | None
    code: str | None
    says: str


@dataclass(frozen=True, kw_only=True)
class WebFound:
    """One address of the web, and what came of looking there."""

    address: str
    code: str | None
    says: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All of it."""

    ways: list[WaySeen] = field(default_factory=list)
    heard: list[ProgramHeard] = field(default_factory=list)
    pictures: list[PictureSeen] = field(default_factory=list)
    store: StoreFound | None = None
    webs: list[WebFound] = field(default_factory=list)
    ports: list[PortHere] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; seconds and milliseconds are rounded."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


def seen_of(sight: Sight) -> Seen:
    """Put together what was seen."""
    heard = [_heard(sight, sight.programs[id]) for id in sorted(sight.programs)]
    webs = [look for look in (sight.look, sight.public) if look is not None]
    return Seen(
        ways=[_way(way) for way in sight.ways if way.steps],
        heard=heard,
        pictures=[one for one in (_picture(sight, id) for id in sorted(sight.programs)) if one is not None],
        store=_store(sight),
        webs=[_web(look) for look in webs],
        ports=ports_here(sight.machine),
        notes=_notes(heard),
    )


def _way(way: Way) -> WaySeen:
    steps = [StepSeen(step=one.name, ok=one.ok, says=one.says, ms=one.ms) for one in way.steps]
    return WaySeen(program=way.program, id=way.id, address=str(way.address or AUTO), steps=steps)


def _heard(sight: Sight, one: Heard) -> ProgramHeard:
    return ProgramHeard(
        id=one.id,
        role=one.info.role if one.info else None,
        version=one.info.version if one.info else None,
        status=one.status,
        state=one.health.state if one.health else None,
        age_s=sight.age_s(one.health_at_s),
        uptime_s=one.health.uptime_s if one.health else None,
        clock_ahead_s=one.offset_s,
        clock_by_ping=one.pinged_offset_s is not None,
    )


def _picture(sight: Sight, id: str) -> PictureSeen | None:
    passage, offset_s = sight.pictures.passage(id), sight.programs[id].pinged_offset_s
    if passage is None:
        return None
    way_ms = None if offset_s is None else max(0.0, (passage.broker_unix + offset_s - passage.taken_ts) * 1000)
    return PictureSeen(
        device=id, seq=passage.seq, taken_ms_before=way_ms, web_seq=passage.web_seq,
        web_ms_later=None if passage.web_s is None else passage.web_s * 1000,
    )  # fmt: skip


def _store(sight: Sight) -> StoreFound | None:
    seen = sight.store_seen
    if seen is None:
        return None
    says = seen.error or seen.why or ("" if seen.done else "it has given no answer yet")
    return StoreFound(
        address=seen.address, took_ms=seen.took_ms, disk_free_mb=seen.disk_free_mb,
        code=seen.code.value if seen.code else None, says=says,
    )  # fmt: skip


def _web(look: "WebLook") -> WebFound:
    seen = look.seen
    code = seen.code.value if seen.code else None
    if code is not None:
        says = seen.error or seen.holder or "it is refused"
    elif seen.why:
        says = seen.why.rstrip(".")
    elif seen.locked:
        says = "it answers; people sign in there"
    elif seen.answered_at_s is None:
        says = "it has given no answer yet"
    else:
        says = seen.error or "it answers, and the WebSocket comes through"
    return WebFound(address=look.place.address, code=code, says=says)


def _notes(heard: list[ProgramHeard]) -> list[str]:
    """What is worth a word and no fault."""
    by_version: dict[str, list[str]] = {}
    for one in heard:
        if one.version is not None and one.status != "offline":
            by_version.setdefault(one.version, []).append(one.id)
    if not by_version or set(by_version) == {glassline.__version__}:
        return []
    told = "; ".join(f"{version}: {', '.join(ids)}" for version, ids in sorted(by_version.items()))
    return [f"Versions differ ({told}; the doctor is {glassline.__version__}). That is no fault by itself."]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value
