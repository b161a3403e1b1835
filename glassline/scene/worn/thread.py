"""Thin scratches: one or a few threads, patchy and dark in the light, bright and often double against it."""

from __future__ import annotations

import numpy as np

from glassline.scene.noise import f32, soft_step, texture, wander
from glassline.scene.sheet import Sheet
from glassline.scene.worn.path import Joint, Path, Run, boxed


def thread(rng: np.random.Generator, sheet: Sheet, *, back_lit: bool, start: Joint | None = None) -> Run | None:
    """One scratch; dark ones are faint, fade out and keep the box of all of their length."""
    long = rng.random() < 0.7
    length = float(rng.uniform(300, 1200) if long else np.exp(rng.uniform(np.log(60), np.log(400))))
    half_width = float(np.exp(rng.uniform(np.log(0.6), np.log(5.0 if back_lit else 2.6))))
    path = Path.draw(rng, sheet, length=length, start=start)
    ribbon = path.lay(rng, sheet, half_width * 5 + 2)
    if ribbon is None:
        return None
    u, v = ribbon.u, ribbon.v
    taper = ribbon.taper(rng.uniform(0.02, 0.5) * length, rng.uniform(0.02, 0.5) * length)
    width = np.maximum(half_width * (0.4 + 0.6 * taper) * (1 + 0.1 * wander(rng, u, 3)), 0.45)
    profile = np.zeros_like(v)
    for line in range(1 if rng.random() < 0.5 else int(rng.integers(2, 5))):
        at = (rng.uniform(-1.8, 1.8) * half_width if line else 0.0) + rng.normal(0, 1.0) * half_width * (ribbon.t - 0.5)
        thin = width * (rng.uniform(0.3, 0.8) if half_width > 1.2 else 1.0)
        profile += np.exp(-(((v - at) / thin) ** 2)) * np.float32(rng.uniform(0.4, 1) if line else 1)
    if half_width > 1.5:
        profile += rng.uniform(0.1, 0.5) * soft_step((1 - np.abs(v) / width) * 4)
    along = 1 + rng.uniform(0.1, 0.6) * wander(rng, u, 2, rng.uniform(0.3, 1)) + 0.3 * wander(rng, u, 4, 0.4)
    if rng.random() < 0.5:
        along += rng.uniform(0.2, 0.7) * texture(rng, u, v, 1)
    weakest, strongest = (8, 60) if back_lit else (5, 40)
    strength = float(np.exp(rng.uniform(np.log(weakest), np.log(strongest))))
    sign = 1 if back_lit else -1
    levels = sign * strength * profile * np.clip(along, 0.05, 2) * (0.15 + 0.85 * taper ** rng.uniform(0.4, 1.2))
    inside = ribbon.inside()
    extent = (np.abs(v) < max(1.5, 1.6 * half_width)) & (inside > 0)
    mark = boxed("thread", sheet, ribbon.window, f32(levels * inside), extent=extent, room=float(rng.uniform(0, 4)))
    return None if mark is None else Run(mark, path)
