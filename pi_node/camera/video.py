"""A video file, played at its own pace."""

import time
from collections.abc import Mapping

import cv2

from .base import CameraError, Shot
from .opencv import TIMEOUTS, Source, fitted
from .pace import Pace


class VideoCamera:
    """`video:PATH[?loop=0]`: the film at its own rate, round and round; with loop=0 once."""

    may_repeat = True

    def __init__(self, path: str, query: Mapping[str, str], *, image_wh: tuple[int, int], fps: float) -> None:
        if not path:
            raise CameraError("video: wants a file, like video:/home/pi/belt.mp4")
        if query.get("loop", "1") not in ("0", "1"):
            raise CameraError(f"video: loop wants 0 or 1, got {query['loop']!r}")
        self._path, self._loops = path, query.get("loop", "1") == "1"
        self._image_wh, self._fps = image_wh, fps
        self._source, self._pace = Source(), Pace(fps)

    def open(self) -> None:
        if not self._source.open(self._path, cv2.CAP_FFMPEG, TIMEOUTS):
            raise CameraError(f"video: {self._path} cannot be played: is it there, readable, and a film?")
        own_fps = self._source.get(cv2.CAP_PROP_FPS)
        self._pace = Pace(own_fps if 0 < own_fps <= 240 else self._fps)

    def read(self) -> Shot:
        self._pace.wait()
        if not self._source.next():
            if not self._loops:
                raise CameraError(f"video: {self._path} has ended")
            self._source.set(cv2.CAP_PROP_POS_FRAMES, 0)
            if not self._source.next():
                raise CameraError(f"video: {self._path} holds no pictures")
        picture = self._source.picture()
        if picture is None:
            raise CameraError(f"video: {self._path} is damaged: a picture cannot be decoded")
        return fitted(picture, self._image_wh), time.monotonic()

    def close(self) -> None:
        self._source.close()
