"""The answers of the API as models, the same for an answer and for a pushed event."""

import time
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, ValidationError

from glassline.contract import Box, from_unix, to_rfc3339
from glassline.contract.messages import Detection, Health, Info
from glassline.contract.values import Count, Id, Number, Seconds, Time
from glassline.diagnosis import Hop, HopVerdict, State, Verdict
from glassline.store import Defect, Device, FalseAlarm, Status

from ..programs.hub import Heard

_OWN_HOPS: dict[str, tuple[Hop, ...]] = {
    "node": (Hop.CAMERA, Hop.DETECTOR, Hop.NODE, Hop.BROKER),
    "bridge": (Hop.BROKER, Hop.BRIDGE, Hop.STORE),
    "web": (Hop.BROKER, Hop.WEB),
    "broker": (Hop.BROKER,),
}


class Answer(BaseModel):
    """Base of all answers: every key is there, also one without a value."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), use_attribute_docstrings=True)

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return self.model_dump(mode="json", by_alias=True)


def _as_on_the_wire(said: Box | Info | Health | None) -> dict[str, Any] | None:
    """What comes from the contract keeps its form: keys without a value are left out."""
    return None if said is None else said.to_dict()


_OnTheWire = PlainSerializer(_as_on_the_wire)


class ErrorDetail(Answer):
    """`code` is for programs and stays, `message` says what happened, `hint` what to do."""

    code: str
    message: str
    hint: str


class ErrorAnswer(BaseModel):
    """A request that could not be served; some errors carry more."""

    error: ErrorDetail
    retry_after_s: Number | None = None


class DefectShape(Answer):
    """A find. Until a receipt confirms it, it is not `stored`; `error`: the bridge refused it for good."""

    event_id: str
    device_id: str
    rev: Count
    phase: str
    label: str
    score: Number
    boxes: list[Annotated[Box, _OnTheWire]]
    detected_at: Time
    last_seen_at: Time
    frame_at: Time
    confirmed_at: Time
    stored_at: Time | None
    frames_confirmed: Count
    model: str
    model_sha256: str | None
    """Of the file that found it: names say little of versions."""
    clock: str
    image_url: str | None
    image_removed_at: Time | None
    """When its picture had been kept for as long as wished."""
    image_wh: tuple[int, int] | None
    status: Status
    note: str
    false_alarm: FalseAlarm | None
    """Why it was no defect, as a person says."""
    reviewed_by: str | None
    reviewed_at: Time | None
    version: Count | None
    """Of what people wrote: a review names the one that it was made on. Null while it is not stored."""
    stored: bool
    error: str | None


class ClockShape(Answer):
    """How to tell a picture's age: its `ts` plus `offset_s` is when it was taken, on the clock of `now_s`."""

    boot: str
    offset_s: Number


class HopShape(Answer):
    """What is said about one hop; `explained_by` names another hop that is to blame."""

    hop: str
    state: State
    age_s: Number | None
    code: str | None
    sentence: str
    remedy: str
    explained_by: str | None


class DeviceShape(Answer):
    """A program that was heard, or that the store remembers. Ages are seconds at `now_s` of the web's own clock."""

    device_id: str = Field(alias="deviceId")
    name: str | None
    """What people call it."""
    role: str | None
    online: bool
    why: str | None
    """Why it is not online."""
    code: str | None
    cause: HopShape | None
    """The first thing that is wrong with it itself, online or not; null: nothing is known to be."""
    now_s: Number
    status: str | None
    health_age_s: Seconds | None
    picture_age_s: Seconds | None
    fps: Number | None
    image_wh: tuple[int, int] | None
    clock: ClockShape | None
    info: Annotated[Info | None, _OnTheWire]
    health: Annotated[Health | None, _OnTheWire]
    first_seen_at: Time | None
    last_seen_at: Time | None
    retired_at: Time | None
    """When a person retired it; null while it is in use."""
    refused: dict[str, int]
    """How many of its messages were not taken, by the fault."""


class VerdictShape(Answer):
    """A whole chain: each hop in its order, the first cause, and further independent faults."""

    ok: bool
    hops: list[HopShape]
    first_cause: HopShape | None
    also: list[HopShape]


class ChainShape(VerdictShape):
    """The chain of a device, from lens to eye; null: what stands between here and whoever may come."""

    device_id: Id | None = Field(alias="deviceId")
    now_s: Number


def defect_json(defect: Defect) -> dict[str, Any]:
    """A stored defect."""
    return defect_shape(defect).to_dict()


def defect_shape(defect: Defect) -> DefectShape:
    """A stored defect."""
    return DefectShape(
        event_id=defect.event_id,
        device_id=defect.device_id,
        rev=defect.rev,
        phase=defect.phase,
        label=defect.label,
        score=defect.score,
        boxes=defect.boxes,
        detected_at=defect.detected_at,
        last_seen_at=defect.last_seen_at,
        frame_at=defect.frame_at,
        confirmed_at=defect.confirmed_at,
        stored_at=defect.stored_at,
        frames_confirmed=defect.frames_confirmed,
        model=defect.model,
        model_sha256=defect.model_sha256,
        clock=defect.clock,
        image_url=image_url(defect.event_id, defect.image_sha256) if defect.image_stored else None,
        image_removed_at=defect.image_removed_at,
        image_wh=defect.image_wh,
        status=defect.status,
        note=defect.note,
        false_alarm=defect.false_alarm,
        reviewed_by=defect.reviewed_by,
        reviewed_at=defect.reviewed_at,
        version=defect.version,
        stored=True,
        error=None,
    )


