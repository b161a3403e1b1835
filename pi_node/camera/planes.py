"""Pictures as cameras make them and JPEG keeps them: brightness at full size, colour at half of it (YUV 4:2:0)."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]
Bgr = npt.NDArray[np.uint8]

_SCALE_Y, _BLACK = 219 / 255, 16
_SCALE_UV, _GREY = 224 / 255, 128
"""To what OpenCV takes for YUV: BT.601 with black at 16 and white at 235."""


@dataclass(frozen=True)
class Planes:
    """`y` is uint8, height x width; `u` and `v` are half as high and wide, rounded up. Rows may lie apart in memory.

    Their meaning is that of a JPEG: BT.601, black at 0 and white at 255 (libcamera's sYCC).
    """

    y: Plane
    u: Plane
    v: Plane

    def __post_init__(self) -> None:
        height, width = self.y.shape
        for name, plane in (("u", self.u), ("v", self.v)):
            if plane.shape != ((height + 1) // 2, (width + 1) // 2):
                raise ValueError(f"{name}: expected half of y's {height} rows x {width}, got {plane.shape}")

    @property
    def image_wh(self) -> tuple[int, int]:
        return self.y.shape[1], self.y.shape[0]

    def scaled(self, scale: float) -> "Planes":
        """The picture at `scale` of its width and height."""
        width, height = (max(1, round(side * scale)) for side in self.image_wh)
        half_wh = (width + 1) // 2, (height + 1) // 2
        return Planes(_resized(self.y, (width, height)), _resized(self.u, half_wh), _resized(self.v, half_wh))

    def to_bgr(self) -> Bgr:
        """The picture as BGR, uint8, height x width x 3."""
        width, height = self.image_wh
        half_h, half_w = self.u.shape
        packed = np.empty((half_h * 3, half_w * 2), np.uint8)
        packed[:height, :width] = cv2.convertScaleAbs(self.y, alpha=_SCALE_Y, beta=_BLACK)
        colours = packed[half_h * 2 :].reshape(2, half_h, half_w)
        for k, plane in enumerate((self.u, self.v)):
            colours[k] = cv2.convertScaleAbs(plane, alpha=_SCALE_UV, beta=_GREY * (1 - _SCALE_UV))
        return np.ascontiguousarray(cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_I420)[:height, :width], np.uint8)

    @classmethod
    def from_bgr(cls, bgr: Bgr) -> "Planes":
        """The planes of a BGR picture of even width and height."""
        height, width = bgr.shape[:2]
        y, v, u = (np.asarray(plane, np.uint8) for plane in cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb)))
        half_wh = width // 2, height // 2
        return cls(y, _resized(u, half_wh), _resized(v, half_wh))


def _resized(plane: Plane, wh: tuple[int, int]) -> Plane:
    return np.asarray(cv2.resize(plane, wh, interpolation=cv2.INTER_AREA), np.uint8)
