"""The Raspberry Pi camera through picamera2, which comes with the system (apt: python3-picamera2)."""

import errno
import time
from typing import Any

import cv2
import numpy as np

from .base import CameraBusyError, CameraError, Shot
from .holder import who_has_open

# picamera2 names a format by the order of bits in a word, so that its RGB888 lies in memory as B, G, R.
_TO_BGR = {"RGB888": None, "BGR888": cv2.COLOR_RGB2BGR, "XRGB8888": cv2.COLOR_BGRA2BGR, "XBGR8888": cv2.COLOR_RGBA2BGR}


class PiCamera:
    """`picamera:N`: the camera with that number in `rpicam-hello --list-cameras`."""

    may_repeat = False

    def __init__(self, index: str, *, image_wh: tuple[int, int], fps: float) -> None:
        if not index.isdigit():
            raise CameraError(f"picamera: wants the number of the camera, like picamera:0, got {index!r}")
        self._index, self._image_wh, self._fps = int(index), image_wh, fps
        self._device: Any = None
        self._to_bgr: int | None = None

    def open(self) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError:
            raise CameraError(
                "picamera: picamera2 is not installed: `sudo apt install python3-picamera2`, and make the venv with "
                "--system-site-packages; without a Pi camera set `camera` to usb:0 or scene:?seed=1"
            ) from None
        try:
            self._device = Picamera2(self._index)
            interval_us = round(1e6 / self._fps)
            self._device.configure(
                self._device.create_video_configuration(
                    main={"size": self._image_wh, "format": "RGB888"},
                    controls={"FrameDurationLimits": (interval_us, interval_us)},
                )
            )
            got = self._device.camera_configuration()["main"]["format"]
            if got not in _TO_BGR:
                raise CameraError(f"picamera: asked for RGB888, got {got}, which is not understood")
            self._to_bgr = _TO_BGR[got]
            self._device.start()
        except (RuntimeError, IndexError, OSError) as error:
            self.close()
            if is_busy(error):
                holder = who_has_open("/dev/media*", "/dev/video*")
                sentence = f"picamera: camera {self._index} cannot be opened: it is held by {holder}"
                raise CameraBusyError(sentence, holder) from None
            raise CameraError(
                f"picamera: camera {self._index} cannot be opened ({error}): is the cable in, is it listed by "
                "`rpicam-hello --list-cameras`, and does no other program use it?"
            ) from None

    def read(self) -> Shot:
        try:
            picture = self._device.capture_array("main")
        except (RuntimeError, OSError) as error:
            raise CameraError(f"picamera: camera {self._index} stopped: {error}") from None
        unix_s, monotonic_s = time.time(), time.monotonic()
        if self._to_bgr is not None:
            picture = cv2.cvtColor(picture, self._to_bgr)
        return np.ascontiguousarray(picture, np.uint8), unix_s, monotonic_s

    def close(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None


def is_busy(error: BaseException | None) -> bool:
    """Whether picamera2 means that another program has the camera.

    It hides libcamera's answer, minus EBUSY, behind "Camera __init__ sequence did not complete".
    """
    while error is not None:
        text = str(error).lower()
        if f"unexpected code: -{errno.EBUSY}" in text or "failed to acquire camera" in text or "resource busy" in text:
            return True
        error = error.__cause__ or error.__context__
    return False