def unconfirmed_json(device_id: str, detection: Detection, *, error: str | None = None) -> dict[str, Any]:
    """A detection that no receipt confirmed yet; `error` says why the bridge refused it, where it did."""
    return DefectShape(
        event_id=detection.event_id,
        device_id=device_id,
        rev=detection.rev,
        phase=detection.phase,
        label=detection.label,
        score=detection.score,
        boxes=detection.boxes,
        detected_at=detection.first_at,
        last_seen_at=detection.last_at,
        frame_at=detection.frame_at,
        confirmed_at=detection.confirmed_at,
        stored_at=None,
        frames_confirmed=detection.frames_confirmed,
        model=detection.model,
        model_sha256=detection.model_sha256,
        clock=detection.clock,
        image_url=None,
        image_removed_at=None,
        image_wh=detection.image.image_wh if detection.image else None,
        status="pending",
        note="",
        false_alarm=None,
        reviewed_by=None,
        reviewed_at=None,
        version=None,
        stored=False,
        error=error,
    ).to_dict()


def image_url(event_id: str, sha256: str | None) -> str:
    """Where the evidence is; the digest makes another picture another address, so that browsers may keep it."""
    return f"/api/defects/{quote(event_id)}/image" + (f"?sha256={sha256}" if sha256 else "")


def device_json(
    program: Heard,
    *,
    remembered: Device | None,
    refused: dict[str, int],
    connected: bool,
    verdict: Verdict,
    now_s: float,
) -> dict[str, Any]:
    """A program that was heard, at the instant `now_s`; `remembered`: as the store had it lately."""
    picture = program.picture
    online = connected and program.is_heard(now_s)
    cause = own_cause(program.role, verdict)
    return DeviceShape(
        deviceId=program.id,
        name=remembered.name if remembered else None,
        role=program.role,
        online=online,
        why=None if online else cause.sentence if cause else _absent(program),
        code=None if online or cause is None or cause.code is None else cause.code.value,
        cause=HopShape.model_validate(cause.to_dict()) if cause else None,
        now_s=round(now_s, 3),
        status=program.status,
        health_age_s=_age(program.health_at_s, now_s),
        picture_age_s=_rounded(program.picture_age_s(now_s)),
        fps=round(1 / program.interval_s, 2) if program.interval_s else None,
        image_wh=picture.image_wh if picture else None,
        clock=_clock(program) if picture else None,
        info=program.info,
        health=program.health,
        first_seen_at=remembered.first_seen_at if remembered else None,
        last_seen_at=_last_seen_at(program, remembered, now_s),
        retired_at=remembered.retired_at if remembered and not online else None,
        refused=refused,
    ).to_dict()


def own_cause(role: str | None, verdict: Verdict) -> HopVerdict | None:
    """The first cause that lies with a program of this role, and not with others on the chain."""
    causes = [verdict.first_cause, *verdict.also] if verdict.first_cause else []
    return next((cause for cause in causes if cause.hop in _OWN_HOPS.get(role or "node", ())), None)


def _last_seen_at(program: Heard, remembered: Device | None, now_s: float) -> datetime | None:
    """The store hears of it a little later than this web."""
    stored = remembered.last_seen_at if remembered else None
    if program.health_at_s is None:
        return stored
    heard = from_unix(time.time() - (now_s - program.health_at_s))
    return heard if stored is None else max(heard, stored)


def _absent(program: Heard) -> str:
    return "It said goodbye." if program.status == "offline" else "Not heard lately; programs speak every 5 s."


def remembered_json(device: Device) -> dict[str, Any]:
    """A program that only the store knows: it has not been heard since this web started."""
    return DeviceShape(
        deviceId=device.device_id,
        name=device.name,
        role=device.role,
        online=False,
        why=f"Not heard since {to_rfc3339(device.last_seen_at)}.",
        code="node.unknown",
        cause=None,
        now_s=round(time.monotonic(), 3),
        status=device.status,
        health_age_s=None,
        picture_age_s=None,
        fps=None,
        image_wh=None,
        clock=None,
        info=_info(device),
        health=None,
        first_seen_at=device.first_seen_at,
        last_seen_at=device.last_seen_at,
        retired_at=device.retired_at,
        refused={},
    ).to_dict()


def _info(device: Device) -> Info | None:
    """Its birth as the store has it; another version of Glassline may have written that."""
    try:
        return Info.model_validate(device.info) if device.info else None
    except ValidationError:
        return None


def chain_json(id: str | None, verdict: Verdict) -> dict[str, Any]:
    """The verdict on a device's chain, now."""
    return ChainShape(deviceId=id, now_s=round(time.monotonic(), 3), **verdict.to_dict()).to_dict()


def clock_json(program: Heard) -> dict[str, Any]:
    """How to tell a picture's age."""
    return _clock(program).to_dict()


def _clock(program: Heard) -> ClockShape:
    return ClockShape(boot=program.clock.boot, offset_s=round(program.clock.least_s, 4))


def _age(at_s: float | None, now_s: float) -> float | None:
    return None if at_s is None else round(max(0.0, now_s - at_s), 3)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
