"""Writes a BGR picture into memory as a camera would, in libcamera's formats; YUV means BT.601 of full range."""

import numpy as np

from pi_node.camera import Planes

FORMATS = (
    "YUV420", "YVU420", "NV12", "NV21", "YUYV", "UYVY", "RGB888", "BGR888", "XRGB8888", "XBGR8888",
)  # fmt: skip
_GARBAGE = 170


def written(name, bgr, *, padding):
    """(memory, stride) with `padding` bytes of garbage behind each row of brightness or pixels."""
    height, width = bgr.shape[:2]
    planes = Planes.from_bgr(bgr)
    if name in ("YUV420", "YVU420"):
        colours = (planes.u, planes.v) if name == "YUV420" else (planes.v, planes.u)
        rows = [_padded(planes.y, padding), *(_padded(plane, padding // 2) for plane in colours)]
        return np.concatenate([row.ravel() for row in rows]), width + padding
    if name in ("NV12", "NV21"):
        pair = (planes.u, planes.v) if name == "NV12" else (planes.v, planes.u)
        pairs = np.stack(pair, axis=-1).reshape(height // 2, width)
        return np.concatenate([_padded(planes.y, padding), _padded(pairs, padding)]).ravel(), width + padding
    if name in ("YUYV", "UYVY"):
        pixels = np.empty((height, width, 2), np.uint8)
        y_at = 0 if name == "YUYV" else 1
        pixels[..., y_at] = planes.y
        pixels[:, 0::2, 1 - y_at], pixels[:, 1::2, 1 - y_at] = planes.u.repeat(2, 0), planes.v.repeat(2, 0)
    else:
        order = {"RGB888": [0, 1, 2], "BGR888": [2, 1, 0], "XRGB8888": [0, 1, 2, 2], "XBGR8888": [2, 1, 0, 0]}[name]
        pixels = bgr[..., order]
    rows = pixels.reshape(height, -1)
    return _padded(rows, padding).ravel(), rows.shape[1] + padding


def _padded(rows, padding):
    return np.pad(rows, ((0, 0), (0, padding)), constant_values=_GARBAGE)
