"""Between rows of the database and the values of the interface."""

import base64
import hashlib
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from glassline.contract import Box, to_rfc3339
from glassline.contract.messages import Detection

from ..figures import Heard
from ..values import (
    MAX_DEAD_PAYLOAD_BYTES,
    DeadItem,
    DeadLetter,
    Defect,
    DetectionItem,
    Device,
    EvidenceItem,
    Item,
    Outcome,
    Review,
    Reviewed,
    ReviewStep,
    event_id_of,
)

_BOXES = TypeAdapter(list[Box])

DEFECT_COLUMNS = (
    "id,device_id,rev,phase,defect_type,confidence,boxes,detected_at,last_seen_at,frame_at,confirmed_at,created_at,"
    "frames_confirmed,model,model_sha256,clock,image_sha256,image_size_bytes,image_stored,image_path,image_removed_at,image_width,"
    "image_height,status,notes,reviewed_by,reviewed_at,version,false_alarm"
)


def picture_path(event_id: str, sha256: str) -> str:
    """Where in the bucket the picture is, spread over 256 folders by the last two digits of the event id."""
    return f"detections/{event_id[-2:]}/{event_id}-{sha256}.jpg"


def item_json(item: Item, *, readable: bool = False) -> dict[str, Any]:
    """`item` as `glassline_apply` takes it; a `readable` dead letter is a whole detection, and is kept whole."""
    match item:
        case DetectionItem(device_id=device_id, detection=detection):
            return {"kind": "detection", "device_id": device_id, "defect": cleaned(_defect_json(device_id, detection))}
        case EvidenceItem(device_id=device_id, event_id=event_id, rev=rev, sha256=sha256):
            path = picture_path(event_id, sha256)
            said = {"kind": "evidence", "device_id": device_id, "event_id": event_id, "rev": rev}
            return said | {"sha256": sha256, "image_path": path}
        case DeadItem():
            return _dead_json(item, readable)


def cleaned(value: Any) -> Any:
    """JSON as PostgreSQL takes it, which has no NUL in its texts, nor half characters: they become U+FFFD."""
    match value:
        case str():
            return value.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
        case dict():
            return {cleaned(name): cleaned(one) for name, one in value.items()}
        case list() | tuple():
            return [cleaned(one) for one in value]
    return value


def _defect_json(device_id: str, d: Detection) -> dict[str, Any]:
    image = d.image
    width, height = image.image_wh if image else (None, None)
    return {
        "id": d.event_id,
        "device_id": device_id,
        "rev": d.rev,
        "phase": d.phase,
        "defect_type": d.label,
        "confidence": d.score,
        "boxes": _BOXES.dump_python(d.boxes, mode="json", exclude_none=True),
        "detected_at": to_rfc3339(d.first_at),
        "last_seen_at": to_rfc3339(d.last_at),
        "frame_at": to_rfc3339(d.frame_at),
        "confirmed_at": to_rfc3339(d.confirmed_at),
        "frames_confirmed": d.frames_confirmed,
        "model": d.model,
        "model_sha256": d.model_sha256,
        "clock": d.clock,
        "image_sha256": image.sha256 if image else None,
        "image_size_bytes": image.size_bytes if image else None,
        "image_width": width,
        "image_height": height,
        "image_path": picture_path(d.event_id, image.sha256) if image else None,
    }


def _dead_json(item: DeadItem, readable: bool) -> dict[str, Any]:
    payload = item.payload if readable else item.payload[:MAX_DEAD_PAYLOAD_BYTES]
    return {
        "kind": "dead",
        "of": item.kind,
        "device_id": item.device_id,
        "event_id": event_id_of(item),
        "rev": item.rev,
        "error": cleaned(item.error),
        "payload": base64.b64encode(payload).decode(),
        "size_bytes": len(item.payload),
        "sha256": hashlib.sha256(item.payload).hexdigest(),
        "readable": readable,
    }


def outcome_of(told: dict[str, Any]) -> Outcome:
    """The Outcome in what `glassline_apply` tells."""
    return Outcome(**told)


