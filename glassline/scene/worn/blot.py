"""Spots and blows: specks, dried drops and films, and patches where a blow has shattered the surface."""

from __future__ import annotations

import numpy as np

from glassline.scene.noise import Field, f32, soft_step, texture
from glassline.scene.sheet import Mark, Sheet, Window
from glassline.scene.worn.path import boxed

_TINTS_BGR = ((1.35, 1.0, 0.7), (1.5, 1.0, 0.6), (0.6, 0.95, 1.25), (1.1, 0.9, 1.0))


def spot(rng: np.random.Generator, sheet: Sheet, *, back_lit: bool) -> Mark | None:
    """A speck of a few pixels, or a drop or film of a few dozen; box with room, as people draw it."""
    small = rng.random() < 0.62
    radius = float(np.exp(rng.uniform(np.log(1.7), np.log(6)) if small else rng.uniform(np.log(6), np.log(32))))
    outline = _outline(rng, sheet, radius, wild=float(rng.uniform(0, 0.2)), longest=3.0 if rng.random() < 0.2 else 1.7)
    if outline is None:
        return None
    window, u, v, rho = outline
    body = soft_step((1 - rho) * radius / rng.uniform(0.35, 0.9))
    mottled = np.clip(rng.uniform(0.6, 1) + rng.uniform(0, 0.5) * texture(rng, u, v, 1), 0, 1.5)
    if back_lit:
        levels, tint = _against_the_light(rng, u, v, rho, mottled)
    else:
        faint = rng.random() < 0.4
        strength = np.exp(rng.uniform(np.log(7), np.log(30)) if faint else rng.uniform(np.log(30), np.log(160)))
        ring = np.clip(rho * 1.3, 0.2, 1) if rng.random() < 0.25 else 1.0
        levels, tint = -strength * mottled * ring, _tint(rng)
    room = float(rng.uniform(1.0, 3.5))
    return boxed("spot", sheet, window, f32(levels * body), extent=rho < 1, room=room, tint_bgr=tint)


def blow(rng: np.random.Generator, sheet: Sheet, *, back_lit: bool) -> Mark | None:
    """A shattered patch: crumpled edges, dark in the light; filled with bright splinters against it."""
    radius = float(np.exp(rng.uniform(np.log(12), np.log(95))))
    outline = _outline(rng, sheet, radius, wild=float(rng.uniform(0.05, 0.3)), longest=2.6)
    if outline is None:
        return None
    window, u, v, rho = outline
    body = soft_step((1 - rho) * radius / rng.uniform(0.5, 2.0))
    size = float(np.clip(14 / radius, 0.35, 1.2))
    veins = soft_step((0.35 - np.abs(texture(rng, u, v, 2, size, size))) * 9)
    finer = soft_step((0.3 - np.abs(texture(rng, u, v, 1, size, size))) * 7)
    where = soft_step((texture(rng, u, v, 4, size, size) + np.float32(rng.uniform(-0.8, 0.8))) * 3)
    slope = (u * rng.uniform(-1, 1) + v * rng.uniform(-1, 1)) / radius
    rim = np.exp(-(((rho - rng.uniform(0.75, 0.95)) / rng.uniform(0.08, 0.25)) ** 2)) * np.clip(0.5 + slope, 0, 1.2)
    broken = np.clip(where * (0.7 * veins + 0.5 * finer) + rim * rng.uniform(0.2, 1.0) * (0.5 + 0.5 * finer), 0, 1.3)
    if back_lit:
        strength = rng.uniform(6, 26)
        levels = strength * (0.5 + 0.5 * texture(rng, u, v, 1, size, size) + 0.5 * texture(rng, u, v, 2) + rim)
        levels = levels - rng.uniform(0, 70) * broken * soft_step(6 * texture(rng, u, v, 3))
    else:
        levels = -rng.uniform(25, 115) * broken - rng.uniform(0, 18)
        if rng.random() < 0.4:
            levels = levels * soft_step(4 * (texture(rng, u, v, 3, size, size) + np.float32(rng.uniform(0, 1))))
    room = float(rng.uniform(0, 5))
    return boxed("blow", sheet, window, f32(levels * body), extent=rho < 1, room=room)


def _outline(
    rng: np.random.Generator, sheet: Sheet, radius: float, *, wild: float, longest: float
) -> tuple[Window, Field, Field, Field] | None:
    """A window at a random place, coordinates about its centre, and the distance from there in radii."""
    width, height = sheet.wh
    centre = float(rng.uniform(0.01, 0.99) * width), float(rng.uniform(0.01, 0.99) * height)
    stretch, angle = rng.uniform(1, longest), rng.uniform(0, np.pi)
    reach = radius * np.sqrt(stretch) * (1.25 + 2 * wild) + 4
    window = sheet.window(centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    if window is None:
        return None
    x, y = window.grids()
    x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
    u, v = f32(x * np.cos(angle) + y * np.sin(angle)), f32(y * np.cos(angle) - x * np.sin(angle))
    rho = np.hypot(u / np.sqrt(stretch), v * np.sqrt(stretch)) / radius
    theta = np.arctan2(v, u)
    for lobes, share in ((2, 1.0), (3, 0.7), (5, 0.5)):
        rho = rho * (1 + wild * share * np.sin(lobes * theta + rng.uniform(0, 6.3)))
    if radius > 5:
        rho = rho + 0.08 * texture(rng, u, v, 3)
    return window, u, v, f32(rho)


def _tint(rng: np.random.Generator) -> tuple[float, float, float]:
    return _TINTS_BGR[int(rng.integers(len(_TINTS_BGR)))] if rng.random() < 0.4 else (1.0, 1.0, 1.0)


def _against_the_light(
    rng: np.random.Generator, u: Field, v: Field, rho: Field, mottled: Field
) -> tuple[Field, tuple[float, float, float]]:
    white = (1.0, 1.0, 1.0)
    kind = rng.random()
    if kind < 0.5:
        return f32(np.exp(rng.uniform(np.log(7), np.log(58))) * mottled), white
    if kind < 0.75:
        dark = soft_step((0.55 - rho + 0.2 * texture(rng, u, v, 1)) * 6)
        return f32(rng.uniform(15, 50) * mottled - rng.uniform(20, 90) * dark), white
    if kind < 0.9:
        return f32(-np.exp(rng.uniform(np.log(14), np.log(100))) * mottled), _tint(rng)
    ring = np.exp(-(((rho - 0.85) / 0.18) ** 2))
    return f32(rng.uniform(10, 40) * mottled - rng.uniform(20, 80) * ring), white
