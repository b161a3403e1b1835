"""A USB camera through OpenCV."""

import logging
import time

import cv2

from .base import CameraBusyError, CameraError, Shot
from .holder import holder_of
from .opencv import Source

log = logging.getLogger(__name__)


class UsbCamera:
    """`usb:N`: the camera /dev/videoN; or `usb:PATH`: those in /dev/v4l/by-id stay when others come and go."""

    may_repeat = False

    def __init__(self, place: str, *, image_wh: tuple[int, int], fps: float) -> None:
        if not place.isdigit() and not place.startswith("/dev/"):
            raise CameraError(
                f"usb: wants the camera's number, like usb:0, or its path, like usb:/dev/v4l/by-id/…, got {place!r}"
            )
        self._path = f"/dev/video{place}" if place.isdigit() else place
        self._image_wh, self._fps = image_wh, fps
        self._source = Source()

    def open(self) -> None:
        source = self._source
        if not source.open(self._path, cv2.CAP_V4L2):
            holder = holder_of(self._path)
            if holder is not None:
                raise CameraBusyError(f"usb: {self._path} cannot be opened: it is held by {holder}", holder)
            raise CameraError(
                f"usb: {self._path} cannot be opened: is the camera plugged in (`ls /dev/video* /dev/v4l/by-id`), used "
                "by another program, and is this account in the group `video`?"
            )
        source.set(cv2.CAP_PROP_FRAME_WIDTH, self._image_wh[0])
        source.set(cv2.CAP_PROP_FRAME_HEIGHT, self._image_wh[1])
        source.set(cv2.CAP_PROP_FPS, self._fps)
        source.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        got = [source.get(key) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)]
        log.info("%s gives %.0fx%.0f at %.3g fps", self._path, *got)

    def read(self) -> Shot:
        picture = self._source.picture() if self._source.next() else None
        if picture is None:
            raise CameraError(f"usb: {self._path} gives no pictures any more: was it unplugged?")
        return picture, time.monotonic()

    def close(self) -> None:
        self._source.close()
