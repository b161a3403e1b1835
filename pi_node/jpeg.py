"""Pictures for the wire."""

import cv2

from glassline.contract.topics import MAX_EVIDENCE_BYTES

from .camera.base import Bgr

_COM_ROOM_BYTES = 10_000
GOOD_QUALITY = 75
LEAST_EVIDENCE_BYTES = 30_000
"""However slow the link: a defect is to be seen in its picture."""


def encode_jpeg(bgr: Bgr, quality: int) -> bytes:
    """JPEG of a BGR picture, uint8, height x width x 3; quality 1-100."""
    ok, buffer = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError(f"cannot encode a picture of shape {bgr.shape} as JPEG")
    return buffer.tobytes()


def scaled(bgr: Bgr, scale: float) -> Bgr:
    """The picture at `scale` of its width and height; 1 is the picture itself."""
    if scale == 1:
        return bgr
    return cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)


def encode_evidence(
    bgr: Bgr, quality: int, *, wanted_bytes: float = MAX_EVIDENCE_BYTES, max_bytes: float = MAX_EVIDENCE_BYTES
) -> tuple[bytes, tuple[int, int]]:
    """(jpeg, image_wh): re-encoded with less quality, then at half the size, until it fits into `max_bytes`.

    For `wanted_bytes` only quality is given, and not below GOOD_QUALITY. The contract's limit always holds, a smaller
    one down to LEAST_EVIDENCE_BYTES.
    """
    room_bytes = min(max(max_bytes, LEAST_EVIDENCE_BYTES), MAX_EVIDENCE_BYTES) - _COM_ROOM_BYTES
    while True:
        for q in (quality, GOOD_QUALITY, 50):
            jpeg = encode_jpeg(bgr, min(q, quality))
            if len(jpeg) <= (min(room_bytes, wanted_bytes) if q > GOOD_QUALITY else room_bytes):
                return jpeg, (bgr.shape[1], bgr.shape[0])
        bgr = scaled(bgr, 0.5)
