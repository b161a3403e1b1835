"""A still picture of worn glass with its boxes: what an inspector's close-up shows, in either light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from glassline.scene.noise import Field, f32
from glassline.scene.sheet import Mark, Sheet
from glassline.scene.worn.band import band
from glassline.scene.worn.blot import blow, spot
from glassline.scene.worn.clutter import clutter
from glassline.scene.worn.fracture import fracture
from glassline.scene.worn.leaf import dashes, leaf
from glassline.scene.worn.path import Joint, Run
from glassline.scene.worn.thread import thread

#: A picture has 640 reference pixels to a side, whatever its size.
REFERENCE_SIDE = 640
#: The kinds of marks, by which those of a picture are labelled, and what the shipped model calls them.
WORN_KINDS = {"band": "scratch", "thread": "scratch", "crack": "crack", "blow": "chip", "spot": "stain"}


@dataclass(frozen=True)
class WornGlass:
    """`bgr` (h, w, 3) uint8, and the marks on it: kind as label, and box x0, y0, x1, y1 in pixels."""

    bgr: NDArray[np.uint8]
    marks: list[Mark]


def render_worn(
    rng: np.random.Generator, *, side_px: int, clean: bool = False, ground: NDArray[np.uint8] | None = None
) -> WornGlass:
    """Draw a square picture of `side_px`; `clean` leaves the marks out, not the clutter.

    On `ground`, a photograph (side_px, side_px, 3) uint8 BGR of good glass, marks alone are drawn: it brings its own
    light, clutter and noise.
    """
    scale = side_px / REFERENCE_SIDE
    sheet = Sheet(wh_px=(side_px, side_px), scale=scale)
    back_lit = bool(rng.random() < 0.5)
    if ground is None:
        picture = _ground(rng, sheet) + _softened(rng, clutter(rng, sheet, back_lit=back_lit))[..., None]
        picture += _sensor_noise(rng, picture.shape[:2])
    else:
        picture = f32(ground)
    marks = [] if clean else _marks(rng, sheet, back_lit)
    for mark in marks:
        mark.apply(picture)
    return WornGlass(np.clip(picture, 0, 255).astype(np.uint8), marks)


def _marks(rng: np.random.Generator, sheet: Sheet, back_lit: bool) -> list[Mark]:
    """Some of each kind; long ones now and then begin where another ends, or touch and cross."""
    runs: list[Run] = []
    for drawer, most, odds in (
        (band, 2, (0.5, 0.4, 0.1)),
        (thread, 4, (0.4, 0.33, 0.16, 0.07, 0.04)),
    ):
        for _ in range(int(rng.choice(most + 1, p=odds))):
            run = drawer(rng, sheet, back_lit=back_lit, start=_joint(rng, sheet, runs))
            if run is not None:
                runs.append(run)
    crack = (fracture, leaf, dashes)[int(rng.choice(3, p=(0.4, 0.4, 0.2)))]
    blots = [crack] * int(rng.random() < 0.2) + [blow] * int(rng.choice(3, p=(0.77, 0.19, 0.04)))
    blots += [spot] * int(rng.choice(7, p=(0.36, 0.28, 0.16, 0.1, 0.05, 0.03, 0.02)))
    drawn = [draw(rng, sheet, back_lit=back_lit) for draw in blots]
    return [run.mark for run in runs] + [mark for mark in drawn if mark is not None]


def _joint(rng: np.random.Generator, sheet: Sheet, runs: list[Run]) -> Joint | None:
    """Now and then an end of an earlier mark, if it lies on the sheet; half of the time on along its course."""
    if not runs or rng.random() > 0.3:
        return None
    path, last = runs[int(rng.integers(len(runs)))].path, bool(rng.random() < 0.5)
    (x, y), (width, height) = path.ends[last], sheet.wh
    if not (0 < x < width and 0 < y < height):
        return None
    onward = path.angle + (0.0 if last else np.pi) + float(rng.normal(0, 0.12))
    return Joint((x + float(rng.normal(0, 3)), y + float(rng.normal(0, 3))), onward if rng.random() < 0.5 else None)


def _ground(rng: np.random.Generator, sheet: Sheet) -> Field:
    """Even, grey, a little brighter on one side."""
    tone = rng.normal(186, 9) if rng.random() < 0.5 else rng.uniform(80, 222)
    base = tone + rng.normal(0, 2.2, 3)
    knots = rng.normal(0, rng.uniform(0.3, 3), (4, 4)) + rng.normal(0, 4) * np.linspace(-1, 1, 4)[None, :]
    knots += rng.normal(0, 4) * np.linspace(-1, 1, 4)[:, None]
    if rng.random() < 0.2:
        knots *= 2.5
    shade = cv2.resize(f32(knots), sheet.wh_px, interpolation=cv2.INTER_CUBIC)
    return f32(shade[..., None] + f32(base))


def _softened(rng: np.random.Generator, shade: Field) -> Field:
    return f32(cv2.GaussianBlur(shade, (0, 0), float(rng.uniform(0.4, 0.9)))) * np.float32(1.3)


def _sensor_noise(rng: np.random.Generator, hw: tuple[int, ...]) -> Field:
    """Mostly next to none (cameras smooth it away), sometimes strong; (h, w, 3)."""
    sigma = float(np.exp(rng.uniform(np.log(0.25), np.log(2.2))))
    fine = rng.standard_normal((*hw, 3), dtype=np.float32)
    if rng.random() < 0.5:
        fine = cv2.GaussianBlur(fine, (0, 0), 0.7) * np.float32(2)
    return f32(fine * np.float32(sigma))
