"""A find: as it is stored, or as a node told it and nobody has stored it yet."""

from typing import Annotated, Any
from urllib.parse import quote

from glassline.contract import Box
from glassline.contract.messages import Detection
from glassline.contract.values import Count, Number, Time
from glassline.store import Defect, FalseAlarm, Status

from .answer import Answer, OnTheWire


class DefectShape(Answer):
    """A find. Until a receipt confirms it, it is not `stored`; `error`: the bridge refused it for good."""

    event_id: str
    device_id: str
    rev: Count
    phase: str
    label: str
    score: Number
    boxes: list[Annotated[Box, OnTheWire]]
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
