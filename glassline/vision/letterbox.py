"""A camera picture into the model's input and coordinates back out again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_GREY = 114


class Letterbox:
    """Scales pictures into a fixed input without changing their proportions; the rest is grey.

    The geometry and the grey value 114 are those of Ultralytics' LetterBox (centred, scaled up and down, bilinear), on
    which YOLO models are trained. One buffer is reused: what `fill` returns is valid until the next call, so use it
    from one thread at a time.

    >>> letterbox = Letterbox(input_hw=(416, 416))
    >>> letterbox.fill(np.zeros((480, 640, 3), np.uint8)).shape
    (1, 3, 416, 416)
    >>> letterbox.to_xyxyn(np.array([[0.0, 52.0, 416.0, 364.0]])).tolist()
    [[0.0, 0.0, 1.0, 1.0]]
    """

    def __init__(self, *, input_hw: tuple[int, int]) -> None:
        self.input_hw = input_hw
        self._tensor = np.full((1, 3, *input_hw), _GREY / 255, np.float32)
        self._image_hw: tuple[int, int] = input_hw
        self._inner_hw: tuple[int, int] = input_hw
        self._pad_xy = (0, 0)

    def fill(self, bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Turn (h, w, 3) uint8 BGR into (1, 3, H, W) float32 RGB, 0-1."""
        if bgr.ndim != 3 or bgr.shape[2] != 3 or bgr.dtype != np.uint8 or not bgr.size:
            raise ValueError(f"expected a picture of shape (h, w, 3) uint8 BGR, got {bgr.shape} {bgr.dtype}")
        if bgr.shape[:2] != self._image_hw:
            self._fit(bgr.shape[0], bgr.shape[1])
        (height, width), (left, top) = self._inner_hw, self._pad_xy
        inner = bgr if bgr.shape[:2] == self._inner_hw else cv2.resize(bgr, (width, height))
        for channel in range(3):
            into = self._tensor[0, channel, top : top + height, left : left + width]
            np.multiply(inner[:, :, 2 - channel], np.float32(1 / 255), out=into, dtype=np.float32)
        return self._tensor

    def to_xyxyn(self, xyxy: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 4) boxes in input pixels to 0-1 of the last picture, clipped to it."""
        (height, width), (left, top) = self._inner_hw, self._pad_xy
        offset, size = np.array((left, top, left, top)), np.array((width, height, width, height))
        xyxyn: NDArray[np.float64] = np.clip((np.asarray(xyxy, np.float64) - offset) / size, 0.0, 1.0)
        return xyxyn

    def _fit(self, image_height: int, image_width: int) -> None:
        height, width = self.input_hw
        gain = min(height / image_height, width / image_width)
        inner_height, inner_width = max(1, round(image_height * gain)), max(1, round(image_width * gain))
        self._image_hw, self._inner_hw = (image_height, image_width), (inner_height, inner_width)
        self._pad_xy = round((width - inner_width) / 2 - 0.1), round((height - inner_height) / 2 - 0.1)
        self._tensor.fill(_GREY / 255)
