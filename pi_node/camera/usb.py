"""A USB camera through OpenCV."""

import time

import cv2
import numpy as np

from .base import CameraBusyError, CameraError, Shot
from .holder import holder_of
from .picture import Picture


class UsbCamera:
    """`usb:N`: the camera /dev/videoN."""

    may_repeat = False

    def __init__(self, index: str, *, image_wh: tuple[int, int], fps: float) -> None:
        if not index.isdigit():
            raise CameraError(f"usb: wants the number of the camera, like usb:0, got {index!r}")
        self._index, self._image_wh, self._fps = int(index), image_wh, fps
        self._device: cv2.VideoCapture | None = None

    def open(self) -> None:
        device = cv2.VideoCapture(self._index)
        if not device.isOpened():
            device.release()
            holder = holder_of(f"/dev/video{self._index}")
            if holder is not None:
                raise CameraBusyError(f"usb: camera {self._index} cannot be opened: it is held by {holder}", holder)
            raise CameraError(
                f"usb: camera {self._index} cannot be opened: is it plugged in (`ls /dev/video*`), used by another "
                "program, and is this account in the group `video`?"
            )
        device.set(cv2.CAP_PROP_FRAME_WIDTH, self._image_wh[0])
        device.set(cv2.CAP_PROP_FRAME_HEIGHT, self._image_wh[1])
        device.set(cv2.CAP_PROP_FPS, self._fps)
        device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._device = device

    def read(self) -> Shot:
        if self._device is None:
            raise CameraError("usb: the camera is not open")
        ok, picture = self._device.read()
        unix_s, monotonic_s = time.time(), time.monotonic()
        if not ok or picture is None:
            raise CameraError(f"usb: camera {self._index} gives no pictures any more: was it unplugged?")
        return Picture(np.ascontiguousarray(picture, np.uint8)), unix_s, monotonic_s

    def close(self) -> None:
        if self._device is not None:
            self._device.release()
            self._device = None
