"""From what was heard of a program to observations. Ages are seconds on the observer's own clock; None: never heard.

Contract: a program is offline when its status says so, or after 15 s without health whatever its status says.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from glassline.contract import Reason
from glassline.contract.messages import Health, Info, LiveHealth

from .chain import Observation
from .faults import hop_of, remedy_of
from .hops import Hop
from .words import Facts

SILENT_S = 15.0
FRAME_LATE_S = 5.0

Status = Literal["online", "offline"]


class _Codes(NamedTuple):
    offline: Reason
    silent: Reason
    unheard: Reason


_KNOWN = {code.value for code in Reason}
_NODE_CODES = _Codes(Reason.NODE_OFFLINE, Reason.NODE_SILENT, Reason.NODE_UNKNOWN)
_BRIDGE_CODES = _Codes(Reason.BRIDGE_OFFLINE, Reason.BRIDGE_SILENT, Reason.BRIDGE_OFFLINE)


def observe_device(
    *,
    id: str,
    status: Status | None,
    status_age_s: float | None = None,
    health: Health | None = None,
    health_age_s: float | None = None,
    frame_age_s: float | None = None,
    info: Info | None = None,
    listened_s: float = float("inf"),
    silent_s: float = SILENT_S,
) -> list[Observation]:
    """Camera and node of one device, as heard at the broker.

    `status_age_s` is None for a retained status, whose age nobody knows. `listened_s` says for how long the observer
    has been able to hear anything: before `silent_s` of it, silence is no fault yet.
    """
    presence = _presence(
        Hop.NODE, _NODE_CODES, id=id, status=status, status_age_s=status_age_s, health=health,
        health_age_s=health_age_s, listened_s=listened_s, silent_s=silent_s, info=info,
    )  # fmt: skip
    if health is None or presence.state != "ok":
        return [Observation(hop=Hop.CAMERA, state="unknown", age_s=frame_age_s), presence]
    facts, age_s = _facts(id, health, info), health_age_s or 0.0
    node = Observation(hop=Hop.NODE, state="ok", age_s=_youngest(health_age_s, frame_age_s))
    return _merged(node, _camera(health, age_s, frame_age_s, facts), health, age_s, facts)


def observe_bridge(
    *,
    id: str,
    status: Status | None,
    status_age_s: float | None = None,
    health: Health | None = None,
    health_age_s: float | None = None,
    info: Info | None = None,
    listened_s: float = float("inf"),
    silent_s: float = SILENT_S,
) -> list[Observation]:
    """Bridge and store, as heard at the broker; arguments as for `observe_device`."""
    presence = _presence(
        Hop.BRIDGE, _BRIDGE_CODES, id=id, status=status, status_age_s=status_age_s, health=health,
        health_age_s=health_age_s, listened_s=listened_s, silent_s=silent_s, info=info,
    )  # fmt: skip
    if health is None or presence.state != "ok":
        return [presence, Observation(hop=Hop.STORE, state="unknown")]
    facts, age_s = _facts(id, health, info), health_age_s or 0.0
    bridge = Observation(hop=Hop.BRIDGE, state="ok", age_s=health_age_s)
    return _merged(bridge, _store(health, health_age_s, facts), health, age_s, facts)


def observe_link(
    *, connected: bool, code: Reason | None = None, age_s: float | None = None, facts: Facts | None = None
) -> Observation:
    """The broker as a program's own link sees it. `age_s`: since it last brought something, or since it broke."""
    if connected:
        return Observation(hop=Hop.BROKER, state="ok", age_s=age_s)
    return Observation(hop=Hop.BROKER, state="failed", age_s=age_s, code=code or Reason.BROKER_LOST, facts=facts or {})


def observe_web(*, id: str, watched_s: float | None, frame_age_s: float | None) -> Observation:
    """The web as it sees itself, for the pictures of device `id`. `watched_s`: for how long somebody has watched."""
    if watched_s is None or watched_s < FRAME_LATE_S or (frame_age_s is not None and frame_age_s < FRAME_LATE_S):
        return Observation(hop=Hop.WEB, state="ok", age_s=0.0 if watched_s is None else frame_age_s)
    return Observation(
        hop=Hop.WEB, state="failed", age_s=frame_age_s if frame_age_s is not None else watched_s,
        code=Reason.WEB_NO_FRAMES, facts={"id": id},
    )  # fmt: skip


