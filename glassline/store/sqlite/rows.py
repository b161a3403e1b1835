"""Between rows of the file and the values of the interface."""

import json
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from glassline.contract import Box, to_rfc3339
from glassline.contract.messages import Detection

from ..values import DeadLetter, Defect, Device, ReviewStep

_BOXES = TypeAdapter(list[Box])

SELECT_DEFECTS = (
    "SELECT event_id, device_id, rev, phase, label, score, boxes, detected_at, last_seen_at, frame_at, confirmed_at, "
    "stored_at, frames_confirmed, model, model_sha256, clock, image_sha256, image_size_bytes, image_width, "
    "image_height, image_stored, status, note, reviewed_by, reviewed_at, version, false_alarm, "
    "image_removed_at FROM defects"
)
SELECT_DEFECT = SELECT_DEFECTS + " WHERE event_id = ?"

SELECT_DEVICES = "SELECT device_id, role, status, first_seen_at, last_seen_at, info, name, retired_at FROM devices"

SELECT_DEAD_LETTERS = (
    "SELECT id, device_id, kind, event_id, rev, error, payload, size_bytes, first_at, last_at, times FROM dead_letters"
)

_WRITTEN = (
    "event_id", "device_id", "rev", "phase", "label", "score", "boxes", "detected_at", "last_seen_at", "frame_at",
    "confirmed_at", "stored_at", "frames_confirmed", "model", "model_sha256", "clock", "image_sha256",
    "image_size_bytes", "image_width", "image_height", "image_stored",
)  # fmt: skip
_KEPT = {"event_id", "device_id", "stored_at"}

_NAMES, _MARKS = ", ".join(_WRITTEN), ", ".join("?" * len(_WRITTEN))
_UPDATES = ", ".join(f"{column} = excluded.{column}" for column in _WRITTEN if column not in _KEPT)

UPSERT_DEFECT = (
    f"INSERT INTO defects ({_NAMES}) VALUES ({_MARKS}) ON CONFLICT (event_id) DO UPDATE SET {_UPDATES}, "  # noqa: S608
    "image_removed_at = CASE WHEN image_sha256 = excluded.image_sha256 THEN image_removed_at END"
)
"""A new row, or a new state of what the node said; when it was first stored and what people wrote stays."""


def defect_values(device_id: str, detection: Detection, *, stored_at: str, image_stored: bool) -> tuple[Any, ...]:
    """The parameters of UPSERT_DEFECT."""
    d, image = detection, detection.image
    width, height = image.image_wh if image else (None, None)
    return (
        d.event_id, device_id, d.rev, d.phase, d.label, d.score, _BOXES.dump_json(d.boxes, exclude_none=True).decode(),
        to_rfc3339(d.first_at), to_rfc3339(d.last_at), to_rfc3339(d.frame_at), to_rfc3339(d.confirmed_at), stored_at,
        d.frames_confirmed, d.model, d.model_sha256, d.clock, image.sha256 if image else None,
        image.size_bytes if image else None, width, height, int(image_stored),
    )  # fmt: skip


def defect_of(row: tuple[Any, ...]) -> Defect:
    """The Defect in a row of SELECT_DEFECTS."""
    (event_id, device_id, rev, phase, label, score, boxes, detected_at, last_seen_at, frame_at, confirmed_at,
     stored_at, frames_confirmed, model, model_sha256, clock, image_sha256, image_size_bytes, width, height,
     image_stored, status, note, reviewed_by, reviewed_at, version, false_alarm, image_removed_at) = row  # fmt: skip
    return Defect(
        event_id=event_id,
        device_id=device_id,
        rev=rev,
        phase=phase,
        label=label,
        score=score,
        boxes=_BOXES.validate_json(boxes),
        detected_at=_time(detected_at),
        last_seen_at=_time(last_seen_at),
        frame_at=_time(frame_at),
        confirmed_at=_time(confirmed_at),
        stored_at=_time(stored_at),
        frames_confirmed=frames_confirmed,
        model=model,
        model_sha256=model_sha256,
        clock=clock,
        image_sha256=image_sha256,
        image_size_bytes=image_size_bytes,
        image_stored=bool(image_stored) and image_removed_at is None,
        image_wh=None if width is None else (width, height),
        status=status,
        note=note,
        reviewed_by=reviewed_by,
        reviewed_at=None if reviewed_at is None else _time(reviewed_at),
        version=version,
        false_alarm=false_alarm,
        image_removed_at=None if image_removed_at is None else _time(image_removed_at),
    )


def review_step_of(row: tuple[Any, ...]) -> ReviewStep:
    """The ReviewStep in a row (event_id, at, by, from_status, to_status, note, version, false_alarm)."""
    event_id, at, by, from_status, to_status, note, version, false_alarm = row
    return ReviewStep(
        event_id=event_id,
        at=_time(at),
        by=by,
        from_status=from_status,
        to_status=to_status,
        note=note,
        version=version,
        false_alarm=false_alarm,
    )


def device_of(row: tuple[Any, ...]) -> Device:
    """The Device in a row of SELECT_DEVICES."""
    device_id, role, status, first, last, info, name, retired_at = row
    return Device(
        device_id=device_id,
        role=role,
        status=status,
        first_seen_at=_time(first),
        last_seen_at=_time(last),
        info=json.loads(info),
        name=name,
        retired_at=None if retired_at is None else _time(retired_at),
    )


def dead_letter_of(row: tuple[Any, ...]) -> DeadLetter:
    """The DeadLetter in a row of SELECT_DEAD_LETTERS."""
    number, device_id, kind, event_id, rev, error, payload, size_bytes, first_at, last_at, times = row
    return DeadLetter(
        number=number,
        device_id=device_id,
        kind=kind,
        event_id=event_id,
        rev=rev,
        error=error,
        payload=payload,
        size_bytes=size_bytes,
        first_at=_time(first_at),
        last_at=_time(last_at),
        times=times,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