def defect_of(row: dict[str, Any]) -> Defect:
    """The Defect in a row of `defects`. Rows of before Glassline fill few columns: the rest follows from these."""
    detected_at = _time(row["detected_at"])
    return Defect(
        event_id=row["id"],
        device_id=row["device_id"] or "",
        rev=row["rev"],
        phase=row["phase"],
        label=row["defect_type"],
        score=row["confidence"] or 0.0,
        boxes=_BOXES.validate_python(row["boxes"]),
        detected_at=detected_at,
        last_seen_at=_time_or(row["last_seen_at"], detected_at),
        frame_at=_time_or(row["frame_at"], detected_at),
        confirmed_at=_time_or(row["confirmed_at"], detected_at),
        stored_at=_time_or(row["created_at"], detected_at),
        frames_confirmed=row["frames_confirmed"],
        model=row["model"],
        model_sha256=row["model_sha256"],
        clock=row["clock"],
        image_sha256=row["image_sha256"],
        image_size_bytes=row["image_size_bytes"],
        image_stored=row["image_path"] is not None and row["image_removed_at"] is None,
        image_wh=None if row["image_width"] is None else (row["image_width"], row["image_height"]),
        status=row["status"] or "pending",
        note=row["notes"] or "",
        reviewed_by=row["reviewed_by"],
        reviewed_at=None if row["reviewed_at"] is None else _time(row["reviewed_at"]),
        version=row["version"],
        false_alarm=row["false_alarm"],
        image_removed_at=None if row["image_removed_at"] is None else _time(row["image_removed_at"]),
    )


def review_step_of(row: dict[str, Any]) -> ReviewStep:
    """The ReviewStep in a row of `defect_reviews`."""
    fields = {name: row[name] for name in ("by", "from_status", "to_status", "note", "version", "false_alarm")}
    return ReviewStep(event_id=row["defect_id"], at=_time(row["at"]), **fields)


def device_of(row: dict[str, Any]) -> Device:
    """The Device in a row of `glassline_devices`."""
    return Device(
        device_id=row["device_id"],
        role=row["role"],
        status=row["status"],
        first_seen_at=_time(row["first_seen_at"]),
        last_seen_at=_time(row["last_seen_at"]),
        info=row["info"],
        name=row["name"],
        retired_at=None if row["retired_at"] is None else _time(row["retired_at"]),
    )


def heard_json(heard: Heard) -> dict[str, Any]:
    """`heard` as `glassline_attend` takes it."""
    return {
        "device_id": heard.device_id,
        "heard_by": heard.heard_by,
        "began_at": heard.began_at.isoformat(),
        "last_at": heard.last_at.isoformat(),
    }


def heard_of(row: dict[str, Any]) -> Heard:
    """The Heard in what `glassline_heard` tells."""
    return Heard(
        device_id=row["device_id"],
        heard_by=row["heard_by"],
        began_at=_time(row["began_at"]),
        last_at=_time(row["last_at"]),
    )


def review_json(said: Review) -> dict[str, Any]:
    """`said` as `glassline_review_many` takes it."""
    return {
        "event": said.event_id,
        "new_status": said.status,
        "note": cleaned(said.note),
        "seen_version": said.version,
        "new_false_alarm": said.false_alarm,
    }


def reviewed_of(event_id: str, told: dict[str, Any]) -> Reviewed:
    """The Reviewed in what `glassline_review` tells."""
    defect = defect_of(told["defect"]) if "defect" in told else None
    return Reviewed(event_id=event_id, outcome=told["outcome"], defect=defect)


def dead_letter_of(row: dict[str, Any]) -> DeadLetter:
    """The DeadLetter in a row of `glassline_dead_letters`."""
    names = ("device_id", "kind", "event_id", "rev", "error", "size_bytes", "times")
    return DeadLetter(
        number=row["id"],
        payload=base64.b64decode(row["payload"]),
        first_at=_time(row["first_at"]),
        last_at=_time(row["last_at"]),
        **{name: row[name] for name in names},
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _time_or(text: str | None, other: datetime) -> datetime:
    return other if text is None else _time(text)
