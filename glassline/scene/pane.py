"""One pane of glass on its stretch of belt, wholly determined by (seed, pane_index)."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from glassline.scene.marks import LABELS, draw
from glassline.scene.noise import Field, f32, texture
from glassline.scene.sheet import Look, Mark, Sheet, Site
from glassline.scene.surface import draw_belt, draw_look, glass

#: Height of the view and distance from pane to pane, reference pixels.
VIEW_HEIGHT = 480.0
PITCH = 340.0
#: This many panes in a row are of one glass under one lighting.
BATCH = 5
_MARK_COUNTS, _MARK_ODDS = (0, 1, 2, 3), (0.12, 0.30, 0.36, 0.22)
_CLEARANCE_PX = 6.0
_ATTEMPTS = 5


@dataclass(frozen=True)
class PaneMark:
    """A mark of a pane: `box_px` is x0, y0, x1, y1 in picture pixels of the pane's tile.

    `visible` (h, w) says which pixels of the box belong to the mark.
    """

    mark_id: str
    label: str
    box_px: tuple[int, int, int, int]
    visible: NDArray[np.bool_] = field(repr=False, compare=False)

    def within(self, x0: int, y0: int, x1: int, y1: int) -> tuple[int, int, int, int] | None:
        """The box round what is visible of the mark inside this part of the tile, or None if nothing is."""
        left, top = self.box_px[:2]
        part = self.visible[max(0, y0 - top) : max(0, y1 - top), max(0, x0 - left) : max(0, x1 - left)]
        rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        if not len(columns):
            return None
        left, top = max(left, x0), max(top, y0)
        return left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1


@dataclass(frozen=True)
class Pane:
    """`tile` is the picture (h, w, 3) uint8 BGR of one pitch of belt with the pane on it."""

    tile: NDArray[np.uint8]
    marks: tuple[PaneMark, ...]


@dataclass(frozen=True)
class _Glass:
    """Where the pane lies on its tile, reference pixels."""

    x0: float
    y0: float
    x1: float
    y1: float
    corner: float


def render_pane(*, seed: int, pane_index: int, scale: float, clean: bool) -> Pane:
    """Render a pane at `scale` picture pixels per reference pixel; `clean` leaves its marks out."""
    belt_bgr = draw_belt(np.random.default_rng((seed, 0, 3)))
    look = draw_look(np.random.default_rng((seed, pane_index // BATCH, 1)), belt_bgr)
    rng = np.random.default_rng((seed, pane_index))
    sheet = Sheet(wh_px=(int(np.ceil(PITCH * scale)) + 1, round(VIEW_HEIGHT * scale)), scale=scale)
    outline = _outline(rng)
    marks = _draw_marks(rng, sheet, look, outline)
    picture = glass(rng, sheet, look)
    if not clean:
        for mark in marks:
            mark.apply(picture)
    _lay_on_belt(rng, picture, sheet, look, outline)
    blur_px = max(1, round(rng.uniform(1, 3.2) * scale))
    smeared = cv2.blur(picture, (blur_px, 1), borderType=cv2.BORDER_REPLICATE)
    tile = np.clip(smeared, 0, 255).astype(np.uint8)
    kept = (
        ()
        if clean
        else tuple(
            PaneMark(f"{pane_index}-{k}", mark.label, mark.box_px, mark.visible()) for k, mark in enumerate(marks)
        )
    )
    return Pane(tile, kept)


def _outline(rng: np.random.Generator) -> _Glass:
    width, height = rng.uniform(272, 300), rng.uniform(392, 430)
    x0, y0 = (PITCH - width) / 2 + rng.uniform(-5, 5), (VIEW_HEIGHT - height) / 2 + rng.uniform(-10, 10)
    return _Glass(x0, y0, x0 + width, y0 + height, rng.uniform(2, 12))


def _draw_marks(rng: np.random.Generator, sheet: Sheet, look: Look, outline: _Glass) -> list[Mark]:
    """Marks whose boxes keep clear of one another; a kind that finds no room is left out."""
    edge = (outline.x0, outline.y0, outline.x1, outline.y1)
    inner = (outline.x0 + 7, outline.y0 + 7, outline.x1 - 7, outline.y1 - 7)
    marks: list[Mark] = []
    for _ in range(int(rng.choice(_MARK_COUNTS, p=_MARK_ODDS))):
        label = LABELS[int(rng.integers(len(LABELS)))]
        sides = ("left", "right", "top", "bottom") if label == "chip" else ()
        site = Site(rect=edge if sides else inner, edges=sides)
        for _ in range(_ATTEMPTS):
            mark = draw(rng, label, sheet, look, site)
            if mark is not None and not any(_touch(mark, other, sheet.scale) for other in marks):
                marks.append(mark)
                break
    return marks


def _touch(one: Mark, other: Mark, scale: float) -> bool:
    gap = _CLEARANCE_PX * scale
    a, b = one.box_px, other.box_px
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def _lay_on_belt(rng: np.random.Generator, picture: Field, sheet: Sheet, look: Look, outline: _Glass) -> None:
    """Cut the glass to its outline, put the belt behind it and bevels on its edges, in place."""
    inset = _inset(sheet, outline)
    light, dark = (
        (rng.uniform(18, 55), rng.uniform(30, 75))
        if look.back_lit
        else (
            rng.uniform(8, 35),
            rng.uniform(35, 85),
        )
    )
    outer = np.exp(-((inset / np.float32(1.4)) ** 2))
    inner = np.exp(-(((inset - np.float32(3.6)) / np.float32(1.1)) ** 2))
    bevel = np.float32(light) * inner - np.float32(dark) * outer
    tint = f32((0.95, 0.75, 1.15))
    cover = np.clip(inset * np.float32(sheet.scale) + np.float32(0.5), 0, 1)
    belt = _belt(sheet, look)
    for channel in range(3):
        layer = picture[..., channel]
        layer += bevel * tint[channel]
        layer *= cover
        layer += (1 - cover) * (belt + np.float32(look.belt_bgr[channel]))


def _inset(sheet: Sheet, outline: _Glass) -> Field:
    """How far inside the glass each pixel lies (negative outside), reference pixels; corners are rounded."""
    x = (np.arange(sheet.wh_px[0], dtype=np.float32) + 0.5) / np.float32(sheet.scale)
    y = (np.arange(sheet.wh_px[1], dtype=np.float32) + 0.5) / np.float32(sheet.scale)
    beside = np.abs(x - (outline.x0 + outline.x1) / 2) - (outline.x1 - outline.x0) / 2 + outline.corner
    above = np.abs(y - (outline.y0 + outline.y1) / 2) - (outline.y1 - outline.y0) / 2 + outline.corner
    dx, dy = f32(beside)[None, :], f32(above)[:, None]
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0)
    return f32(outline.corner - outside)


def _belt(sheet: Sheet, look: Look) -> Field:
    """The belt's weave; the same on every tile and periodic over a pitch, so that no seam shows."""
    x = (np.arange(sheet.wh_px[0], dtype=np.float32) + 0.5) / np.float32(sheet.scale)
    y = (np.arange(sheet.wh_px[1], dtype=np.float32) + 0.5) / np.float32(sheet.scale)
    ribs = 4 * np.cos(x * np.float32(2 * np.pi * 34 / PITCH)) + 3 * np.cos(x * np.float32(2 * np.pi * 3 / PITCH))
    angle = x * np.float32(2 * np.pi / PITCH)
    ring_u, ring_v = np.meshgrid(60 * np.cos(angle), y)
    grain = texture(np.random.default_rng(7), f32(ring_u), f32(ring_v), 1)
    return f32(ribs[None, :] + 3 * grain)
