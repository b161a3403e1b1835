"""A picture in the form that the camera gave it, and in others when somebody asks for them."""

import threading

import cv2
import numpy as np

from .planes import Bgr, Plane, Planes


class Picture:
    """What a camera saw at one instant: BGR (uint8, height x width x 3), or planes, from which JPEG is made cheaper.

    `small` is the same view in fewer pixels, where the camera makes one by itself.
    """

    def __init__(self, pixels: Bgr | Planes, *, small: "Picture | None" = None) -> None:
        self.planes = pixels if isinstance(pixels, Planes) else None
        self.small = small
        self._bgr = None if isinstance(pixels, Planes) else pixels
        self._converting = threading.Lock()

    @property
    def bgr(self) -> Bgr:
        """The picture as BGR; made of planes when it is first asked for."""
        with self._converting:
            if self._bgr is None:
                assert self.planes is not None
                self._bgr = self.planes.to_bgr()
            return self._bgr

    @property
    def image_wh(self) -> tuple[int, int]:
        if self.planes is not None:
            return self.planes.image_wh
        assert self._bgr is not None
        return self._bgr.shape[1], self._bgr.shape[0]

    def bgr_of_at_least(self, side_px: int) -> Bgr:
        """BGR of the small picture if its longer side has so many pixels, else of the whole one."""
        small = self.small
        return small.bgr if small is not None and max(small.image_wh) >= side_px else self.bgr

    def scaled(self, scale: float) -> "Picture":
        """The picture at `scale` of its width and height; 1 is the picture itself."""
        if scale == 1:
            return self
        if self.planes is not None:
            return Picture(self.planes.scaled(scale))
        small = cv2.resize(self.bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return Picture(np.asarray(small, np.uint8))

    def luma_sample(self, samples: int) -> Plane:
        """The brightness of some `samples` pixels in each direction, without looking at the others."""
        width, height = self.image_wh
        some = slice(None, None, max(1, height // samples)), slice(None, None, max(1, width // samples))
        if self.planes is not None:
            return np.ascontiguousarray(self.planes.y[some])
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(self.bgr[some]), cv2.COLOR_BGR2GRAY), np.uint8)
