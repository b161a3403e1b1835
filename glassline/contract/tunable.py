"""What of a node may be set while it runs: names, bounds, units and a sentence each, for node, page and settings table.

Values come as JSON, or as text in the form of the settings file.
"""

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

from .values import Label, Polygon, Unit

AUTO = "auto"
WHITE_BALANCES = ("incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy")
MAX_DIOPTRES = 32.0
MAX_CORNERS = 1000
"""18 bytes each at most; with them `info`, which carries the region, keeps 14 kB for all else."""
_LEAST_AREA = 1e-4

Kind = Literal["string", "integer", "number", "boolean", "labels", "scores", "region"]


def parse_wh(text: str) -> str:
    """`text`, if it is a size of pictures; else ValueError."""
    width, mark, height = text.partition("x")
    if not (mark and width.isdigit() and height.isdigit() and 16 <= int(width) <= 8192 and 16 <= int(height) <= 8192):
        raise ValueError("expected WIDTHxHEIGHT between 16x16 and 8192x8192, like 640x480")
    return text


def parse_white_balance(text: str) -> str:
    """`text` itself; ValueError if it is neither auto, nor one of WHITE_BALANCES, nor two gains."""
    if text == AUTO or text in WHITE_BALANCES or colour_gains(text) is not None:
        return text
    raise ValueError(f"expected auto, {', '.join(WHITE_BALANCES)}, or gains of red and blue like 1.9,1.4")


def colour_gains(text: str) -> tuple[float, float] | None:
    """The gains of red and blue, if `text` is two of them, each 0.1 to 32."""
    try:
        red, blue = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (red, blue) if 0.1 <= red <= 32 and 0.1 <= blue <= 32 else None


def parse_focus(text: str) -> str:
    """`text` itself; ValueError if it is neither auto nor dioptres."""
    if text == AUTO:
        return text
    try:
        dioptres = float(text)
    except ValueError:
        dioptres = -1.0
    if not 0 <= dioptres <= MAX_DIOPTRES:
        raise ValueError(f"expected auto, or 1 over the distance in metres, 0 to {MAX_DIOPTRES:g}, like 5 for 20 cm")
    return text


def _region_of(value: Any) -> Any:
    """A polygon from "0.1,0.2 0.9,0.2 0.9,0.8", the form of the settings; other values as they are."""
    if isinstance(value, str):
        value = [tuple(point.split(",")) for point in value.split()] or None
    if isinstance(value, list) and len(value) > MAX_CORNERS:
        raise ValueError(f"expected at most {MAX_CORNERS} corners, for `info` can carry no more, got {len(value)}")
    return value


def _with_area(polygon: list[tuple[float, float]]) -> list[tuple[float, float]]:
    twice = sum(xa * yb - xb * ya for (xa, ya), (xb, yb) in pairwise([*polygon, polygon[0]]))
    if abs(twice) / 2 < _LEAST_AREA:
        raise ValueError("expected a polygon with room in it, got one without")
    return polygon


def _thresholds_of(value: Any) -> Any:
    """Scores by label from "crack=0.4, scratch=0.6", the form of the settings; other values as they are."""
    if not isinstance(value, str):
        return value
    pairs = [part.rpartition("=") for part in _parts(value)]
    if not all(mark for _, mark, _ in pairs):
        raise ValueError('expected scores by label, like "crack=0.4, scratch=0.6"')
    return {label.strip(): score for label, _, score in pairs}


def _labels_of(value: Any) -> Any:
    return _parts(value) if isinstance(value, str) else value


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


Region = Annotated[Annotated[Polygon, AfterValidator(_with_area)] | None, BeforeValidator(_region_of)]
"""At most `MAX_CORNERS` of a polygon, 0-1 of the frame, or None: all of it. Also as text, "0.1,0.2 0.9,0.2 0.9,0.8"."""
Thresholds = Annotated[dict[Label, Unit], BeforeValidator(_thresholds_of)]
"""Scores by label; also as text, "crack=0.4, scratch=0.6"."""
Labels = Annotated[list[Label], BeforeValidator(_labels_of)]
"""Labels; also as text, "stain, chip"."""


