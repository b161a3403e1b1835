"""Pictures for the wire."""

import cv2

from glassline.contract.topics import MAX_EVIDENCE_BYTES

from .camera.base import Bgr

_COM_ROOM_BYTES = 1000


def encode_jpeg(bgr: Bgr, quality: int) -> bytes:
    """JPEG of a BGR picture, uint8, height x width x 3; quality 1-100."""
    ok, buffer = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError(f"cannot encode a picture of shape {bgr.shape} as JPEG")
    return buffer.tobytes()


def encode_evidence(bgr: Bgr, quality: int) -> tuple[bytes, tuple[int, int]]:
    """(jpeg, image_wh): re-encoded with less quality, then at half the size, until the contract's limit holds."""
    while True:
        for q in (quality, 75, 50):
            jpeg = encode_jpeg(bgr, min(q, quality))
            if len(jpeg) <= MAX_EVIDENCE_BYTES - _COM_ROOM_BYTES:
                return jpeg, (bgr.shape[1], bgr.shape[0])
        bgr = cv2.resize(bgr, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
