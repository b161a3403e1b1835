"""A camera picture into the model's input and coordinates back out again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_GREY = 114


class Letterbox:
    """Scales pictures into an input without changing their proportions; the rest is grey.

    The geometry and the grey value 114 are those of Ultralytics' LetterBox (centred, scaled up and down, bilinear), on
    which YOLO models are trained. With a `stride` the input is no larger than the picture needs: `input_hw` is the
    most it may measure, and either side is only filled up to the next multiple of `stride` (there: rect inference).
    One buffer is reused: what `fill` returns is valid until the next call, so use it from one thread at a time.

    >>> picture = np.zeros((480, 640, 3), np.uint8)
    >>> letterbox = Letterbox(input_hw=(416, 416))
    >>> letterbox.fill(picture).shape
    (1, 3, 416, 416)
    >>> letterbox.to_xyxyn(np.array([[0.0, 52.0, 416.0, 364.0]])).tolist()
    [[0.0, 0.0, 1.0, 1.0]]
    >>> Letterbox(input_hw=(416, 416), stride=32).fill(picture).shape
    (1, 3, 320, 416)
    """

    def __init__(self, *, input_hw: tuple[int, int], stride: int | None = None) -> None:
        self._most_hw, self._stride = input_hw, stride
        self._tensor: NDArray[np.float32] = np.empty((1, 3, 0, 0), np.float32)
        self._image_hw = self._inner_hw = self._pad_xy = (0, 0)

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
        return self.to_xyn(np.asarray(xyxy).reshape(-1, 2)).reshape(-1, 4)

    def to_xyn(self, xy: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 2) points in input pixels to 0-1 of the last picture, clipped to it."""
        size_wh = np.array(self._inner_hw[::-1])
        xyn: NDArray[np.float64] = np.clip((np.asarray(xy, np.float64) - np.array(self._pad_xy)) / size_wh, 0.0, 1.0)
        return xyn

    def _fit(self, image_height: int, image_width: int) -> None:
        most_height, most_width = self._most_hw
        gain = min(most_height / image_height, most_width / image_width)
        inner_height, inner_width = max(1, round(image_height * gain)), max(1, round(image_width * gain))
        pad_height, pad_width = most_height - inner_height, most_width - inner_width
        if self._stride:
            pad_height, pad_width = pad_height % self._stride, pad_width % self._stride
        self._image_hw, self._inner_hw = (image_height, image_width), (inner_height, inner_width)
        self._pad_xy = round(pad_width / 2 - 0.1), round(pad_height / 2 - 0.1)
        self._tensor = np.full((1, 3, inner_height + pad_height, inner_width + pad_width), _GREY / 255, np.float32)
