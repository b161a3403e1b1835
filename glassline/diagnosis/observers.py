"""From what was seen of a program to observations of its hops.

Contract: a program is offline when its status says so, or after 15 s without health whatever its status says.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from glassline.contract import Reason
from glassline.contract.messages import Health, Info, LiveHealth

from .chain import Observation
from .faults import hop_of, remedy_of
from .hops import Hop
from .seen import ProgramSeen
from .words import Facts, age_text

FRAME_LATE_S = 5.0
LATELY_S = 30.0
"""What came and went: how long after its last sign a fault still counts."""
UNASKED_S = 12.0
"""A web asks every 5 s and a node tells every 5 s: so long after the first that tells of nobody, a third one must."""
CLOCK_WRONG_S = 30.0
MAX_REASONS = 32
"""Of one report: judging takes time with the square of their number."""


class _Codes(NamedTuple):
    offline: Reason
    silent: Reason
    unheard: Reason
    turned_away: Reason


_KNOWN = {code.value for code in Reason}
_NODE_CODES = _Codes(Reason.NODE_OFFLINE, Reason.NODE_SILENT, Reason.NODE_UNKNOWN, Reason.NODE_BAD_CREDENTIALS)
_BRIDGE_CODES = _Codes(
    Reason.BRIDGE_OFFLINE, Reason.BRIDGE_SILENT, Reason.BRIDGE_OFFLINE, Reason.BRIDGE_BAD_CREDENTIALS
)


def observe_device(seen: ProgramSeen) -> list[Observation]:
    """Camera, detector and node of one device."""
    presence = _presence(Hop.NODE, _NODE_CODES, seen)
    ways = list(_its_way(seen))
    health = seen.health
    if health is None or presence.state != "ok":
        unseen = [
            Observation(hop=Hop.CAMERA, state="unknown", age_s=seen.frame_age_s),
            Observation(hop=Hop.DETECTOR, state="unknown"),
        ]
        explained = ways and presence.code is not Reason.NODE_BAD_CREDENTIALS
        return [*unseen, *(ways if explained else [presence])]
    facts, age_s = _facts(seen), seen.health_age_s or 0.0
    parts = [_camera(seen, health, age_s, facts), _detector(health, age_s)]
    node = Observation(hop=Hop.NODE, state="ok", age_s=_youngest(seen.health_age_s, seen.frame_age_s))
    return [*_merged(node, parts, health, age_s, facts), *ways]


def observe_bridge(seen: ProgramSeen) -> list[Observation]:
    """Bridge and store."""
    presence = _presence(Hop.BRIDGE, _BRIDGE_CODES, seen)
    health = seen.health
    if health is None or presence.state != "ok":
        return [presence, Observation(hop=Hop.STORE, state="unknown")]
    facts, age_s = _facts(seen), seen.health_age_s or 0.0
    bridge = Observation(hop=Hop.BRIDGE, state="ok", age_s=seen.health_age_s)
    return _merged(bridge, [_store(health, seen.health_age_s, facts)], health, age_s, facts)


def observe_link(
    *, connected: bool, code: Reason | None = None, age_s: float | None = None, facts: Facts | None = None
) -> Observation:
    """The broker as a program's own link sees it. `age_s`: since it last brought something, or since it broke."""
    if connected:
        return Observation(hop=Hop.BROKER, state="ok", age_s=age_s)
    code = code or Reason.BROKER_LOST
    hop = hop_of(code, Hop.BROKER)
    return Observation(hop=hop, state="failed", age_s=age_s, code=code, facts=facts or {}, via=())


def observe_web(*, id: str, watched_s: float | None, frame_age_s: float | None) -> Observation:
    """The web as it sees itself, for the pictures of device `id`. `watched_s`: for how long somebody has watched."""
    if watched_s is None or watched_s < FRAME_LATE_S or (frame_age_s is not None and frame_age_s < FRAME_LATE_S):
        return Observation(hop=Hop.WEB, state="ok", age_s=0.0 if watched_s is None else frame_age_s)
    return Observation(
        hop=Hop.WEB, state="failed", age_s=frame_age_s if frame_age_s is not None else watched_s,
        code=Reason.WEB_NO_FRAMES, facts={"id": id},
    )  # fmt: skip


