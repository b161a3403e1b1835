"""The JSON shapes of the API, the same for an answer and for a pushed event."""

import time
from datetime import datetime
from typing import Any
from urllib.parse import quote

from glassline.contract import to_rfc3339
from glassline.contract.messages import Detection
from glassline.diagnosis import Verdict
from glassline.store import Defect, Device

from ..programs.hub import Heard


def defect_json(defect: Defect) -> dict[str, Any]:
    """A stored defect."""
    return {
        "event_id": defect.event_id,
        "device_id": defect.device_id,
        "rev": defect.rev,
        "phase": defect.phase,
        "label": defect.label,
        "score": defect.score,
        "boxes": [box.to_dict() for box in defect.boxes],
        "detected_at": to_rfc3339(defect.detected_at),
        "last_seen_at": to_rfc3339(defect.last_seen_at),
        "frame_at": to_rfc3339(defect.frame_at),
        "confirmed_at": to_rfc3339(defect.confirmed_at),
        "stored_at": to_rfc3339(defect.stored_at),
        "frames_confirmed": defect.frames_confirmed,
        "model": defect.model,
        "clock": defect.clock,
        "image_url": image_url(defect.event_id, defect.image_sha256) if defect.image_stored else None,
        "image_wh": list(defect.image_wh) if defect.image_wh else None,
        "status": defect.status,
        "note": defect.note,
        "reviewed_by": defect.reviewed_by,
        "reviewed_at": _time(defect.reviewed_at),
        "version": defect.version,
        "stored": True,
        "error": None,
    }


def unconfirmed_json(device_id: str, detection: Detection, *, error: str | None = None) -> dict[str, Any]:
    """A detection that no receipt confirmed yet; `error` says why the bridge refused it, where it did."""
    return {
        "event_id": detection.event_id,
        "device_id": device_id,
        "rev": detection.rev,
        "phase": detection.phase,
        "label": detection.label,
        "score": detection.score,
        "boxes": [box.to_dict() for box in detection.boxes],
        "detected_at": to_rfc3339(detection.first_at),
        "last_seen_at": to_rfc3339(detection.last_at),
        "frame_at": to_rfc3339(detection.frame_at),
        "confirmed_at": to_rfc3339(detection.confirmed_at),
        "stored_at": None,
        "frames_confirmed": detection.frames_confirmed,
        "model": detection.model,
        "clock": detection.clock,
        "image_url": None,
        "image_wh": list(detection.image.image_wh) if detection.image else None,
        "status": "pending",
        "note": "",
        "reviewed_by": None,
        "reviewed_at": None,
        "version": None,
        "stored": False,
        "error": error,
    }


def image_url(event_id: str, sha256: str | None) -> str:
    """Where the evidence is; the digest makes another picture another address, so that browsers may keep it."""
    return f"/api/defects/{quote(event_id)}/image" + (f"?sha256={sha256}" if sha256 else "")


def device_json(
    program: Heard, *, refused: dict[str, int], connected: bool, verdict: Verdict, now_s: float
) -> dict[str, Any]:
    """A program that was heard. Ages are seconds at the instant `now_s` of the web's clock."""
    health, info, picture = program.health, program.info, program.picture
    online = connected and program.is_heard(now_s)
    cause = verdict.first_cause
    return {
        "deviceId": program.id,
        "role": program.role,
        "online": online,
        "why": None if online else cause.sentence if cause else _absent(program),
        "code": None if online or cause is None or cause.code is None else cause.code.value,
        "now_s": round(now_s, 3),
        "status": program.status,
        "health_age_s": _age(program.health_at_s, now_s),
        "picture_age_s": _rounded(program.picture_age_s(now_s)),
        "fps": round(1 / program.interval_s, 2) if program.interval_s else None,
        "image_wh": list(picture.image_wh) if picture else None,
        "clock": clock_json(program) if picture else None,
        "info": info.to_dict() if info else None,
        "health": health.to_dict() if health else None,
        "refused": refused,
    }


def _absent(program: Heard) -> str:
    return "It said goodbye." if program.status == "offline" else "Not heard lately; programs speak every 5 s."


def remembered_json(device: Device) -> dict[str, Any]:
    """A program that only the store knows: it has not been heard since this web started."""
    return {
        "deviceId": device.device_id,
        "role": device.role,
        "online": False,
        "why": f"Not heard since {to_rfc3339(device.last_seen_at)}.",
        "code": "node.unknown",
        "now_s": round(time.monotonic(), 3),
        "status": device.status,
        "health_age_s": None,
        "picture_age_s": None,
        "fps": None,
        "image_wh": None,
        "clock": None,
        "info": device.info or None,
        "health": None,
        "refused": {},
    }


def clock_json(program: Heard) -> dict[str, Any]:
    """How to tell a picture's age: its `ts` plus `offset_s` is when it was taken, on the clock of `now_s`."""
    return {"boot": program.clock.boot, "offset_s": round(program.clock.least_s, 4)}


def _time(time_: datetime | None) -> str | None:
    return None if time_ is None else to_rfc3339(time_)


def _age(at_s: float | None, now_s: float) -> float | None:
    return None if at_s is None else round(max(0.0, now_s - at_s), 3)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