def _presence(
    hop: Hop, codes: _Codes, *, id: str, status: Status | None, status_age_s: float | None, health: Health | None,
    health_age_s: float | None, listened_s: float, silent_s: float, info: Info | None,
) -> Observation:  # fmt: skip
    """Whether a program is there at all."""
    facts = _facts(id, health, info)
    if status == "offline":
        return Observation(hop=hop, state="failed", age_s=status_age_s, code=codes.offline, facts=facts)
    if health is not None and health_age_s is not None and health_age_s <= silent_s:
        return Observation(hop=hop, state="ok", age_s=health_age_s, facts=facts)
    if listened_s < silent_s:
        return Observation(hop=hop, state="unknown", facts={"why": "Not heard yet: programs speak every 5 s."})
    if status is None and health is None:
        return Observation(hop=hop, state="failed", code=codes.unheard, facts=facts)
    silent_for_s = health_age_s if health_age_s is not None else listened_s
    known_s = silent_for_s if silent_for_s != float("inf") else None
    return Observation(hop=hop, state="failed", age_s=known_s, code=codes.silent, facts=facts)


def _facts(id: str, health: Health | None, info: Info | None) -> dict[str, str | float | int]:
    facts: dict[str, str | float | int] = {"id": id}
    if info is not None and info.hostname:
        facts["host"] = info.hostname
    if info is not None and info.camera is not None:
        facts["camera"] = info.camera.uri
    if info is not None and info.model is not None:
        facts["model"] = info.model.name
    if health is not None and health.outbox is not None:
        facts |= health.outbox.model_dump(include={"depth", "dropped", "pictures_dropped"})
    if health is not None and health.disk_free_mb is not None:
        facts["disk_free_mb"] = health.disk_free_mb
    if health is not None and health.cpu_temp_c is not None:
        facts["cpu_temp"] = f"{health.cpu_temp_c:.0f} °C"
    if health is not None and health.detect_share is not None:
        facts["detect_share"] = f"{100 * health.detect_share:.0f} %"
    if health is not None and health.live is not None:
        facts |= _live_facts(health.live)
    if health is not None and health.store is not None and health.store.error:
        facts["error"] = health.store.error.rstrip(". ")
    return facts


def _live_facts(live: LiveHealth) -> dict[str, str]:
    """What the link carries, and how pictures are sent over it."""
    size = f", {live.image_wh[0]}x{live.image_wh[1]}" if live.image_wh else ""
    facts = {"live": f"quality {live.quality}{size}, at most {live.fps:g} a second"}
    if live.link_kbit_s:
        mbit_s = live.link_kbit_s / 1000
        facts["link"] = f"{mbit_s:.1f} Mbit/s" if mbit_s >= 1 else f"{live.link_kbit_s:.0f} kbit/s"
    return facts


def _merged(
    itself: Observation, part: Observation, health: Health, health_age_s: float, facts: Facts
) -> list[Observation]:
    """What a program reports of a hop goes before what its figures tell of it."""
    reported = list(_reported(itself.hop, health, health_age_s, facts))
    told = {one.hop for one in reported}
    merged = reported + [one for one in (part, itself) if one.hop not in told]
    if health.state != "ok" and not any(one.state in ("failed", "degraded") for one in merged):
        wordless = {**facts, "reason": f"it says {health.state} and no more"}
        merged = [part, Observation(hop=itself.hop, state=health.state, age_s=health_age_s, facts=wordless)]
    return merged


def _reported(hop: Hop, health: Health, health_age_s: float, facts: Facts) -> Iterator[Observation]:
    """What a program says is wrong with itself and its parts."""
    ages_s = {Reason.CAMERA_NO_FRAMES: health.last_frame_age_s, Reason.DETECTOR_STUCK: health.last_detect_age_s}
    for text in health.reasons:
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


def _camera(health: Health, health_age_s: float, frame_age_s: float | None, facts: Facts) -> Observation:
    if health.last_frame_age_s is None:
        return Observation(hop=Hop.CAMERA, state="unknown", facts={"why": "The node has not had a picture yet."})
    if health.last_frame_age_s > FRAME_LATE_S:
        age_s = health.last_frame_age_s + health_age_s
        return Observation(hop=Hop.CAMERA, state="failed", age_s=age_s, code=Reason.CAMERA_NO_FRAMES, facts=facts)
    return Observation(hop=Hop.CAMERA, state="ok", age_s=_youngest(health.last_frame_age_s + health_age_s, frame_age_s))


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
