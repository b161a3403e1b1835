"""A curved strip with its own coordinates: scratches, bands and cracks are painted along it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassline.scene.noise import Field, f32
from glassline.scene.sheet import Sheet, Window


@dataclass(frozen=True)
class Ribbon:
    """u runs along the strip (0 to `length`), v across it (0 in the middle); both reference pixels, each (h, w)."""

    window: Window
    u: Field
    v: Field
    length: float

    @classmethod
    def lay(
        cls,
        rng: np.random.Generator,
        sheet: Sheet,
        *,
        centre: tuple[float, float],
        angle: float,
        length: float,
        half_width: float,
        bend: float = 0.0,
    ) -> Ribbon | None:
        """Lay a strip; `bend` is its sag as a share of its length. None when it misses the sheet."""
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        start = np.array(centre) - along * length / 2 - across * bend * length / 2
        margin = half_width + abs(bend) * length + 0.02 * length + 4
        corners = np.array([start + along * s + across * m for s in (-4.0, length + 4) for m in (-margin, margin)])
        window = sheet.window(*corners.min(axis=0), *corners.max(axis=0))
        if window is None:
            return None
        x, y = window.grids()
        x, y = x - np.float32(start[0]), y - np.float32(start[1])
        u = x * np.float32(along[0]) + y * np.float32(along[1])
        t = np.clip(u / length, -0.1, 1.1)
        wave = rng.normal(0, 0.004) * length * np.sin(t * rng.uniform(5, 12))
        sag = bend * length * 4 * t * (1 - t)
        v = x * np.float32(across[0]) + y * np.float32(across[1]) - sag - wave
        return cls(window, f32(u), f32(v), length)

    @property
    def t(self) -> Field:
        """Position along the strip, 0 to 1 between its ends."""
        return self.u / np.float32(self.length)

    def inside(self) -> Field:
        """1 between the ends of the strip, 0 beyond them."""
        return f32((self.u > 0) & (self.u < self.length))

    def taper(self, head: float, tail: float) -> Field:
        """Rises from 0 to 1 over `head` reference pixels and falls to 0 over `tail`."""
        rise = np.clip(self.u / np.float32(max(head, 1e-3)), 0, 1)
        fall = np.clip((self.length - self.u) / np.float32(max(tail, 1e-3)), 0, 1)
        return f32(rise * fall)
