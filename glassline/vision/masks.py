"""What a segment model says of the shape of a mark: prototypes and coefficients to outlines."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .boxes import Floats

_MARGIN = 1
_TOLERANCE_PX = 1.0
MAX_POINTS = 128


def mask_of(
    prototypes: Floats, coefficients: Floats, xyxy: Floats, input_hw: tuple[int, int]
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """(mask, (left, top)): 1 where the mark is, in input pixels, no larger than its box; where its corner lies.

    `prototypes` is (k, h, w) at a part of the input's resolution, `coefficients` (k,), `xyxy` the box in input pixels.
    A pixel belongs to the mark where the prototypes' weighted sum, enlarged bilinearly to the input, is positive and
    its top left corner lies within the box (YOLACT, Bolya et al. 2019, cropped as in Ultralytics' process_mask). Only
    the part under the box is enlarged.
    """
    _, rows, columns = prototypes.shape
    scale_y, scale_x = input_hw[0] // rows, input_hw[1] // columns
    x0, y0, x1, y1 = (int(value) for value in np.ceil(np.clip(xyxy, 0, (*input_hw[::-1], *input_hw[::-1]))))
    if x0 >= x1 or y0 >= y1:
        return np.zeros((0, 0), np.uint8), (x0, y0)
    left, top = max(0, x0 // scale_x - _MARGIN), max(0, y0 // scale_y - _MARGIN)
    right, bottom = min(columns, -(-x1 // scale_x) + _MARGIN), min(rows, -(-y1 // scale_y) + _MARGIN)
    part = prototypes[:, top:bottom, left:right]
    logits = np.tensordot(np.asarray(coefficients, np.float32), np.asarray(part, np.float32), axes=1)
    large = cv2.resize(logits, ((right - left) * scale_x, (bottom - top) * scale_y), interpolation=cv2.INTER_LINEAR)
    inside = large[y0 - top * scale_y : y1 - top * scale_y, x0 - left * scale_x : x1 - left * scale_x]
    return (inside > 0).astype(np.uint8), (x0, y0)


def outline(mask: NDArray[np.uint8], left_top: tuple[int, int]) -> Floats | None:
    """(n, 2) the outline of a mask's largest piece, at most MAX_POINTS; None where it is too thin to have one.

    Coordinates are those of pixels' centres, in the unit of `left_top`.
    """
    pieces, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not pieces:
        return None
    largest = max(pieces, key=lambda piece: (cv2.contourArea(piece), len(piece)))
    tolerance_px = _TOLERANCE_PX
    points = cv2.approxPolyDP(largest, tolerance_px, closed=True)
    while len(points) > MAX_POINTS:
        tolerance_px *= 2
        points = cv2.approxPolyDP(largest, tolerance_px, closed=True)
    if len(points) < 3:
        return None
    xy: Floats = points[:, 0].astype(np.float64) + np.array(left_top) + 0.5
    return xy
