"""JPEG frames that carry their metadata as JSON in a COM segment, without touching the picture.

Marker layout after ITU-T T.81, annex B: segments of 0xFF, marker, two bytes of length (which count themselves).
"""

from collections.abc import Iterator

from .errors import ContractError
from .messages import FrameMeta

SOI = b"\xff\xd8"
EOI = b"\xff\xd9"
MAX_COM_BYTES = 65_533
MAX_HEADER_SEGMENTS = 200
_SOS, _COM = 0xDA, 0xFE
_SOF = frozenset({0xC0, 0xC1, 0xC2, 0xC3})
_APP = range(0xE0, 0xF0)


def _segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start of its data, end of its data) up to and with the start of scan."""
    if jpeg[:2] != SOI:
        raise ContractError(f"expected a JPEG that begins with FF D8, got {jpeg[:4].hex(' ') or 'nothing'}")
    at = 2
    for _ in range(MAX_HEADER_SEGMENTS):
        if len(jpeg) < at + 4 or jpeg[at] != 0xFF:
            raise ContractError(f"expected a JPEG segment at byte {at}, got {jpeg[at : at + 4].hex(' ') or 'the end'}")
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(jpeg):
            raise ContractError(f"expected a JPEG segment inside {len(jpeg)} bytes, got one of {length} at byte {at}")
        yield marker, at + 4, end
        if marker == _SOS:
            return
        at = end
    raise ContractError(f"expected at most {MAX_HEADER_SEGMENTS} JPEG segments before the picture, got more")


def embed(jpeg: bytes, metadata: bytes) -> bytes:
    """Return `jpeg` with `metadata` (JSON, at most 65,533 bytes) in a COM segment behind its leading APP segments."""
    if len(metadata) > MAX_COM_BYTES:
        raise ContractError(f"expected at most {MAX_COM_BYTES} bytes of metadata, got {len(metadata)}")
    at = 2
    for marker, _, end in _segments(jpeg):
        if marker not in _APP:
            break
        at = end
    com = b"\xff\xfe" + (len(metadata) + 2).to_bytes(2, "big") + metadata
    return b"".join((jpeg[:at], com, jpeg[at:]))


def extract(jpeg: bytes) -> bytes | None:
    """Return the first COM segment that looks like a JSON object, or None; raise ContractError if not a JPEG."""
    for marker, start, end in _segments(jpeg):
        if marker == _COM and jpeg[start : start + 1] == b"{":
            return jpeg[start:end]
    return None


def check_jpeg(jpeg: bytes) -> tuple[int, int]:
    """Return (width, height) of a JPEG that has a header, a picture and an end; raise ContractError otherwise.

    Nothing is decoded: this costs microseconds and cannot be bombed.
    """
    image_wh = None
    for marker, start, end in _segments(jpeg):
        if marker in _SOF and end - start >= 5:
            height, width = jpeg[start + 1 : start + 3], jpeg[start + 3 : start + 5]
            image_wh = int.from_bytes(width, "big"), int.from_bytes(height, "big")
    if image_wh is None or not all(image_wh):
        raise ContractError("expected a JPEG with a width and a height, got none")
    if not jpeg.rstrip(b"\0").endswith(EOI):
        raise ContractError("expected a whole JPEG that ends with FF D9, got a truncated one")
    return image_wh


def embed_frame(jpeg: bytes, meta: FrameMeta) -> bytes:
    """Embed `meta`; where it is too long masks go first, then the boxes with the lowest scores."""
    data = meta.to_json()
    if len(data) > MAX_COM_BYTES:
        bare = [box.model_copy(update={"mask": None}) for box in meta.boxes]
        meta = meta.model_copy(update={"boxes": bare, "truncated": True})
        data = meta.to_json()
    while len(data) > MAX_COM_BYTES:
        best = sorted(meta.boxes, key=lambda box: -box.score)[: len(meta.boxes) // 2]
        meta = meta.model_copy(update={"boxes": best})
        data = meta.to_json()
    return embed(jpeg, data)
