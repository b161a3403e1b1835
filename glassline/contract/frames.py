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
MAX_PIXELS = 25_000_000
"""Twice what a 12-megapixel camera gives; decoded it is 100 MB in every browser that looks."""
_SOS, _COM = 0xDA, 0xFE
_BASELINE = frozenset({0xC0, 0xC1})
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APP = range(0xE0, 0xF0)


def _segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start of its data, end of its data) up to and with the start of scan."""
    if jpeg[:2] != SOI:
        got = jpeg[:4].hex(" ") or "nothing"
        raise ContractError(f"expected a JPEG that begins with FF D8, got {got}", why="not_jpeg")
    at = 2
    for _ in range(MAX_HEADER_SEGMENTS):
        if len(jpeg) < at + 4 or jpeg[at] != 0xFF:
            got = jpeg[at : at + 4].hex(" ") or "the end"
            raise ContractError(f"expected a JPEG segment at byte {at}, got {got}", why="bad_segment")
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(jpeg):
            sentence = f"expected a JPEG segment inside {len(jpeg)} bytes, got one of {length} at byte {at}"
            raise ContractError(sentence, why="bad_segment")
        yield marker, at + 4, end
        if marker == _SOS:
            return
        at = end
    sentence = f"expected at most {MAX_HEADER_SEGMENTS} JPEG segments before the picture, got more"
    raise ContractError(sentence, why="bad_segment")


def embed(jpeg: bytes, metadata: bytes) -> bytes:
    """Return `jpeg` with `metadata` (JSON, at most 65,533 bytes) in a COM segment behind its leading APP segments."""
    if len(metadata) > MAX_COM_BYTES:
        raise ContractError(f"expected at most {MAX_COM_BYTES} bytes of metadata, got {len(metadata)}", why="too_large")
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
        if marker == _COM and jpeg.startswith(b"{", start, end):
            return jpeg[start:end]
    return None


def metadata_of(jpeg: bytes) -> bytes:
    """Return the metadata that `extract` finds; ContractError if there is none."""
    com = extract(jpeg)
    if com is None:
        raise ContractError("expected metadata in a COM segment, got none", why="no_metadata")
    return com


def check_jpeg(jpeg: bytes) -> tuple[int, int]:
    """Return (width, height) of a baseline JPEG that has a header, a picture and an end; raise ContractError otherwise.

    Nothing is decoded: this costs microseconds and cannot be bombed. That goes for whoever decodes it later, too: the
    pixels are limited, and a progressive picture, whose every scan is another pass over all of them, is refused.
    """
    sizes = []
    for marker, start, end in _segments(jpeg):
        if marker in _SOF:
            if marker not in _BASELINE:
                raise ContractError(f"expected a baseline JPEG, got one of kind {marker:02X}", why="not_baseline")
            height, width = jpeg[start + 1 : start + 3], jpeg[start + 3 : start + 5]
            sizes.append((int.from_bytes(width, "big"), int.from_bytes(height, "big")) if end - start >= 5 else (0, 0))
    if len(sizes) != 1 or not all(sizes[0]):
        got = ", ".join(f"{width}x{height}" for width, height in sizes) or "none"
        raise ContractError(f"expected a JPEG with one width and height, got {got}", why="no_size")
    image_wh = sizes[0]
    if image_wh[0] * image_wh[1] > MAX_PIXELS:
        sentence = f"expected at most {MAX_PIXELS} pixels, got {image_wh[0]}x{image_wh[1]}"
        raise ContractError(sentence, why="too_many_pixels")
    if not jpeg.rstrip(b"\0").endswith(EOI):
        raise ContractError("expected a whole JPEG that ends with FF D9, got a truncated one", why="truncated")
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
