"""A program: as it is heard now, or as the store remembers it."""

import time
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, ValidationError

from glassline.contract import from_unix, to_rfc3339
from glassline.contract.messages import Health, Info
from glassline.contract.values import Number, Seconds, Time
from glassline.diagnosis import Hop, HopVerdict, Verdict
from glassline.store import Device

from ...programs.hub import Heard
from .answer import Answer, OnTheWire
from .chain import HopShape

_OWN_HOPS: dict[str, tuple[Hop, ...]] = {
    "node": (Hop.CAMERA, Hop.DETECTOR, Hop.NODE, Hop.BROKER),
    "bridge": (Hop.BROKER, Hop.BRIDGE, Hop.STORE),
    "web": (Hop.BROKER, Hop.WEB),
    "broker": (Hop.BROKER,),
}


class ClockShape(Answer):
    """How to tell a picture's age: its `ts` plus `offset_s` is when it was taken, on the clock of `now_s`."""

    boot: str
    offset_s: Number


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
    info: Annotated[Info | None, OnTheWire]
    health: Annotated[Health | None, OnTheWire]
    first_seen_at: Time | None
    last_seen_at: Time | None
    retired_at: Time | None
    """When a person retired it; null while it is in use."""
    refused: dict[str, int]
    """How many of its messages were not taken, by the fault."""


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


def clock_json(program: Heard) -> dict[str, Any]:
    """How to tell a picture's age."""
    return _clock(program).to_dict()


def _clock(program: Heard) -> ClockShape:
    return ClockShape(boot=program.clock.boot, offset_s=round(program.clock.least_s, 4))


def _age(at_s: float | None, now_s: float) -> float | None:
    return None if at_s is None else round(max(0.0, now_s - at_s), 3)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
