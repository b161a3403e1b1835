"""Smooth random fields, made once and sampled everywhere: the raw material of texture, waviness and grain."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

#: Gaussian radius (reference pixels) of each level of the bank, finest first.
LEVEL_SIGMAS = (0.7, 1.3, 2.5, 5.0, 10.0)
_SIDE = 512


@lru_cache(maxsize=1)
def _bank() -> tuple[Field, ...]:
    """Five periodic fields of unit variance, each padded by one row and column so that sampling may wrap."""
    rng = np.random.default_rng(20240117)
    levels = []
    for sigma in LEVEL_SIGMAS:
        white = rng.standard_normal((_SIDE, _SIDE)).astype(np.float32)
        padded = cv2.copyMakeBorder(white, 64, 64, 64, 64, cv2.BORDER_WRAP)
        smooth = cv2.GaussianBlur(padded, (0, 0), sigma)[64:-64, 64:-64]
        levels.append(f32(np.pad(smooth / smooth.std(), ((0, 1), (0, 1)), mode="wrap")))
    return tuple(levels)


def f32(values: Any) -> Field:
    """The array in single precision, which is what pictures are reckoned in."""
    return np.asarray(values, dtype=np.float32)


def texture(rng: np.random.Generator, u: Field, v: Field, level: int, along: float = 1.0, across: float = 1.0) -> Field:
    """Noise of unit variance at the coordinates (u, v), starting at a random place of the bank.

    `along` and `across` scale the coordinates: below 1 the grain is stretched in that direction.
    """
    offset_u, offset_v = rng.uniform(0, _SIDE, 2)
    map_u = f32(np.mod(u * np.float32(along) + np.float32(offset_u), _SIDE))
    map_v = f32(np.mod(v * np.float32(across) + np.float32(offset_v), _SIDE))
    return f32(cv2.remap(_bank()[level], map_u, map_v, cv2.INTER_LINEAR))


def wander(rng: np.random.Generator, u: Field, level: int, along: float = 1.0) -> Field:
    """One-dimensional noise of unit variance along u: how a width or a strength varies along a mark."""
    row = _bank()[level][int(rng.integers(_SIDE))]
    position = np.mod(u * along + rng.uniform(0, _SIDE), _SIDE)
    return f32(np.interp(position, np.arange(_SIDE + 1), row))


def soft_step(x: NDArray[np.floating]) -> Field:
    """The logistic curve: 0 far below zero, 1 far above, without overflow."""
    return f32(1.0 / (1.0 + np.exp(-np.clip(x, -20.0, 20.0))))
