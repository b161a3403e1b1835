"""The Raspberry Pi camera through picamera2, which comes with the system (apt: python3-picamera2)."""

import errno
import logging
import threading
import time
from concurrent.futures import CancelledError
from typing import Any

from ..config.tuning import Tuning
from .base import CameraBusyError, CameraError, CameraHangsError, Shot
from .holder import who_has_open
from .picamera_controls import controls_of
from .picamera_streams import Streams, configure

log = logging.getLogger(__name__)

FIRST_S, FRAME_S = 14.5, 4.5
"""Less than capture waits: what gives up by itself can be closed in its own thread."""
MOST_AGE_S = 30.0
"""What says more is by another clock: one frame takes a few seconds at most, and no program stands still for longer."""


class PiCamera:
    """`picamera:N`: the camera with that number in `rpicam-hello --list-cameras`."""

    may_repeat = False

    def __init__(self, index: str, *, image_wh: tuple[int, int], fps: float, tuning: Tuning) -> None:
        if not index.isdigit():
            raise CameraError(f"picamera: wants the number of the camera, like picamera:0, got {index!r}")
        self._index, self._image_wh, self._fps, self._tuning = int(index), image_wh, fps, tuning
        self._device: Any = None
        self._streams: Streams | None = None
        self._within_s = FIRST_S
        self._taking, self._closed = threading.Lock(), False

    def open(self) -> None:
        self._closed, self._within_s = False, FIRST_S
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise CameraError(
                f"picamera: picamera2 is not installed ({error}): `sudo apt install python3-picamera2`, and make the "
                "venv with --system-site-packages; without a Pi camera set `camera` to usb:0 or scene:?seed=1"
            ) from None
        try:
            self._device = Picamera2(self._index)
            if self._closed:  # given up meanwhile: nobody else closes what came back late
                self.close()
                raise CameraError(f"picamera: camera {self._index} was closed while it was opened")
            controls = controls_of(self._tuning, fps=self._fps, offered=self._device.camera_controls)
            self._streams = configure(self._device, image_wh=self._image_wh, controls=controls)
            self._device.start()
        except (RuntimeError, IndexError, OSError) as error:
            if is_busy(error):
                holder = who_has_open("/dev/media*", "/dev/video*")
                sentence = f"picamera: camera {self._index} cannot be opened: it is held by {holder}"
                raise CameraBusyError(sentence, holder) from None
            raise CameraError(
                f"picamera: camera {self._index} cannot be opened ({error}): is the cable in, is it listed by "
                "`rpicam-hello --list-cameras`, and does no other program use it?"
            ) from None

    def read(self) -> Shot:
        if self._device is None or self._streams is None:
            raise CameraError("picamera: the camera is not open")
        try:
            request = self._device.capture_request(wait=self._within_s)
            try:
                picture, metadata = self._streams.picture(request)
            finally:
                request.release()
        except TimeoutError:
            raise CameraHangsError(f"picamera: camera {self._index} gives no frame ({self._within_s} s)") from None
        except (RuntimeError, OSError, CancelledError) as error:
            raise CameraError(f"picamera: camera {self._index} stopped: {error or 'it was closed'}") from None
        self._within_s = FRAME_S
        return picture, time.monotonic() - _age_s(metadata)

    def close(self) -> None:
        self._closed = True
        with self._taking:
            device, self._device = self._device, None
        if device is not None:
            device.cancel_all_and_flush()
            device.close()


def _age_s(metadata: dict[str, Any]) -> float:
    """How long ago the frame was exposed, by the kernel's clock; 0 where that is not told."""
    if "SensorTimestamp" not in metadata:
        return 0.0
    age_s = (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - metadata["SensorTimestamp"]) / 1e9
    return age_s if 0 <= age_s <= MOST_AGE_S else 0.0


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
