"""Cracks that have opened: leaves within a leaf, outlined in black, with the light between their edges; and such as
have hardly opened: black dashes along a hairline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassline.scene.noise import Field, f32, soft_step, texture, wander
from glassline.scene.ribbon import Ribbon
from glassline.scene.sheet import Mark, Sheet
from glassline.scene.worn.path import Path, boxed


def leaf(rng: np.random.Generator, sheet: Sheet, *, back_lit: bool) -> Mark | None:
    """One long leaf, or several one after the other, with smaller ones inside."""
    length = float(np.exp(rng.uniform(np.log(50), np.log(460))))
    half_width = max(1.5, length * float(np.exp(rng.uniform(np.log(0.02), np.log(0.13)))))
    ribbon = Path.draw(rng, sheet, length=length).lay(rng, sheet, half_width * 1.8 + 3)
    if ribbon is None:
        return None
    contrast = float(rng.uniform(0.35, 1.0))
    levels, extent = np.zeros_like(ribbon.v), np.zeros(ribbon.v.shape, bool)
    spans = [(0.0, 1.0)]
    if rng.random() < 0.35:  # the leaves hang together end to end
        joint = float(rng.uniform(0.25, 0.75))
        spans = [(0.0, joint + 0.03), (joint - 0.03, 1.0)]
    for begin, end in spans:
        axis = half_width * 0.15 * wander(rng, ribbon.u, 4, 0.3)
        size = half_width * (end - begin) ** 0.5
        extent |= _outlined(rng, ribbon, levels, begin, end, axis, size, contrast, back_lit)
        for _ in range(int(rng.integers(0, 7))):
            reach = float(rng.uniform(0.1, 0.5)) * (end - begin)
            centre = float(rng.uniform(begin + reach / 2, end - reach / 2))
            off = axis + float(rng.uniform(-0.7, 0.7)) * size * (4 * (centre - begin) * (end - centre)) ** 0.5
            inner = size * float(rng.uniform(0.12, 0.5))
            extent |= _outlined(
                rng, ribbon, levels, centre - reach / 2, centre + reach / 2, off, inner, contrast, back_lit
            )
    return boxed("crack", sheet, ribbon.window, f32(levels), extent=extent, room=float(rng.uniform(0, 7)))


def _outlined(
    rng: np.random.Generator,
    ribbon: Ribbon,
    levels: Field,
    begin: float,
    end: float,
    axis: Field,
    half_width: float,
    contrast: float,
    back_lit: bool,
) -> NDArray[np.bool_]:
    """Draw one leaf between two shares of the length into `levels`; returns where it is."""
    u, v = ribbon.u, ribbon.v
    share = np.clip((ribbon.t - begin) / (end - begin), 0, 1)
    bulge = (4 * share * (1 - share)) ** float(rng.uniform(0.5, 1.3))
    edge = half_width * bulge * np.clip(1 + 0.15 * wander(rng, u, 4, 0.4) + 0.05 * wander(rng, u, 3), 0.3, 2) + 0.3
    there = (ribbon.t > begin) & (ribbon.t < end)
    beyond = np.abs(v - axis) - edge
    weaker = float(rng.uniform(0.1, 1)) * np.sign(rng.normal())  # one of the two edges is often the fainter one
    sides = np.where((v - axis) * weaker > 0, abs(weaker), 1)
    thick = np.maximum(0.7, rng.uniform(0.5, 1.8) * (1 + 0.4 * wander(rng, u, 3)))
    unbroken = soft_step((wander(rng, u, 3, 0.5) + rng.uniform(0.0, 2.0)) * 4)
    line = np.exp(-((beyond / thick) ** 2)) * sides * unbroken
    glint = soft_step((texture(rng, u, v, 2, 0.3, 0.8) - rng.uniform(-0.5, 1.5)) * 4)
    brightest = 70 if back_lit else 22
    fill = rng.uniform(-45, 5) + rng.uniform(0, brightest) * glint + rng.uniform(0, 12) * texture(rng, u, v, 1, 0.3)
    inside = soft_step(-beyond / 0.6)
    levels += contrast * there * (fill * inside * (1 - line) - rng.uniform(60, 170) * line)
    return np.asarray(there & (beyond < 1.0))


def dashes(rng: np.random.Generator, sheet: Sheet, *, back_lit: bool) -> Mark | None:
    """A hairline with black dashes on it."""
    length = float(np.exp(rng.uniform(np.log(80), np.log(480))))
    ribbon = Path.draw(rng, sheet, length=length).lay(rng, sheet, 8)
    if ribbon is None:
        return None
    u, v, inside = ribbon.u, ribbon.v, ribbon.inside()
    off = rng.uniform(0, 0.8) * wander(rng, u, 4, 0.3)
    hairline = rng.uniform(2, 25) * np.exp(-(((v - off) / 0.6) ** 2)) * ribbon.taper(0.2 * length, 0.2 * length)
    dash = soft_step((wander(rng, u, 4, rng.uniform(0.4, 1.2)) - rng.uniform(0.0, 1.2)) * 5)
    thick = np.maximum(0.5, rng.uniform(0.7, 2.6) * (1 + 0.4 * wander(rng, u, 3)))
    mottled = np.clip(0.8 + 0.4 * texture(rng, u, v, 1, 0.5), 0, 1.3)
    black = rng.uniform(35, 140) * dash * mottled * np.exp(-(((v - off) / thick) ** 2))
    glow = rng.uniform(0, 18 if back_lit else 4) * np.exp(-(((v - off - 2) / 1.5) ** 2)) * dash
    extent = (np.abs(v - off) < 2) & (inside > 0)
    levels = f32((glow - hairline - black) * inside)
    return boxed("crack", sheet, ribbon.window, levels, extent=extent, room=float(rng.uniform(0, 6)))
