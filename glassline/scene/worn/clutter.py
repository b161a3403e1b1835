"""What lies on worn glass and is no defect: hairlines, tufts, lint, dust and smudges, fainter than any mark."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from glassline.scene.noise import Field, f32, texture
from glassline.scene.sheet import Sheet

_SUBPIXEL_BITS = 4
_ONE = 1 << _SUBPIXEL_BITS


def clutter(rng: np.random.Generator, sheet: Sheet, *, back_lit: bool) -> Field:
    """Grey levels (h, w): dark and sparse in the light, bright and dense against it."""
    amount = float(np.exp(rng.uniform(np.log(0.15), np.log(1.6))))
    shade = _smudges(rng, sheet) * (1 if back_lit else -0.5)
    if back_lit:
        lines = _lines(rng, sheet, count=int(150 * amount), shortest=15, longest=700)
        shade += lines * np.float32(rng.uniform(3, 13))
        tufts = _lines(rng, sheet, count=int(rng.uniform(0, 30)), shortest=4, longest=30)
        shade += tufts * np.float32(rng.uniform(8, 35))
        shade += _dust(rng, sheet, int(40 * amount)) * np.float32(rng.uniform(8, 45))
    else:
        if rng.random() < 0.4:
            lines = _lines(rng, sheet, count=int(20 * amount), shortest=15, longest=300)
            shade -= lines * np.float32(rng.uniform(0.8, 3.5))
        shade -= _dust(rng, sheet, int(45 * amount)) * np.float32(rng.uniform(4, 28))
    return f32(shade)


def _lines(rng: np.random.Generator, sheet: Sheet, *, count: int, shortest: float, longest: float) -> Field:
    """Thin lines of strength 0-1, most of them in a few families of one direction, uneven along their way."""
    layer = np.zeros((sheet.wh_px[1], sheet.wh_px[0]), np.uint8)
    directions = rng.uniform(0, np.pi, 4)
    for _ in range(count):
        angle = directions[int(rng.integers(4))] + rng.normal(0, 0.1) if rng.random() < 0.7 else rng.uniform(0, np.pi)
        length = float(np.exp(rng.uniform(np.log(shortest), np.log(longest))))
        t, sag = np.linspace(-0.5, 0.5, 9), rng.normal(0, 0.06)
        along, aside = length * t, length * sag * 4 * (0.25 - t * t)
        x, y = rng.uniform(0, sheet.wh[0]), rng.uniform(0, sheet.wh[1])
        points = np.stack(
            [x + np.cos(angle) * along - np.sin(angle) * aside, y + np.sin(angle) * along + np.cos(angle) * aside],
            axis=1,
        )
        _polyline(layer, points * sheet.scale, int(255 * rng.uniform(0.15, 1) ** 1.5))
    across, down = _grids(sheet)
    uneven = np.clip(0.75 + 0.5 * texture(rng, across, down, 3), 0.1, 1.4)
    return f32(f32(layer) / 255 * uneven)


def _dust(rng: np.random.Generator, sheet: Sheet, count: int) -> Field:
    layer = np.zeros((sheet.wh_px[1], sheet.wh_px[0]), np.uint8)
    for _ in range(count):
        centre = (int(rng.uniform(0, sheet.wh_px[0]) * _ONE), int(rng.uniform(0, sheet.wh_px[1]) * _ONE))
        radius = int(rng.uniform(0.3, 1.2) * sheet.scale * _ONE)
        value = int(255 * rng.uniform(0.2, 1) ** 2)
        cv2.circle(layer, centre, radius, value, -1, cv2.LINE_AA, _SUBPIXEL_BITS)
    return f32(f32(layer) / 255)


def _smudges(rng: np.random.Generator, sheet: Sheet) -> Field:
    """Soft blotches over small parts of the sheet."""
    across, down = _grids(sheet)
    shade = np.zeros_like(across)
    for _ in range(int(rng.integers(0, 4))):
        x, y, radius = rng.uniform(0, sheet.wh[0]), rng.uniform(0, sheet.wh[1]), rng.uniform(12, 90)
        near = np.exp(-(((across - x) ** 2 + (down - y) ** 2) / radius**2).astype(np.float32))
        shade += rng.uniform(1, 7) * near
    return f32(shade)


def _grids(sheet: Sheet) -> tuple[Field, Field]:
    x = (np.arange(sheet.wh_px[0], dtype=np.float32) + 0.5) / np.float32(sheet.scale)
    y = (np.arange(sheet.wh_px[1], dtype=np.float32) + 0.5) / np.float32(sheet.scale)
    across, down = np.meshgrid(x, y)
    return across, down


def _polyline(layer: NDArray[np.uint8], line_px: NDArray[np.float64], value: int) -> None:
    points = (line_px * _ONE).round().astype(np.int32)
    cv2.polylines(layer, [points], False, value, 1, cv2.LINE_AA, _SUBPIXEL_BITS)