def _presence(hop: Hop, codes: _Codes, seen: ProgramSeen) -> Observation:
    """Whether a program is there at all."""
    facts = _facts(seen)
    if seen.status != "offline" and _is_fresh(seen):
        return Observation(hop=hop, state="ok", age_s=seen.health_age_s, facts=facts)
    if _lately(seen.turned_away_age_s):
        return Observation(hop=hop, state="failed", age_s=seen.turned_away_age_s, code=codes.turned_away, facts=facts)
    if seen.status == "offline":
        return Observation(hop=hop, state="failed", age_s=seen.status_age_s, code=codes.offline, facts=facts)
    if seen.listened_s < seen.silent_s:
        return Observation(hop=hop, state="unknown", facts={"why": "Not heard yet: programs speak every 5 s."})
    if seen.status is None and seen.health is None:
        return Observation(hop=hop, state="failed", code=codes.unheard, facts=facts)
    silent_for_s = seen.health_age_s if seen.health_age_s is not None else seen.listened_s
    known_s = silent_for_s if silent_for_s != float("inf") else None
    return Observation(hop=hop, state="failed", age_s=known_s, code=codes.silent, facts=facts)


def _its_way(seen: ProgramSeen) -> Iterator[Observation]:
    """What is wrong with how a node comes through, though it runs: told by what the broker and the observer saw."""
    facts = _facts(seen)
    signs = {
        Reason.NODE_TWICE: seen.twice_age_s,
        Reason.NODE_OTHER_CONTRACT: seen.other_contract_age_s,
        Reason.NODE_DENIED: seen.denied_age_s,
    }
    if _is_fresh(seen) or seen.status == "offline":  # what is of another version was left behind by another program
        del signs[Reason.NODE_OTHER_CONTRACT]
    for code, age_s in signs.items():
        if _lately(age_s):
            yield Observation(hop=Hop.NODE, state=remedy_of(code).state, age_s=age_s, code=code, facts=facts)
    if not _is_fresh(seen):
        return
    if seen.unasked_s is not None and seen.unasked_s > min(UNASKED_S, seen.silent_s):
        yield Observation(
            hop=Hop.NODE, state="failed", age_s=seen.unasked_s, code=Reason.NODE_NOT_ASKED, facts=facts
        )  # fmt: skip
    if seen.clock_offset_s is not None and abs(seen.clock_offset_s) > CLOCK_WRONG_S:
        told = facts | {"offset": age_text(abs(seen.clock_offset_s)), "observer": seen.observer}
        yield Observation(
            hop=Hop.NODE, state="degraded", age_s=seen.health_age_s, code=Reason.NODE_CLOCK_WRONG, facts=told
        )  # fmt: skip


def _is_fresh(seen: ProgramSeen) -> bool:
    return seen.health is not None and seen.health_age_s is not None and seen.health_age_s <= seen.silent_s


def _lately(age_s: float | None) -> bool:
    return age_s is not None and age_s <= LATELY_S


def _facts(seen: ProgramSeen) -> dict[str, str | float | int]:
    health, info = seen.health, seen.info
    facts: dict[str, str | float | int] = {"id": seen.id}
    if info is not None and info.hostname:
        facts["host"] = info.hostname
    if info is not None and info.camera is not None:
        facts["camera"] = info.camera.uri
    if info is not None:
        facts["model"] = info.model.name if info.model is not None else str(info.settings.get("model", ""))
    if info is not None and info.config is not None and (back := info.config.taken_back) is not None:
        facts["change"] = ", ".join(f"{name} = {value}" for name, value in back.settings.items())
        facts["undone"] = back.why.rstrip(". ")
    if health is None:
        return facts
    if (fetch := health.model_fetch) is not None:
        facts |= {"fetched": fetch.name, "not_fetched": (fetch.why or "").rstrip(". ")}
    if health.camera_holder:
        facts["holder"] = health.camera_holder
    if health.outbox is not None:
        facts |= health.outbox.model_dump(include={"depth", "dropped", "pictures_dropped"})
    if health.disk_free_mb is not None:
        facts["disk_free_mb"] = round(health.disk_free_mb)
    if health.memory_free_mb is not None:
        facts["memory_free_mb"] = round(health.memory_free_mb)
    if health.wifi is not None:
        facts["wifi"] = f"{health.wifi.signal_dbm:.0f} dBm on {health.wifi.interface}"
    facts |= _rates(health, info)
    if health.cpu_temp_c is not None:
        facts["cpu_temp"] = f"{health.cpu_temp_c:.0f} °C"
    if health.detect_share is not None:
        facts["detect_share"] = f"{100 * health.detect_share:.0f} %"
    if health.live is not None:
        facts |= _live_facts(health.live)
    if health.store is not None and health.store.error:
        facts["error"] = health.store.error.rstrip(". ")
    return facts


