"""Scratches: one or a few thin strands, or a scuffed band of dense fine texture with rims."""

from __future__ import annotations

import numpy as np

from glassline.scene.noise import Field, f32, soft_step, texture, wander
from glassline.scene.ribbon import Ribbon
from glassline.scene.sheet import Look, Mark, Sheet, Site, seen


def scratch(rng: np.random.Generator, sheet: Sheet, look: Look, site: Site) -> Mark | None:
    """A scratch with fading ends, mostly thin; now and then a scuffed band."""
    banded = rng.random() < 0.25
    angle = rng.uniform(0, np.pi)
    length = min(float(np.exp(rng.uniform(np.log(70.0), np.log(240.0)))), 0.92 * site.longest(angle))
    half_width = float(np.exp(rng.uniform(np.log(2.6), np.log(8.0)) if banded else rng.uniform(-0.1, 0.75)))
    half_w = abs(np.cos(angle)) * length / 2 + 4 + half_width
    half_h = abs(np.sin(angle)) * length / 2 + 4 + half_width
    bend = rng.normal(0, 0.03) if rng.random() < 0.8 else rng.normal(0, 0.09)
    ribbon = Ribbon.lay(
        rng,
        sheet,
        centre=site.place(rng, half_w, half_h),
        angle=angle,
        length=length,
        half_width=half_width * 2.2 + 2,
        bend=float(np.clip(bend, -0.15, 0.15)),
    )
    if ribbon is None:
        return None
    levels = _band(rng, ribbon, look, half_width) if banded else _strands(rng, ribbon, look, half_width)
    return seen("scratch", ribbon.window, levels * ribbon.inside() * look.strength)


def _strands(rng: np.random.Generator, ribbon: Ribbon, look: Look, half_width: float) -> Field:
    length = ribbon.length
    taper = ribbon.taper(rng.uniform(2, 0.4 * length), rng.uniform(2, 0.4 * length))
    width = half_width * (0.6 + 0.4 * taper)
    profile = np.zeros_like(ribbon.v)
    count = 1 if rng.random() < 0.6 else int(rng.integers(2, 4))
    for strand in range(count):
        drift = rng.normal(0, 1.5) * (ribbon.t - 0.5) * half_width
        offset = drift + (rng.uniform(1.2, 3.0) * half_width * rng.choice([-1, 1]) if strand else 0.0)
        profile += np.exp(-(((ribbon.v - offset) / width) ** 2)) * np.float32(rng.uniform(0.5, 1) if strand else 1.0)
    strength = np.exp(rng.uniform(np.log(30), np.log(95 if look.back_lit else 80)))
    along = 1 + rng.uniform(0.1, 0.45) * wander(rng, ribbon.u, 2, rng.uniform(0.3, 1))
    along += rng.uniform(0, 0.3) * wander(rng, ribbon.u, 4, 0.5)
    return f32(look.sign * strength * profile * np.clip(along, 0.25, 2) * (0.3 + 0.7 * taper**0.6))


def _band(rng: np.random.Generator, ribbon: Ribbon, look: Look, half_width: float) -> Field:
    u, v, length = ribbon.u, ribbon.v, ribbon.length
    head, tail = (rng.uniform(2, 0.6 * length) if rng.random() < 0.5 else 4.0 for _ in range(2))
    taper = ribbon.taper(head, tail)
    uneven = 1 + 0.1 * wander(rng, u, 3) + 0.08 * wander(rng, u, 2)
    width = np.maximum(half_width * (0.35 + 0.65 * taper**0.7) * uneven, 0.8)
    across = v / width
    ragged = np.abs(across) + 0.14 * texture(rng, u, v, 2)
    body = soft_step((1 - ragged) * width / rng.uniform(0.5, 1.2)) * (taper > 0)
    fine = texture(rng, u, v, 0, rng.uniform(0.6, 1))
    middle = texture(rng, u, v, 1, rng.uniform(0.4, 1))
    streaks = texture(rng, u, v, 2, 0.1, 1.3)
    specks = np.maximum(0, rng.uniform(0.5, 1.1) * middle + 0.5 * fine - rng.uniform(-0.2, 0.6))
    along = np.clip(1 + rng.uniform(0.1, 0.4) * wander(rng, u, 4, 0.5), 0.25, 2)
    if look.back_lit:
        strength = np.exp(rng.uniform(np.log(24), np.log(65)))
        rim = np.exp(-(((np.abs(across) - 0.85) / rng.uniform(0.15, 0.35)) ** 2))
        shape = rng.uniform(0.1, 0.6) + 0.4 * middle + 0.3 * fine + 0.35 * streaks
        shape += rng.uniform(0.2, 1.1) * rim * np.clip(1 + 0.5 * streaks, 0, 2)
        shape -= rng.uniform(0, 1.0) * specks * np.exp(-((across * rng.uniform(1, 2)) ** 2))
        if rng.random() < 0.35:
            beside = rng.uniform(1.1, 1.6) * rng.choice([-1, 1])
            strand = 0.8 * np.exp(-(((across - beside) / 0.12) ** 2)) * np.clip(ribbon.t * 2 - 0.3, 0, 1)
            body = np.maximum(body, f32(strand > 0.05))
            shape += strand
        return f32(strength * shape * along * (0.4 + 0.6 * taper**0.5) * body)
    strength = np.exp(rng.uniform(np.log(22), np.log(65)))
    shape = rng.uniform(0.3, 0.6) + rng.uniform(0.4, 1.2) * specks + 0.25 * np.maximum(0, streaks)
    return f32(-strength * shape * along * (0.3 + 0.7 * taper ** rng.uniform(0.3, 1)) * body)
