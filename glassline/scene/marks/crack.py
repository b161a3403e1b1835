"""Cracks: a jagged line that forks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from glassline.scene.noise import Field, f32, texture
from glassline.scene.sheet import Look, Mark, Sheet, Site, Window, seen

_SUBPIXEL_BITS = 4


def crack(rng: np.random.Generator, sheet: Sheet, look: Look, site: Site) -> Mark | None:
    """One crack with its branches."""
    length = float(rng.uniform(55, 150))
    angle = rng.uniform(0, 2 * np.pi)
    lines = _fork(rng, length, angle)
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    centre = np.array(site.place(rng, (high[0] - low[0]) / 2 + 5, (high[1] - low[1]) / 2 + 5))
    shift = centre - (low + high) / 2
    lines = [line + shift for line in lines]
    low, high = low + shift, high + shift
    window = sheet.window(low[0] - 5, low[1] - 5, high[0] + 5, high[1] + 5)
    if window is None:
        return None
    return seen("crack", window, _fracture_levels(rng, window, lines, look))


def _fork(rng: np.random.Generator, length: float, angle: float) -> list[NDArray[np.float64]]:
    """A random walk that changes its heading by jerks, with one to four shorter branches of the same kind."""

    def walk(start: NDArray[np.float64], heading: float, reach: float) -> NDArray[np.float64]:
        steps = max(3, int(reach / rng.uniform(7, 13)))
        headings = heading + np.clip(np.cumsum(rng.normal(0, 0.28, steps)), -0.8, 0.8) + rng.normal(0, 0.33, steps)
        moves = np.stack([np.cos(headings), np.sin(headings)], axis=1) * reach / steps
        return np.vstack([start, start + np.cumsum(moves * rng.uniform(0.5, 1.5, (steps, 1)), axis=0)])

    trunk = walk(np.zeros(2), angle, length)
    lines = [trunk]
    for _ in range(int(rng.integers(1, 5))):
        parent = lines[int(rng.integers(min(len(lines), 2)))]
        start = parent[int(rng.integers(1, len(parent) - 1))]
        turn = rng.choice([-1, 1]) * rng.uniform(0.45, 1.15)
        lines.append(walk(start, angle + turn, length * rng.uniform(0.2, 0.5)))
    return lines


def _fracture_levels(rng: np.random.Generator, window: Window, lines: list[NDArray[np.float64]], look: Look) -> Field:
    core = np.zeros((window.bottom - window.top, window.right - window.left), np.uint8)
    for index, line in enumerate(lines):
        pixels = (line * window.scale - (window.left, window.top)) * (1 << _SUBPIXEL_BITS)
        width = (rng.uniform(1.2, 2.4) if index == 0 else rng.uniform(0.9, 1.6)) * window.scale
        cv2.polylines(
            core, [pixels.round().astype(np.int32)], False, 255, max(1, round(width)), cv2.LINE_AA, _SUBPIXEL_BITS
        )
    blade = cv2.GaussianBlur(f32(core) / 255, (0, 0), 0.5 * window.scale)
    dx, dy = rng.uniform(-2, 2, 2) * window.scale
    moved = cv2.warpAffine(blade, f32([[1, 0, dx], [0, 1, dy]]), (core.shape[1], core.shape[0]))
    x, y = window.grids()
    uneven = np.clip(0.85 + 0.3 * texture(rng, x, y, 3), 0.3, 1.4)
    gleam = np.maximum(0, moved - blade) * np.clip(texture(rng, x, y, 4) + 0.4, 0, 1.5)
    if look.back_lit:
        levels = rng.uniform(70, 130) * blade * uneven - rng.uniform(20, 60) * gleam
    else:
        levels = -rng.uniform(80, 150) * blade * uneven + rng.uniform(20, 60) * gleam
    return f32(levels * look.strength)