def _rates(health: Health, info: Info | None) -> dict[str, str]:
    """Pictures a second, from the camera and through the detector, and what was asked for."""
    asked = info.settings if info is not None else {}
    rates = {
        "camera_fps": health.capture_fps,
        "asked_fps": asked.get("camera_fps"),
        "detect_fps": health.detect_fps,
        "asked_detect_fps": asked.get("detect_fps"),
    }
    return {name: f"{rate:.3g}" for name, rate in rates.items() if isinstance(rate, (int, float))}


def _live_facts(live: LiveHealth) -> dict[str, str]:
    """What the link carries, and how pictures are sent over it."""
    size = f", {live.image_wh[0]}x{live.image_wh[1]}" if live.image_wh else ""
    facts = {"live": f"quality {live.quality}{size}, at most {live.fps:g} a second"}
    if live.link_kbit_s:
        mbit_s = live.link_kbit_s / 1000
        facts["link"] = f"{mbit_s:.1f} Mbit/s" if mbit_s >= 1 else f"{live.link_kbit_s:.0f} kbit/s"
    return facts


def _merged(
    itself: Observation, parts: list[Observation], health: Health, health_age_s: float, facts: Facts
) -> list[Observation]:
    """What a program reports of a hop goes before what its figures tell of it."""
    reported = list(_reported(itself.hop, health, health_age_s, facts))
    told = {one.hop for one in reported}
    merged = reported + [one for one in (*parts, itself) if one.hop not in told]
    if health.state != "ok" and not any(one.state in ("failed", "degraded") for one in merged):
        wordless = {**facts, "reason": f"it says {health.state} and no more"}
        merged = [*parts, Observation(hop=itself.hop, state=health.state, age_s=health_age_s, facts=wordless)]
    return merged


def _reported(hop: Hop, health: Health, health_age_s: float, facts: Facts) -> Iterator[Observation]:
    """What a program says is wrong with itself and its parts."""
    ages_s = {
        Reason.CAMERA_NO_FRAMES: health.last_frame_age_s,
        Reason.CAMERA_FROZEN: health.same_frame_s,
        Reason.DETECTOR_STUCK: health.last_detect_age_s,
    }
    for text in list(dict.fromkeys(health.reasons))[:MAX_REASONS]:
        if text not in _KNOWN:
            state: Literal["failed", "degraded"] = "failed" if health.state == "failed" else "degraded"
            yield Observation(hop=hop, state=state, age_s=health_age_s, facts={**facts, "reason": text})
            continue
        code = Reason(text)
        about = hop_of(code, hop)
        # Who can report at all got through the broker: its complaint about the broker hides nothing behind it.
        weight = remedy_of(code).state if about is not Hop.BROKER else "degraded"
        age_s = (ages_s.get(code) or 0.0) + health_age_s
        yield Observation(hop=about, state=weight, age_s=age_s, code=code, facts=facts)


def _camera(seen: ProgramSeen, health: Health, health_age_s: float, facts: Facts) -> Observation:
    if health.last_frame_age_s is None:
        return Observation(hop=Hop.CAMERA, state="unknown", facts={"why": "The node has not had a picture yet."})
    if health.last_frame_age_s > FRAME_LATE_S:
        age_s = health.last_frame_age_s + health_age_s
        return Observation(hop=Hop.CAMERA, state="failed", age_s=age_s, code=Reason.CAMERA_NO_FRAMES, facts=facts)
    return Observation(
        hop=Hop.CAMERA, state="ok", age_s=_youngest(health.last_frame_age_s + health_age_s, seen.frame_age_s)
    )


def _detector(health: Health, health_age_s: float) -> Observation:
    if health.last_detect_age_s is None:
        return Observation(hop=Hop.DETECTOR, state="unknown", facts={"why": "It has not looked at a picture yet."})
    return Observation(hop=Hop.DETECTOR, state="ok", age_s=health.last_detect_age_s + health_age_s)


def _store(health: Health, health_age_s: float | None, facts: Facts) -> Observation:
    if health.store is None:
        return Observation(hop=Hop.STORE, state="unknown", facts={"why": "The bridge says nothing of its store."})
    if not health.store.ok and health.state == "ok" and not health.store.error:
        return Observation(hop=Hop.STORE, state="unknown", facts={"why": "The bridge has not opened its store yet."})
    if not health.store.ok:
        return Observation(hop=Hop.STORE, state="failed", age_s=health_age_s, code=Reason.STORE_DOWN, facts=facts)
    return Observation(hop=Hop.STORE, state="ok", age_s=health_age_s)


def _youngest(*ages_s: float | None) -> float | None:
    return min((age_s for age_s in ages_s if age_s is not None), default=None)
