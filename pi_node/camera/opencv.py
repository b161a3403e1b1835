"""What cameras, streams and files have in common that OpenCV reads."""

import os
import threading
from collections.abc import Sequence

import cv2
import numpy as np

from .picture import Picture

OPEN_MS, READ_MS = 8000, 4500
"""Less than capture waits: what gives up by itself can be closed."""
TIMEOUTS = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS)
"""For FFmpeg."""
CLOSE_S = 0.5

# For Video4Linux, in seconds. OpenCV looks when a camera is opened for the first time.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "4")
# FFmpeg's own messages hold the address with its password.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


class Source:
    """A cv2.VideoCapture that another thread may close: where a call is in progress, that one closes it as it ends."""

    def __init__(self) -> None:
        self._device: cv2.VideoCapture | None = None
        self._in_use = threading.Lock()
        self._closed = False

    def open(self, what: int | str, backend: int, parameters: Sequence[int] = ()) -> bool:
        """Whether it could be opened."""
        with self._in_use:
            self._device = cv2.VideoCapture(what, backend, list(parameters))
            opened = self._device.isOpened()
            self._release_if(self._closed or not opened)
        return opened

    def set(self, key: int, value: float) -> None:
        if self._device is not None:
            self._device.set(key, value)

    def get(self, key: int) -> float:
        """0 for what is not known."""
        return 0.0 if self._device is None else self._device.get(key)

    def next(self) -> bool:
        """Go on to the next picture; False if there is none."""
        with self._in_use:
            came = self._device is not None and self._device.grab()
            self._release_if(self._closed)
        return came

    def picture(self) -> Picture | None:
        """The one that it is at."""
        with self._in_use:
            ok, bgr = (False, None) if self._device is None else self._device.retrieve()
            self._release_if(self._closed)
        return Picture(np.ascontiguousarray(bgr, np.uint8)) if ok and bgr is not None else None

    def close(self) -> None:
        self._closed = True
        if self._in_use.acquire(timeout=CLOSE_S):
            self._release_if(True)
            self._in_use.release()

    def _release_if(self, wanted: bool) -> None:
        if wanted and self._device is not None:
            self._device.release()
            self._device = None


def fitted(picture: Picture, image_wh: tuple[int, int]) -> Picture:
    """The picture, made smaller if it is larger than `image_wh`, in its own shape."""
    scale = min(1.0, *(most / side for most, side in zip(image_wh, picture.image_wh, strict=True)))
    return picture.scaled(scale)
