"""Pictures for the wire."""

import cv2
import simplejpeg

from glassline.contract.topics import MAX_EVIDENCE_BYTES

from . import Picture

_COM_ROOM_BYTES = 10_000
GOOD_QUALITY = 75
LEAST_EVIDENCE_BYTES = 30_000
"""However slow the link: a defect is to be seen in its picture."""


def encode_jpeg(picture: Picture, quality: int) -> bytes:
    """JPEG of a picture, straight from its planes where it has some; quality 1-100."""
    planes = picture.planes
    if planes is not None:
        jpeg: bytes = simplejpeg.encode_jpeg_yuv_planes(planes.y, planes.u, planes.v, quality)
        return jpeg
    ok, buffer = cv2.imencode(".jpg", picture.bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError(f"cannot encode a picture of {picture.image_wh} px as JPEG")
    return buffer.tobytes()


def encode_evidence(
    picture: Picture, quality: int, *, wanted_bytes: float = MAX_EVIDENCE_BYTES, max_bytes: float = MAX_EVIDENCE_BYTES
) -> tuple[bytes, tuple[int, int]]:
    """(jpeg, image_wh): re-encoded with less quality, then at half the size, until it fits into `max_bytes`.

    For `wanted_bytes` only quality is given, and not below GOOD_QUALITY. The contract's limit always holds, a smaller
    one down to LEAST_EVIDENCE_BYTES.
    """
    room_bytes = min(max(max_bytes, LEAST_EVIDENCE_BYTES), MAX_EVIDENCE_BYTES) - _COM_ROOM_BYTES
    while True:
        for q in (quality, GOOD_QUALITY, 50):
            jpeg = encode_jpeg(picture, min(q, quality))
            if len(jpeg) <= (min(room_bytes, wanted_bytes) if q > GOOD_QUALITY else room_bytes):
                return jpeg, picture.image_wh
        picture = picture.scaled(0.5)
