"""The least that a model must beat: whatever differs from a smooth background is a box."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.scoring import FoundBox

_SIGMAS = 4.0
_SHRUNK_SIDE_PX = 160
_MEDIAN_PX = 41
_SMOOTH_PX = 5.0
_LEAST_AREA_PX = 12
_MOST_BOXES = 100


def subtract_background(bgr: NDArray[np.uint8]) -> list[FoundBox]:
    """Boxes (0-1) round connected pixels of (h, w, 3) uint8 BGR that leave the background by more than 4 sigma.

    The background is a smoothed median over a quarter of the picture's side, sigma 1.48 times the median deviation
    from it. The score is the summed deviation: large and strong marks come first.
    """
    height, width = bgr.shape[:2]
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (_SHRUNK_SIDE_PX, _SHRUNK_SIDE_PX), interpolation=cv2.INTER_AREA)
    median = cv2.GaussianBlur(cv2.medianBlur(small, _MEDIAN_PX).astype(np.float32), (0, 0), _SMOOTH_PX)
    background = cv2.resize(median, (width, height))
    deviation = grey.astype(np.float32) - background
    deviation -= np.median(deviation)
    sigma = 1.4826 * float(np.median(np.abs(deviation)))
    mask = (np.abs(deviation) > _SIGMAS * sigma).astype(np.uint8)
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    sums = np.bincount(numbers.ravel(), weights=np.abs(deviation).ravel(), minlength=count)
    boxes = []
    for number in range(1, count):
        x, y, box_width, box_height, area = (int(value) for value in stats[number])
        if area >= _LEAST_AREA_PX:
            corners = (x / width, y / height, (x + box_width) / width, (y + box_height) / height)
            boxes.append(FoundBox(float(sums[number]), "", corners))
    return sorted(boxes, key=lambda box: -box.score)[:_MOST_BOXES]
