"""Glass without marks: base tone, shading, haze, sheen, and the clutter that nobody wants reported."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from glassline.scene.noise import Field, f32, texture
from glassline.scene.sheet import Look, Sheet

_SUBPIXEL_BITS = 4
_REFERENCE_AREA = 290.0 * 410.0


def draw_belt(rng: np.random.Generator) -> tuple[float, float, float]:
    """The belt's colour, BGR grey levels: dark rubber."""
    blue, green, red = rng.uniform(38, 78) + rng.normal(0, 3, 3)
    return float(blue), float(green), float(red)


def draw_look(rng: np.random.Generator, belt_bgr: tuple[float, float, float]) -> Look:
    """One glass and one lighting: bright field (60 %) or back light, each with its range of tones."""
    back_lit = bool(rng.random() < 0.4)
    tone = rng.uniform(105, 165) if back_lit else rng.uniform(150, 205)
    greenish = rng.uniform(-2, 9)
    base = (tone - 0.3 * greenish + rng.normal(0, 2.5), tone + greenish, tone - greenish + rng.normal(0, 2.5))
    return Look(
        back_lit=back_lit,
        base_bgr=(float(base[0]), float(base[1]), float(base[2])),
        belt_bgr=belt_bgr,
        strength=float(rng.uniform(0.85, 1.15)),
    )


def glass(rng: np.random.Generator, sheet: Sheet, look: Look, *, clutter: float = 1.0) -> Field:
    """A float picture (h, w, 3), BGR grey levels, of clean but used glass; `clutter` multiplies dust and hairlines."""
    width_px, height_px = sheet.wh_px
    shade = _soft_field(rng, sheet.wh_px, 5, rng.uniform(0.5, 4.0))
    shade += _soft_field(rng, sheet.wh_px, 2, rng.uniform(0.5, 5.0))
    if rng.random() < 0.35:
        shade += _sheen(rng, sheet)
    shade += look.sign * _hairlines(rng, sheet, look, clutter)
    shade += look.sign * _dust(rng, sheet, look, clutter)
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    shade += rng.uniform(0.3, 1.6) * texture(rng, x, y, 0)
    picture = np.empty((height_px, width_px, 3), np.float32)
    for channel in range(3):
        picture[..., channel] = shade + np.float32(look.base_bgr[channel])
    return picture


def _soft_field(rng: np.random.Generator, wh_px: tuple[int, int], knots: int, amplitude: float) -> Field:
    coarse = rng.normal(0, amplitude, (knots, knots)).astype(np.float32)
    return f32(cv2.resize(coarse, wh_px, interpolation=cv2.INTER_CUBIC))


def _sheen(rng: np.random.Generator, sheet: Sheet) -> Field:
    """A soft bright stripe across the sheet: a lamp mirrored in the surface."""
    width_px, height_px = sheet.wh_px
    angle, width = rng.uniform(0, np.pi), rng.uniform(15, 60) * sheet.scale
    along = (np.arange(width_px) - rng.uniform(0, width_px)) * np.cos(angle)
    down = (np.arange(height_px) - rng.uniform(0, height_px)) * np.sin(angle)
    distance = (along[None, :] + down[:, None]).astype(np.float32) / np.float32(width)
    return f32(rng.uniform(4, 20) * np.exp(-(distance**2)))


def _count(rng: np.random.Generator, sheet: Sheet, most: float) -> int:
    width, height = sheet.wh
    return int(rng.uniform(0, most) * width * height / _REFERENCE_AREA)


def _hairlines(rng: np.random.Generator, sheet: Sheet, look: Look, clutter: float) -> Field:
    """Wiping marks: thin, straight, faint, mostly in two or three directions; brighter under back light."""
    layer = np.zeros((sheet.wh_px[1], sheet.wh_px[0]), np.uint8)
    directions = rng.uniform(0, np.pi, 3)
    strongest = rng.uniform(2, 13) if look.back_lit else rng.uniform(1, 5)
    for _ in range(_count(rng, sheet, clutter * (26 if look.back_lit else 9))):
        straight = rng.random() < 0.7
        angle = directions[int(rng.integers(3))] + rng.normal(0, 0.12) if straight else rng.uniform(0, np.pi)
        length = np.exp(rng.uniform(np.log(12), np.log(200)))
        t, sag = np.linspace(-0.5, 0.5, 6), rng.normal(0, 0.12)
        x, y = rng.uniform(0, sheet.wh[0]), rng.uniform(0, sheet.wh[1])
        along, aside = length * t, length * sag * (0.25 - t * t)
        line_x = x + np.cos(angle) * along - np.sin(angle) * aside
        line_y = y + np.sin(angle) * along + np.cos(angle) * aside
        _polyline(layer, np.stack([line_x, line_y], axis=1) * sheet.scale, int(rng.uniform(0.25, 1) * 255))
    return layer.astype(np.float32) * np.float32(strongest / 255)


def _dust(rng: np.random.Generator, sheet: Sheet, look: Look, clutter: float) -> Field:
    """Specks too small to be marks."""
    layer = np.zeros((sheet.wh_px[1], sheet.wh_px[0]), np.uint8)
    strongest = rng.uniform(8, 42)
    for _ in range(_count(rng, sheet, clutter * (22 if look.back_lit else 12))):
        x, y = rng.uniform(0, sheet.wh_px[0]), rng.uniform(0, sheet.wh_px[1])
        radius = rng.uniform(0.3, 1.3) * sheet.scale**0.5
        one = 1 << _SUBPIXEL_BITS
        centre = (int(x * one), int(y * one))
        cv2.circle(layer, centre, int(radius * one), int(rng.uniform(0.2, 1) * 255), -1, cv2.LINE_AA, _SUBPIXEL_BITS)
    return layer.astype(np.float32) * np.float32(strongest / 255)


def _polyline(layer: NDArray[np.uint8], line_px: NDArray[np.float64], value: int) -> None:
    points = (line_px * (1 << _SUBPIXEL_BITS)).round().astype(np.int32)
    cv2.polylines(layer, [points], False, value, 1, cv2.LINE_AA, _SUBPIXEL_BITS)
