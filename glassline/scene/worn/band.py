"""Ground bands: long strips of crushed surface that often leave the picture, grey or crumbly, with rims and tails."""

from __future__ import annotations

import numpy as np

from glassline.scene.noise import Field, f32, soft_step, texture, wander
from glassline.scene.ribbon import Ribbon
from glassline.scene.sheet import Sheet
from glassline.scene.worn.path import Joint, Path, Run, boxed


def band(rng: np.random.Generator, sheet: Sheet, *, back_lit: bool, start: Joint | None = None) -> Run | None:
    """One band, now and then with a second or third beside it under the same box."""
    long = rng.random() < 0.8
    length = float(rng.uniform(400, 1400) if long else np.exp(rng.uniform(np.log(60), np.log(450))))
    half_width = float(np.exp(rng.uniform(np.log(2.2), np.log(20))))
    if rng.random() < 0.08:
        half_width = float(rng.uniform(20, 55))
    half_width = min(half_width, length / 5)
    path = Path.draw(rng, sheet, length=length, start=start)
    strips = 1 if rng.random() < 0.78 else int(rng.integers(2, 4))
    ribbon = path.lay(rng, sheet, half_width * (1.9 * strips + 0.6) + 3)
    if ribbon is None:
        return None
    levels, extent = np.zeros_like(ribbon.v), np.zeros(ribbon.v.shape, np.bool_)
    offset = 0.0
    for strip in range(strips):
        width = half_width if not strip else half_width * float(rng.uniform(0.25, 0.8))
        if strip:
            offset = float(rng.uniform(1.2, 1.8) * half_width * (1 if strip == 1 else -1))
        layer, body = _strip(rng, ribbon, f32(ribbon.v - np.float32(offset)), width, back_lit)
        levels += layer
        extent |= body > 0.4
    mark = boxed("band", sheet, ribbon.window, levels, extent=extent, room=float(rng.uniform(0, 5)))
    return None if mark is None else Run(mark, path)


def _strip(
    rng: np.random.Generator, ribbon: Ribbon, v: Field, half_width: float, back_lit: bool
) -> tuple[Field, Field]:
    """Grey levels, and how much each pixel belongs to the strip, 0-1."""
    u, length = ribbon.u, ribbon.length
    head, tail = (rng.uniform(0.05, 0.6) * length if rng.random() < 0.55 else 5.0 for _ in range(2))
    taper = ribbon.taper(head, tail)
    uneven = 1 + rng.uniform(0, 0.14) * wander(rng, u, 4, 0.7) + rng.uniform(0, 0.12) * wander(rng, u, 2)
    width = np.maximum(half_width * (0.25 + 0.75 * taper**0.7) * uneven, 0.8)
    knob = _knob(rng, ribbon, half_width) if rng.random() < 0.25 else np.float32(0)
    width = width * (1 + 0.6 * knob)
    across = v / width
    ragged = np.abs(across) + rng.uniform(0.05, 0.25) * texture(rng, u, v, 2)
    ragged += rng.uniform(0, 0.2) * texture(rng, u, v, 1)
    body = soft_step((1 - ragged) * width / rng.uniform(0.4, 1.1)) * (taper > 0)
    crumbs = _crumbs(rng, u, v)
    patchy = np.clip(1 + rng.uniform(0.1, 0.6) * wander(rng, u, 4, 0.4), 0.1, 2) * (1 + 0.8 * knob)
    fade = np.ones_like(taper) if rng.random() < 0.4 else taper ** rng.uniform(0.3, 1.2)
    shape = _lit_from_behind if back_lit else _lit_from_the_front
    levels = shape(rng, ribbon, crumbs, across) * patchy * (0.25 + 0.75 * fade)
    if back_lit and rng.random() < 0.4:
        levels, body = _beside(rng, ribbon, levels * body, body, across)
        return levels, body
    return f32(levels * body), body