def _row(
    sentence: str,
    kind: Kind,
    *,
    unit: str = "",
    choices: tuple[str, ...] = (),
    ge: float | None = None,
    le: float | None = None,
) -> Any:
    extra: dict[str, Any] = {"unit": unit, "kind": kind, "choices": list(choices)}
    return Field(description=sentence, json_schema_extra=extra, ge=ge, le=le)


class Tunable(BaseModel):
    """What the command `config` may set."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())

    image_wh: Annotated[str, AfterValidator(parse_wh)] = _row("Size of a frame.", "string", unit="px")
    camera_fps: float = _row("Frames the camera is asked for.", "number", unit="1/s", ge=1, le=120)
    camera_exposure_us: int = _row(
        "Exposure of picamera:N; short ones keep moving glass sharp. 0: the camera's own.",
        "integer",
        unit="µs",
        ge=0,
        le=1_000_000,
    )
    camera_gain: float = _row(
        "Gain of picamera:N; high ones brighten and are noisy. 0: the camera's own.",
        "number",
        unit="times",
        ge=0,
        le=64,
    )
    camera_white_balance: Annotated[str, AfterValidator(parse_white_balance)] = _row(
        "White balance of picamera:N: auto, incandescent, tungsten, fluorescent, indoor, daylight, cloudy, or gains of "
        "red and blue, like 1.9,1.4.",
        "string",
        choices=(AUTO, *WHITE_BALANCES),
    )
    camera_focus: Annotated[str, AfterValidator(parse_focus)] = _row(
        "Focus of picamera:N, if it has one: auto, or 1 over the distance in metres (5: 20 cm).",
        "string",
        unit="dioptres",
    )
    model: str = _row("Detector model: one that lies on the node.", "string")
    detect_fps: float = _row("Frames the detector looks at, at most.", "number", unit="1/s", ge=0.1, le=120)
    live_fps: float = _row("Live frames sent, at most, however many are wanted.", "number", unit="1/s", ge=0.1, le=120)
    live_quality: int = _row("JPEG quality of live frames.", "integer", unit="1-100", ge=1, le=100)
    evidence_quality: int = _row("JPEG quality of the picture kept of a defect.", "integer", unit="1-100", ge=1, le=100)
    frame_meta: bool = _row("Also send the live frames' metadata as JSON on frame/meta.", "boolean")
    score_threshold: float = _row(
        "A box of this score begins a mark, one of half of it carries a mark on; 0: what the model's card recommends.",
        "number",
        ge=0,
        le=1,
    )
    label_thresholds: Thresholds = _row(
        'Score thresholds of single labels, where they differ, like "crack=0.4, scratch=0.6".', "scores"
    )
    labels_off: Labels = _row('Labels that do not matter here, like "stain, chip".', "labels")
    region: Region = _row(
        'Region that is looked at: corners x,y of a polygon, 0-1 of the frame, like "0.1,0.2 0.9,0.2 0.9,0.8 0.1,0.8"; '
        "a box whose centre is outside does not count. Empty: all of the frame.",
        "region",
    )


def bounds_of(field: FieldInfo) -> tuple[float | None, float | None]:
    """The least and the greatest value of a field of Tunable, where it has them."""
    least = next((one.ge for one in field.metadata if hasattr(one, "ge")), None)
    most = next((one.le for one in field.metadata if hasattr(one, "le")), None)
    return least, most


def facts_of(field: FieldInfo) -> dict[str, Any]:
    """`unit`, `kind` and `choices` of a field of Tunable."""
    assert isinstance(field.json_schema_extra, dict)
    return dict(field.json_schema_extra)
