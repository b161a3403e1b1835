"""Where a mark on worn glass runs, and the box that people draw round it: the whole of it, with a little room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassline.scene.noise import Field, f32
from glassline.scene.ribbon import Ribbon
from glassline.scene.sheet import Mark, Sheet, Window

Point = tuple[float, float]

_LEAST_SIDE_PX = 3
#: Change in grey levels that an eye still sees on even ground, and the share of the longer side that must reach it.
_FAINTEST_LEVELS = 4.0
_LEAST_SEEN = 0.2


@dataclass(frozen=True)
class Joint:
    """Where a long mark may begin, reference pixels, and its direction there, radians; None leaves that open."""

    at: Point
    angle: float | None = None


@dataclass(frozen=True)
class Run:
    """A long mark and its course: others may begin where it ends."""

    mark: Mark
    path: Path


@dataclass(frozen=True, kw_only=True)
class Path:
    """The course of a long mark, reference pixels and radians; `bend` is its sag as a share of its length."""

    centre: Point
    angle: float
    length: float
    bend: float

    @classmethod
    def draw(cls, rng: np.random.Generator, sheet: Sheet, *, length: float, start: Joint | None = None) -> Path:
        """Anywhere on the sheet, or from `start` on; mostly straight."""
        angle = float(rng.uniform(0, 2 * np.pi))
        if start is not None and start.angle is not None:
            angle = start.angle
        bend = float(np.clip(rng.normal(0, 0.025 if rng.random() < 0.8 else 0.1), -0.2, 0.2))
        if start is None:
            width, height = sheet.wh
            centre = (float(rng.uniform(0.05, 0.95) * width), float(rng.uniform(0.05, 0.95) * height))
        else:
            centre = (start.at[0] + np.cos(angle) * length / 2, start.at[1] + np.sin(angle) * length / 2)
        return cls(centre=centre, angle=angle, length=length, bend=bend)

    @property
    def ends(self) -> tuple[Point, Point]:
        """Its two ends, bend left aside."""
        dx, dy = np.cos(self.angle) * self.length / 2, np.sin(self.angle) * self.length / 2
        x, y = self.centre
        return (x - dx, y - dy), (x + dx, y + dy)

    def lay(self, rng: np.random.Generator, sheet: Sheet, half_width: float) -> Ribbon | None:
        """The strip of the sheet along the path; None when it misses the sheet."""
        return Ribbon.lay(
            rng,
            sheet,
            centre=self.centre,
            angle=self.angle,
            length=self.length,
            half_width=half_width,
            bend=self.bend,
        )


def boxed(
    label: str,
    sheet: Sheet,
    window: Window,
    levels: Field,
    *,
    extent: NDArray[np.bool_],
    room: float,
    tint_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> Mark | None:
    """The mark, boxed round `extent` (h, w) and `room` reference pixels more; None when hardly any of it shows."""
    rows, columns = np.flatnonzero(extent.any(axis=1)), np.flatnonzero(extent.any(axis=0))
    if len(rows) < _LEAST_SIDE_PX or len(columns) < _LEAST_SIDE_PX:
        return None
    seen = extent & (np.abs(levels) > _FAINTEST_LEVELS)
    if max(int(seen.any(axis=1).sum()), int(seen.any(axis=0).sum())) < _LEAST_SEEN * max(len(rows), len(columns)):
        return None
    room_px = round(room * sheet.scale)
    left, top = window.left + int(columns[0]) - room_px, window.top + int(rows[0]) - room_px
    right, bottom = window.left + int(columns[-1]) + 1 + room_px, window.top + int(rows[-1]) + 1 + room_px
    width_px, height_px = sheet.wh_px
    box_px = (max(0, left), max(0, top), min(width_px, right), min(height_px, bottom))
    return Mark(label, window, f32(levels), box_px, tint_bgr)
