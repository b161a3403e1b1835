"""Stains: dried drops, films and spots on the surface, soft and often tinted."""

from __future__ import annotations

import numpy as np

from glassline.scene.noise import Field, f32, soft_step, texture
from glassline.scene.sheet import Look, Mark, Sheet, Site, Window, seen

_TINTS_BGR = ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (1.35, 1.0, 0.7), (0.8, 0.95, 1.2), (1.25, 1.25, 0.45))


def stain(rng: np.random.Generator, sheet: Sheet, look: Look, site: Site) -> Mark | None:
    """A dried drop with a rim, a blotchy film, or a small strong spot."""
    spot = rng.random() < 0.12
    radius = float(np.exp(rng.uniform(np.log(4.5), np.log(8)) if spot else rng.uniform(np.log(13), np.log(40))))
    reach = radius * 1.6 + 3
    centre = site.place(rng, reach, reach)
    window = sheet.window(centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    if window is None:
        return None
    u, v, rho = _blot(rng, window, centre, radius)
    body = soft_step((1 - rho) * radius / rng.uniform(0.7, 0.7 + 0.12 * radius))
    if spot:
        levels = rng.uniform(45, 130) * body * (0.8 + 0.2 * texture(rng, u, v, 1))
    elif rng.random() < 0.5:
        levels = _dried_drop(rng, u, v, rho, radius) * body
    else:
        levels = _film(rng, u, v) * body
    sign = look.sign if rng.random() < 0.85 else -1.0
    tint = _TINTS_BGR[int(rng.integers(len(_TINTS_BGR)))] if sign < 0 else _TINTS_BGR[0]
    return seen("stain", window, f32(sign * levels * look.strength), tint)


def _blot(
    rng: np.random.Generator, window: Window, centre: tuple[float, float], radius: float
) -> tuple[Field, Field, Field]:
    """Coordinates about the centre, and the distance in radii of a closed outline with a few random lobes."""
    x, y = window.grids()
    x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
    stretch, angle = rng.uniform(1, 1.7), rng.uniform(0, np.pi)
    u = f32(x * np.cos(angle) + y * np.sin(angle))
    v = f32(y * np.cos(angle) - x * np.sin(angle))
    rho = np.hypot(u / np.sqrt(stretch), v * np.sqrt(stretch)) / radius
    theta, wild = np.arctan2(v, u), rng.uniform(0.03, 0.2)
    for lobes, share in ((2, 1.0), (3, 0.7), (5, 0.5)):
        rho = rho * (1 + wild * share * np.sin(lobes * theta + rng.uniform(0, 6.3)))
    if radius > 6:
        rho = rho + 0.08 * texture(rng, u, v, 3)
    return u, v, f32(rho)


def _dried_drop(rng: np.random.Generator, u: Field, v: Field, rho: Field, radius: float) -> Field:
    strength = np.exp(rng.uniform(np.log(24), np.log(60)))
    rim = np.exp(-(((rho - 0.88) / max(1.5 / radius, rng.uniform(0.06, 0.16))) ** 2))
    rings = rng.uniform(0, 0.25) * np.cos(rho * rng.uniform(10, 25))
    fill = rng.uniform(0.25, 0.5) + rings + 0.12 * texture(rng, u, v, 3)
    return f32(strength * (rim + np.maximum(0.1, fill)))


def _film(rng: np.random.Generator, u: Field, v: Field) -> Field:
    strength = np.exp(rng.uniform(np.log(24), np.log(60)))
    cloud = 0.45 * texture(rng, u, v, 3) + 0.3 * texture(rng, u, v, 2) + 0.2 * texture(rng, u, v, 1)
    return f32(strength * np.maximum(0.0, rng.uniform(0.5, 0.9) + cloud))
