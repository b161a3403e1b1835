"""A picture in which colours that are mixed up show: red beside green on grey."""

import cv2
import numpy as np

RED, GREEN, GREY = (40, 30, 220), (50, 200, 60), (120, 120, 120)
"""B, G, R."""


def red_object(wh=(160, 96)):
    """BGR: a red square left of a green one, on grey."""
    bgr = np.full((wh[1], wh[0], 3), GREY, np.uint8)
    bgr[wh[1] // 4 : wh[1] // 2, wh[0] // 8 : wh[0] // 3] = RED
    bgr[wh[1] // 4 : wh[1] // 2, wh[0] // 2 : wh[0] * 3 // 4] = GREEN
    return bgr


def assert_red_object(bgr, within=6):
    height, width = bgr.shape[:2]
    for colour, (x, y) in ((RED, (0.22, 0.37)), (GREEN, (0.62, 0.37)), (GREY, (0.9, 0.9))):
        got = bgr[int(y * height), int(x * width)].astype(int)
        assert np.abs(got - colour).max() <= within, f"expected {colour}, got {got}"


def decoded(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