def _crumbs(rng: np.random.Generator, u: Field, v: Field) -> Field:
    """Crushed glass, mean near 0 and unit variance: flakes and veins at several sizes, sometimes drawn out."""
    along = float(rng.choice((1.0, rng.uniform(0.2, 0.7))))
    layers = (
        (rng.uniform(0.2, 1.0), texture(rng, u, v, 0, along)),
        (rng.uniform(0.3, 1.0), texture(rng, u, v, 1, along, 1)),
        (rng.uniform(0.1, 0.9), texture(rng, u, v, 2, along, 1)),
        (rng.uniform(0.0, 0.9), 1.6 * (0.8 - np.abs(texture(rng, u, v, 2, along, 1)))),
    )
    total = float(np.sqrt(sum(weight**2 for weight, _ in layers)))
    return f32(sum(weight * layer for weight, layer in layers) / total)


def _knob(rng: np.random.Generator, ribbon: Ribbon, half_width: float) -> Field:
    """Where one end is broken up into a clump, 0-1."""
    reach = half_width * rng.uniform(1.5, 4)
    distance = ribbon.u if rng.random() < 0.5 else ribbon.length - ribbon.u
    return f32(np.exp(-((distance / np.float32(reach)) ** 2)))


def _lit_from_the_front(rng: np.random.Generator, ribbon: Ribbon, crumbs: Field, across: Field) -> Field:
    strength = float(np.exp(rng.uniform(np.log(7), np.log(60))))
    flakes = np.maximum(0, crumbs + np.float32(rng.uniform(-0.6, 0.6)))
    fill, kind = rng.uniform(0.05, 0.5), rng.random()
    if kind < 0.3:
        shape = 0.7 + 0.3 * crumbs
    elif kind < 0.75:
        shape = fill + rng.uniform(0.6, 1.4) * flakes
    else:
        rim = np.exp(-(((np.abs(across) - rng.uniform(0.6, 0.9)) / rng.uniform(0.2, 0.4)) ** 2))
        one_sided = soft_step(across * float(rng.choice((-6.0, 6.0, 0.0))))
        shape = fill * 0.5 + (0.3 + flakes) * rim * one_sided * 1.5
    if rng.random() < 0.25:
        shape = shape + 0.4 * np.maximum(0, texture(rng, ribbon.u, ribbon.v, 2, 0.1, 1.3))
    light = rng.uniform(0, 12) * np.maximum(0, -crumbs - np.float32(0.5))
    return f32(-strength * shape + light)


def _lit_from_behind(rng: np.random.Generator, ribbon: Ribbon, crumbs: Field, across: Field) -> Field:
    strength = float(np.exp(rng.uniform(np.log(5.5), np.log(32))))
    streaks = texture(rng, ribbon.u, ribbon.v, 2, 0.1, 1.3)
    shape = rng.uniform(0.1, 1.0) + rng.uniform(0.2, 0.7) * crumbs + rng.uniform(0, 0.4) * streaks
    rims = np.zeros_like(across)
    for side in (-1.0, 1.0):
        if rng.random() < 0.6:
            rims += np.exp(-(((across - side * rng.uniform(0.7, 0.95)) / rng.uniform(0.12, 0.35)) ** 2))
    shape += rng.uniform(0.3, 1.6) * rims * np.clip(1 + 0.5 * streaks, 0.1, 2)
    if rng.random() < 0.5:
        middle = np.exp(-((across * rng.uniform(0.9, 2.2)) ** 2))
        dark = texture(rng, ribbon.u, ribbon.v, 1, 0.7) + np.float32(rng.uniform(-0.5, 0.9))
        shape -= rng.uniform(0.4, 2.2) * np.maximum(0, dark) * middle
    return f32(strength * shape)


def _beside(rng: np.random.Generator, ribbon: Ribbon, levels: Field, body: Field, across: Field) -> tuple[Field, Field]:
    """Add a bright parallel strand that runs along a part of the strip."""
    at, width = rng.uniform(1.0, 2.0) * rng.choice((-1.0, 1.0)), rng.uniform(0.08, 0.35)
    begin, end = np.sort(rng.uniform(-0.3, 1.3, 2))
    part = soft_step((ribbon.t - begin) * 20) * soft_step((end - ribbon.t) * 20) * ribbon.inside()
    strand = np.exp(-(((across - at) / width) ** 2)) * part
    return f32(levels + rng.uniform(10, 40) * strand), f32(np.maximum(body, strand))
