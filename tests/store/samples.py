"""Detections and evidence pictures as a node would send them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from glassline.contract import Box, ImageRef, frames, new_event_id
from glassline.contract.messages import Detection, EvidenceMeta
from glassline.store import DetectionItem, EvidenceItem

START = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)
_PICTURE = (
    b"\xff\xd8\xff\xc0\x00\x0b\x08\x01\xe0\x02\x80\x01\x01\x11\x00"  # SOF0: 640 x 480, one component
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
)


def make_evidence(event_id: str, rev: int = 0, *, content: bytes = b"A", size_bytes: int = 0) -> bytes:
    """A JPEG whose header is real and whose pixels are `content`."""
    picture = _PICTURE + content + bytes(max(0, size_bytes - len(_PICTURE) - len(content))) + b"\xff\xd9"
    return frames.embed(picture, EvidenceMeta(event_id=event_id, rev=rev).to_json())


def image_ref(jpeg: bytes) -> ImageRef:
    """What a detection says of its picture."""
    return ImageRef(sha256=hashlib.sha256(jpeg).hexdigest(), size_bytes=len(jpeg), image_wh=frames.check_jpeg(jpeg))


def make_detection(
    event_id: str | None = None, rev: int = 0, *, image: bytes | None = None, **changes: Any
) -> Detection:
    """A valid detection; `changes` are its fields."""
    first_at = changes.pop("first_at", START)
    fields = {
        "ts": START,
        "boot": "0123abcd",
        "event_id": event_id or new_event_id(),
        "rev": rev,
        "phase": "new" if rev == 0 else "update",
        "label": "scratch",
        "score": 0.75,
        "boxes": [Box(label="scratch", score=0.75, xyxyn=(0.1, 0.2, 0.3, 0.4))],
        "first_at": first_at,
        "last_at": first_at + timedelta(seconds=rev),
        "frame_at": first_at,
        "confirmed_at": first_at + timedelta(milliseconds=200),
        "frames_confirmed": 3 + rev,
        "model": "glass-n",
        "image": image_ref(image) if image else None,
    }
    return Detection.model_validate(fields | changes)


def detection_item(detection: Detection, device_id: str = "pi-1") -> DetectionItem:
    return DetectionItem(device_id=device_id, detection=detection)


def evidence_item(event_id: str, jpeg: bytes, rev: int = 0, device_id: str = "pi-1") -> EvidenceItem:
    sha256 = hashlib.sha256(jpeg).hexdigest()
    return EvidenceItem(device_id=device_id, event_id=event_id, rev=rev, jpeg=jpeg, sha256=sha256)
