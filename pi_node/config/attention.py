"""What of a picture counts: the region that is looked at, the labels that matter, and how sure a box must be."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from glassline.contract import Box
from glassline.vision import FAINT_SHARE, TrackerSettings

Point = tuple[float, float]


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
