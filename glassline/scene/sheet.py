"""What a mark is drawn on, where it may lie, and the patch it becomes.

Lengths are reference pixels: those of a 640 x 480 camera frame. A sheet at scale 2 shows the same mark twice as
large in picture pixels, which is how a larger image, or a close-up, comes about.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glassline.scene.noise import Field, f32

#: Grey levels from which a change counts as visible; boxes are drawn round what reaches it.
VISIBLE_LEVELS = 6.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """How glass shows itself: `dark` marks on a bright field, or bright marks under back light."""

    back_lit: bool
    base_bgr: tuple[float, float, float]
    belt_bgr: tuple[float, float, float]
    strength: float = 1.0

    @property
    def sign(self) -> float:
        """The direction in which most marks change the grey level."""
        return 1.0 if self.back_lit else -1.0

    @property
    def hole_levels(self) -> float:
        """Grey levels from glass to belt: what a hole in the glass shows."""
        return float(np.mean(self.belt_bgr) - np.mean(self.base_bgr))


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A grid of `wh_px` picture pixels at `scale` pixels per reference pixel."""

    wh_px: tuple[int, int]
    scale: float = 1.0

    @property
    def wh(self) -> tuple[float, float]:
        """Width and height in reference pixels."""
        return self.wh_px[0] / self.scale, self.wh_px[1] / self.scale

    def window(self, x0: float, y0: float, x1: float, y1: float) -> Window | None:
        """The pixels of the rectangle (reference pixels) that lie on the sheet, or None if there are none."""
        width_px, height_px = self.wh_px
        left, top = max(0, int(np.floor(x0 * self.scale))), max(0, int(np.floor(y0 * self.scale)))
        right = min(width_px, int(np.ceil(x1 * self.scale)))
        bottom = min(height_px, int(np.ceil(y1 * self.scale)))
        if right - left < 3 or bottom - top < 3:
            return None
        return Window(left, top, right, bottom, self.scale)


@dataclass(frozen=True)
class Window:
    """A rectangle of picture pixels on a sheet, with the coordinates of its pixels in reference pixels."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float

    def grids(self) -> tuple[Field, Field]:
        """x and y of the pixel centres, each (h, w)."""
        x = (np.arange(self.left, self.right, dtype=np.float32) + 0.5) / np.float32(self.scale)
        y = (np.arange(self.top, self.bottom, dtype=np.float32) + 0.5) / np.float32(self.scale)
        across, down = np.meshgrid(x, y)
        return across, down


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a mark may lie: wholly inside `rect` (reference pixels).

    `edges` says which sides of `rect` are cut edges of the glass, where chips can sit.
    """

    rect: tuple[float, float, float, float]
    edges: tuple[str, ...] = ()

    def place(self, rng: np.random.Generator, half_w: float, half_h: float) -> tuple[float, float]:
        """A random centre for something of the given half extents."""
        x0, y0, x1, y1 = self.rect
        half_w, half_h = min(half_w, (x1 - x0) / 2), min(half_h, (y1 - y0) / 2)
        return float(rng.uniform(x0 + half_w, x1 - half_w)), float(rng.uniform(y0 + half_h, y1 - half_h))

    def longest(self, angle: float) -> float:
        """The longest straight line at this angle (radians) that fits into the rectangle."""
        x0, y0, x1, y1 = self.rect
        run, rise = abs(np.cos(angle)) + 1e-6, abs(np.sin(angle)) + 1e-6
        return float(min((x1 - x0) / run, (y1 - y0) / rise))


@dataclass(frozen=True)
class Mark:
    """A drawn mark: the change in grey levels of the window's pixels, and the box round what is visible of it.

    `box_px` is x0, y0, x1, y1 in picture pixels of the sheet.
    """

    label: str
    window: Window
    levels: Field
    box_px: tuple[int, int, int, int]
    tint_bgr: tuple[float, float, float] = field(default=(1.0, 1.0, 1.0))

    def visible(self) -> NDArray[np.bool_]:
        """Which pixels of the box are visibly changed, (h, w)."""
        x0, y0, x1, y1 = self.box_px
        rows, columns = (
            slice(y0 - self.window.top, y1 - self.window.top),
            slice(x0 - self.window.left, x1 - self.window.left),
        )
        return np.asarray(np.abs(self.levels[rows, columns]) > VISIBLE_LEVELS)

    def apply(self, picture: Field) -> None:
        """Add the mark to a float picture (h, w, 3) of the sheet, in place."""
        rows, columns = slice(self.window.top, self.window.bottom), slice(self.window.left, self.window.right)
        picture[rows, columns] += self.levels[..., None] * f32(self.tint_bgr)


def seen(
    label: str, window: Window, levels: Field, tint_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> Mark | None:
    """The mark, boxed round its visible pixels; None when too little of it is visible to be worth a label."""
    visible = np.abs(levels) > VISIBLE_LEVELS
    if int(visible.sum()) < 12 * window.scale or float(np.abs(levels).max()) < 2.5 * VISIBLE_LEVELS:
        return None
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    left, right = window.left + int(columns[0]), window.left + int(columns[-1]) + 1
    top, bottom = window.top + int(rows[0]), window.top + int(rows[-1]) + 1
    return Mark(label, window, f32(levels), (left, top, right, bottom), tint_bgr)
