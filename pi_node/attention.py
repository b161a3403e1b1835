"""What of a picture counts: the region that is looked at, the labels that matter, and how sure a box must be."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError

from glassline.contract import Box
from glassline.contract.values import Label, Polygon, Unit
from glassline.vision import FAINT_SHARE, TrackerSettings

Point = tuple[float, float]
_LEAST_AREA = 1e-4
MAX_CORNERS = 1000
"""18 bytes each at most; with them `info`, which carries the region, keeps 14 kB for all else."""


@dataclass(frozen=True, kw_only=True)
class Attention:
    """`region` is a polygon, 0-1 of the frame, or None for all of it. Thresholds are scores, 0-1."""

    score_threshold: float
    label_thresholds: Mapping[str, float] = field(default_factory=dict)
    labels_off: frozenset[str] = frozenset()
    region: Sequence[Point] | None = None

    @property
    def label_scores(self) -> dict[str, float]:
        """What the detector is told of single labels: from which score on they are wanted, or never."""
        return {**self.label_thresholds, **dict.fromkeys(self.labels_off, math.inf)}

    def of(self, boxes: Iterable[Box]) -> list[Box]:
        """Those that count: of a label that matters, sure enough to carry on a mark, their centre in the region."""
        return [box for box in boxes if self._counts(box)]

    def tracker_settings(self) -> TrackerSettings:
        """How sure the tracker is to be."""
        return TrackerSettings(start_score=self.score_threshold, label_scores=dict(self.label_thresholds))

    def _counts(self, box: Box) -> bool:
        least = FAINT_SHARE * self.label_thresholds.get(box.label, self.score_threshold)
        x0, y0, x1, y1 = box.xyxyn
        centre = (x0 + x1) / 2, (y0 + y1) / 2
        within = self.region is None or is_inside(centre, self.region)
        return box.label not in self.labels_off and box.score >= least and within


def is_inside(point: Point, polygon: Sequence[Point]) -> bool:
    """Whether the point lies in the polygon, by the even-odd rule (Shimrat 1962)."""
    x, y = point
    inside = False
    for (xa, ya), (xb, yb) in pairwise([*polygon, polygon[0]]):
        if (ya > y) != (yb > y) and x < xa + (y - ya) * (xb - xa) / (yb - ya):
            inside = not inside
    return inside


def _region_of(value: Any) -> Any:
    """A polygon from "0.1,0.2 0.9,0.2 0.9,0.8", the form of the settings; other values as they are."""
    if isinstance(value, str):
        value = [tuple(point.split(",")) for point in value.split()] or None
    if isinstance(value, list) and len(value) > MAX_CORNERS:
        raise ValueError(f"expected at most {MAX_CORNERS} corners, for `info` can carry no more, got {len(value)}")
    return value


def _with_area(polygon: list[Point]) -> list[Point]:
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


def checked(kind: Any) -> AfterValidator:
    """Have a text of the settings checked as one of these, and keep the text."""
    adapter = TypeAdapter(kind)

    def check(text: str) -> str:
        try:
            adapter.validate_python(text)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"]) from None
        return text

    return AfterValidator(check)
