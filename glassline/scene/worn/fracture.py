"""Cracks inside thick glass: a spindle of thin black strands with gaps and loops, black under either light."""

from __future__ import annotations

import numpy as np

from glassline.scene.noise import Field, f32, soft_step, texture, wander
from glassline.scene.sheet import Mark, Sheet
from glassline.scene.worn.path import Path, boxed


def fracture(rng: np.random.Generator, sheet: Sheet, *, back_lit: bool) -> Mark | None:
    """One crack."""
    length = float(np.exp(rng.uniform(np.log(60), np.log(480))))
    half_width = max(1.0, length * float(np.exp(rng.uniform(np.log(0.008), np.log(0.13)))))
    path = Path.draw(rng, sheet, length=length)
    ribbon = path.lay(rng, sheet, half_width * 1.8 + 3)
    if ribbon is None:
        return None
    u, v = ribbon.u, ribbon.v
    t = np.clip(ribbon.t, 0, 1) ** rng.uniform(0.6, 1.6)
    spindle = half_width * (4 * t * (1 - t)) ** rng.uniform(0.5, 1.0) * (1 + 0.15 * wander(rng, u, 4)) + 0.5
    across = v / np.maximum(spindle, 0.8)
    body = soft_step((1.05 - np.abs(across)) * np.maximum(spindle, 1) / 0.7) * ribbon.inside()
    black = _strands(rng, u, v, f32(spindle), length)
    clots = 0.8 * texture(rng, u, v, 3, 0.15) + 0.7 * texture(rng, u, v, 2, 0.3) + 0.5 * texture(rng, u, v, 1, 0.6)
    filled = soft_step((clots - np.float32(rng.uniform(-0.2, 1.6))) * 4)
    loops = soft_step((texture(rng, u, v, 2, 0.12, 0.8) - np.float32(rng.uniform(0.4, 1.2))) * 5)
    dark = np.maximum(black, filled * (1 - loops)) * body
    levels = -rng.uniform(60, 165) * dark - rng.uniform(0, 22) * body
    levels += rng.uniform(0, 55 if back_lit else 20) * loops * body * (1 - dark)
    levels += _halo(rng, ribbon.t, f32(across), back_lit)
    extent = (np.abs(across) < 1.05) & (ribbon.inside() > 0)
    return boxed("crack", sheet, ribbon.window, f32(levels), extent=extent, room=float(rng.uniform(0, 7)))


def _strands(rng: np.random.Generator, u: Field, v: Field, spindle: Field, length: float) -> Field:
    """A few lines that weave within the spindle and are broken off here and there, 0-1."""
    black = np.zeros_like(v)
    for _ in range(int(rng.integers(2, 6))):
        at = rng.uniform(-0.9, 0.9) + rng.uniform(0.1, 0.5) * wander(rng, u, 4, 60 / length)
        at = np.clip(at + 0.08 * wander(rng, u, 2), -1, 1)
        thin = np.maximum(0.6, rng.uniform(0.5, 2.2) * (1 + 0.5 * wander(rng, u, 3)))
        there = soft_step((wander(rng, u, 4, 0.6) + np.float32(rng.uniform(-0.2, 1.5))) * 5)
        black = np.maximum(black, np.exp(-(((v - at * spindle) / thin) ** 2)) * there)
    return f32(black)


def _halo(rng: np.random.Generator, t: Field, across: Field, back_lit: bool) -> Field:
    ring = np.exp(-(((np.abs(across) - rng.uniform(1.0, 1.3)) / rng.uniform(0.05, 0.15)) ** 2))
    sign = float(rng.choice((-1.0, 1.0))) if back_lit else -1.0
    return f32(sign * rng.uniform(0, 25) * ring * ((t > 0.1) & (t < 0.9)))
