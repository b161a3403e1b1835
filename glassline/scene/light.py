"""What lamp, lens and sensor do to a finished picture: uneven light, vignetting and noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: A gain of 1 in the 8-bit gain map, which can brighten by up to a quarter.
_UNITY = 200
_NOISE_MARGIN_PX = 64


class Camera:
    """A fixed lamp, lens and sensor, drawn from `rng`: the same gain over every frame, fresh noise in each."""

    def __init__(self, *, rng: np.random.Generator, image_wh: tuple[int, int], harsh: float = 1.0) -> None:
        self._gain = _gain_map(rng, image_wh, harsh)
        sigma = rng.uniform(0.8, 2.6) * harsh
        width, height = image_wh[0] + _NOISE_MARGIN_PX, image_wh[1] + _NOISE_MARGIN_PX
        grey = rng.standard_normal((height, width, 1), dtype=np.float32)
        colour = rng.standard_normal((height, width, 3), dtype=np.float32)
        noise = (0.8 * grey + 0.6 * colour) * np.float32(sigma)
        self._noise = np.clip(np.round(noise), -127, 127).astype(np.int8)

    def expose(self, bgr: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """The frame (h, w, 3) uint8 that the sensor reads out for what lies before the lens."""
        height, width = bgr.shape[:2]
        lit = cv2.multiply(bgr, self._gain, scale=1 / _UNITY)
        left, top = (int(offset) for offset in rng.integers(0, _NOISE_MARGIN_PX, 2))
        noise = self._noise[top : top + height, left : left + width]
        return np.asarray(cv2.add(lit, noise, dtype=cv2.CV_8U), dtype=np.uint8)


def _gain_map(rng: np.random.Generator, image_wh: tuple[int, int], harsh: float) -> NDArray[np.uint8]:
    width, height = image_wh
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    tilt_x, tilt_y = rng.normal(0, 0.05 * harsh, 2)
    vignetting = rng.uniform(0.02, 0.13) * harsh
    gain = 1 + np.float32(tilt_x) * x + np.float32(tilt_y) * y - np.float32(vignetting) * (x**2 + y**2)
    cast = 1 + rng.normal(0, 0.012 * harsh, 3).astype(np.float32)
    return np.asarray(np.clip(_UNITY * gain[..., None] * cast, 0, 255), dtype=np.uint8)
