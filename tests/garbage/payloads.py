"""Garbage, made to measure."""

import hashlib
import json
import struct
from typing import Any

import cv2
import numpy as np

from glassline.contract import new_event_id
from glassline.contract.frames import embed
from tests.fuzz.seeds import EXAMPLES
from tests.web.publishers import picture

SCRIPT = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"
LABEL = "<img src=x onerror='window.pwned=1'>"
TRAVERSAL = ["..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "pi-1%00", "a/b", "+", "#", "%2b", "PI-1", "a" * 33]
DEEP = b"[" * 100_000
NOISE = np.random.default_rng(7).bytes(4000)
META = json.dumps(EXAMPLES["FrameMeta"]).encode()


def message(name: str, /, **changes: Any) -> bytes:
    """The example of a message with fields changed; NaN and infinity are written as Python does."""
    return json.dumps(EXAMPLES[name] | changes).encode()


def detection(**changes: Any) -> bytes:
    """A detection with a fresh event id, unless one is given."""
    return message("Detection", **{"event_id": new_event_id(), "rev": 0, "image": None, **changes})


def frame(meta: bytes = META, jpeg: bytes | None = None) -> bytes:
    return embed(jpeg or picture(1), meta)


def evidence(event_id: str, jpeg: bytes | None = None, **changes: Any) -> bytes:
    return embed(jpeg or picture(2), message("EvidenceMeta", event_id=event_id, **changes))


def image_of(jpeg: bytes) -> dict[str, Any]:
    """What a detection says of its picture."""
    return {"sha256": hashlib.sha256(jpeg).hexdigest(), "size_bytes": len(jpeg), "image_wh": [640, 480]}


def bomb(width: int = 32_000, height: int = 32_000) -> bytes:
    """A small picture that says it is a large one: a decoder allocates first and finds out later."""
    jpeg = picture(3)
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack("!HH", height, width) + jpeg[at + 4 :]


def segment(marker: int, data: bytes = b"", *, length: int | None = None) -> bytes:
    """A JPEG segment; `length` lies about its size."""
    return bytes([0xFF, marker]) + struct.pack("!H", len(data) + 2 if length is None else length) + data


def with_segment(extra: bytes) -> bytes:
    """A frame with bytes put in front of its first segment."""
    return b"\xff\xd8" + extra + frame()[2:]


def many_scans(scans: int, *, side: int = 2000) -> bytes:
    """A progressive picture whose last scan is repeated: each one is another pass over all of it."""
    bgr = np.full((side, side, 3), 128, np.uint8)
    jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 20, cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    last = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return embed(jpeg[:-2] + last * scans + b"\xff\xd9", META)


def nested_lists(size_bytes: int) -> bytes:
    """JSON that takes twenty times its size once it is read."""
    return b'{"v":1,"x":[' + b"[]," * (size_bytes // 3) + b"[]]}"
