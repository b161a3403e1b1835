"""Value types shared by the messages: times, unit intervals, short texts, boxes."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, PlainSerializer, StringConstraints
from pydantic_core import PydanticCustomError

from .ids import BOOT_PATTERN, ID_PATTERN


def to_rfc3339(time: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: 2026-01-31T12:00:00.250Z."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_unix(unix_s: float) -> datetime:
    """The UTC time of a Unix time in seconds, cut to the milliseconds that the wire carries."""
    return datetime.fromtimestamp(int(unix_s * 1000) / 1000, UTC)


_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Clocks may be wrong, but within these years every sum of a time and an age is a time again."""


def _to_utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("expected a time with a zone (…Z), got one without")
    try:
        utc = time.astimezone(UTC)
    except OverflowError:
        utc = _LAST
    if not _FIRST <= utc < _LAST:
        raise ValueError(f"expected a time between the years 1970 and 2199, got {time}")
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


MAX_DEPTH = 16


def _tame(value: JsonValue, depth: int = 0) -> JsonValue:
    """Free JSON, but without NaN and infinity, which are no JSON and which a browser refuses, and not deep."""
    if depth > MAX_DEPTH:
        raise PydanticCustomError("too_deep", "expected at most {most} levels, got more", {"most": MAX_DEPTH})
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("finite_number", "expected a finite number, got {got}", {"got": str(value)})
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        _tame(one, depth + 1)
    return value


Time = Annotated[datetime, AfterValidator(_to_utc), PlainSerializer(to_rfc3339, when_used="json")]
Unit = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), AfterValidator(lambda value: round(value, 5))]
"""0-1 to five decimals: finer than a pixel of any frame, and half the bytes."""

Count = Annotated[int, Field(ge=0, le=2**53)]
Seconds = Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Json = Annotated[JsonValue, AfterValidator(_tame)]
Side = Annotated[int, Field(ge=1, le=65535)]
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Boot = Annotated[str, StringConstraints(pattern=BOOT_PATTERN)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Text = Annotated[str, StringConstraints(max_length=1000)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
EventId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]


def _ordered(xyxyn: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = xyxyn
    if x1 < x0 or y1 < y0:
        raise ValueError(f"expected xyxyn with x0 <= x1 and y0 <= y1, got {xyxyn}")
    return xyxyn


Xyxyn = Annotated[tuple[Unit, Unit, Unit, Unit], AfterValidator(_ordered)]
Polygon = Annotated[list[tuple[Unit, Unit]], Field(min_length=3, max_length=2000)]


class Model(BaseModel):
    """Base of all values of the contract: immutable, and unknown keys are ignored so that it can grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())

    def to_json(self) -> bytes:
        """Compact UTF-8 JSON, keys without a value left out."""
        return self.model_dump_json(exclude_none=True).encode()

    def to_dict(self) -> dict[str, Any]:
        """What `to_json` encodes, as plain Python values."""
        return self.model_dump(mode="json", exclude_none=True)


class Box(Model):
    """What the model says in one frame. `xyxyn` is (x0, y0, x1, y1), 0-1 of the frame's width and height."""

    label: Label
    score: Unit
    xyxyn: Xyxyn
    track: Annotated[int, Field(ge=0, le=2**53)] | None = None
    event_id: EventId | None = None
    """Set once the mark in this box is confirmed as a detection."""
    mask: Polygon | None = None
    """Outline in the same unit as `xyxyn`, where the model segments."""


class ImageRef(Model):
    """The evidence picture of a detection: the digest and size in bytes of the JPEG as it is sent."""

    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=1, le=1_500_000)]
    image_wh: tuple[Side, Side]
