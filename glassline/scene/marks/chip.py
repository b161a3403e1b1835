"""Chips: shell-shaped breaks at a cut edge, with ripples, a bright or dark facet and glass missing at the edge."""

from __future__ import annotations

import numpy as np

from glassline.scene.noise import Field, f32, soft_step, texture
from glassline.scene.sheet import Look, Mark, Sheet, Site, Window, seen

_INWARD = {"left": (1.0, 0.0), "right": (-1.0, 0.0), "top": (0.0, 1.0), "bottom": (0.0, -1.0)}


def chip(rng: np.random.Generator, sheet: Sheet, look: Look, site: Site) -> Mark | None:
    """A chip on one of the site's cut edges; None when the site has none."""
    if not site.edges:
        return None
    side = str(rng.choice(site.edges))
    inward_x, inward_y = _INWARD[side]
    half_length = float(np.exp(rng.uniform(np.log(11), np.log(30))))
    depth = half_length * float(rng.uniform(0.55, 1.05))
    x0, y0, x1, y1 = site.rect
    corner_room = 0.3 * half_length if rng.random() < 0.2 else 1.1 * half_length
    if inward_x:
        centre = (x0 if side == "left" else x1, float(rng.uniform(y0 + corner_room, y1 - corner_room)))
    else:
        centre = (float(rng.uniform(x0 + corner_room, x1 - corner_room)), y0 if side == "top" else y1)
    window = _glass_side(sheet, site, centre, max(half_length, depth) * 1.35)
    if window is None:
        return None
    x, y = window.grids()
    x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
    inwards = f32(x * inward_x + y * inward_y)
    along = f32(x * inward_y + y * inward_x)
    return seen("chip", window, _shell(rng, along / half_length, inwards / depth, half_length, look))


def _glass_side(sheet: Sheet, site: Site, centre: tuple[float, float], reach: float) -> Window | None:
    x0, y0, x1, y1 = site.rect
    return sheet.window(
        max(x0, centre[0] - reach), max(y0, centre[1] - reach), min(x1, centre[0] + reach), min(y1, centre[1] + reach)
    )


def _shell(rng: np.random.Generator, along: Field, inwards: Field, half_length: float, look: Look) -> Field:
    """`along` the edge -1 to 1, `inwards` 0 to 1 over the chip; `half_length` is its size in reference pixels."""
    u, v = along * half_length, inwards * half_length
    ragged = 0.10 * texture(rng, u, v, 3) + 0.05 * texture(rng, u, v, 2)
    skew = 1 + rng.uniform(-0.35, 0.35) * along
    rho = np.hypot(along, inwards / np.clip(skew, 0.5, 1.5)) + ragged
    body = soft_step((1 - rho) * half_length / 0.8)
    rim = np.exp(-(((rho - 0.95) * half_length / rng.uniform(1.0, 1.9)) ** 2))
    ripples = np.cos(rho * rng.uniform(9, 20) + 0.6 * texture(rng, u, v, 4))
    facet = rng.uniform(-45, 10) if look.back_lit else rng.uniform(-35, 35)
    slope = rng.uniform(-1, 1) * along
    levels = facet + rng.uniform(12, 35) * ripples * (0.4 + rho) + 25 * slope
    levels += 9 * texture(rng, u, v, 1)
    missing = soft_step((rng.uniform(0.25, 0.6) - rho) * half_length / 1.2)
    levels = (levels * (1 - missing) + look.hole_levels * missing) * body
    edge_light = rng.uniform(35, 80) if look.back_lit or rng.random() < 0.35 else -rng.uniform(40, 90)
    return f32(levels + edge_light * rim * (1 - missing))
