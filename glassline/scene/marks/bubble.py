"""Bubbles: gas enclosed in the glass, a lens with a dark rim and a point of light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassline.scene.noise import Field, f32
from glassline.scene.sheet import Look, Mark, Sheet, Site, seen


def bubble(rng: np.random.Generator, sheet: Sheet, look: Look, site: Site) -> Mark | None:
    """A round or drawn-out bubble; one in six has a smaller one beside it, under the same box."""
    radius = float(np.exp(rng.uniform(np.log(6.0), np.log(17.0))))
    stretch, angle = (rng.uniform(1.0, 1.25) if rng.random() < 0.7 else rng.uniform(1.3, 2.1)), rng.uniform(0, np.pi)
    reach = radius * np.sqrt(stretch) + 3
    twin = rng.random() < 1 / 6
    centre = site.place(rng, reach * (1.8 if twin else 1), reach * (1.8 if twin else 1))
    extent = reach * (2.2 if twin else 1.2)
    window = sheet.window(centre[0] - extent, centre[1] - extent, centre[0] + extent, centre[1] + extent)
    if window is None:
        return None
    x, y = window.grids()
    levels = _lens(rng, x - centre[0], y - centre[1], _Lens(radius, stretch, angle), look)
    if twin:
        direction, small = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.3, 0.55)
        gap = radius * np.sqrt(stretch) + small
        beside_x, beside_y = centre[0] + gap * np.cos(direction), centre[1] + gap * np.sin(direction)
        levels = levels + _lens(rng, f32(x - beside_x), f32(y - beside_y), _Lens(small, 1.0, 0.0), look)
    return seen("bubble", window, levels * look.strength)


@dataclass(frozen=True)
class _Lens:
    """Radius in reference pixels, long over short axis, direction of the long one in radians."""

    radius: float
    stretch: float
    angle: float


def _lens(rng: np.random.Generator, x: Field, y: Field, lens: _Lens, look: Look) -> Field:
    radius, cos, sin = lens.radius, np.float32(np.cos(lens.angle)), np.float32(np.sin(lens.angle))
    long, wide = (x * cos + y * sin) / np.sqrt(lens.stretch), (y * cos - x * sin) * np.sqrt(lens.stretch)
    rho = np.hypot(long, wide) / radius
    soft = max(1.2 / radius, rng.uniform(0.1, 0.2))
    rim = np.exp(-(((rho - 0.85) / soft) ** 2))
    inside = 1 / (1 + np.exp(np.clip((rho - 0.9) / (0.5 * soft), -20, 20)))
    slant = (long * rng.uniform(-1, 1) + wide * rng.uniform(-1, 1)) / radius
    spot_x, spot_y, spot_r = rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4), max(0.9 / radius, rng.uniform(0.12, 0.25))
    point = np.exp(-(((long / radius - spot_x) ** 2 + (wide / radius - spot_y) ** 2) / spot_r**2))
    if look.back_lit:
        rim_levels, fill, glint = rng.uniform(45, 100), rng.uniform(-30, 10), rng.uniform(30, 90)
    else:
        rim_levels, fill, glint = -rng.uniform(50, 110), rng.uniform(-12, 22), rng.uniform(25, 60)
    return f32(rim_levels * rim + inside * (fill + 18 * slant) + glint * point)
