"""Replays the photographs of a folder, each held for a while, round and round."""

import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from .base import CameraError, Shot
from .pace import Pace
from .picture import Picture
from .planes import Bgr

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})


class FolderCamera:
    """`folder:PATH[?hold_s=3]`: every picture of the folder by name, fitted into the frame without distortion."""

    may_repeat = True

    def __init__(self, path: str, query: Mapping[str, str], *, image_wh: tuple[int, int], fps: float) -> None:
        self._folder, self._image_wh = Path(path), image_wh
        try:
            self._hold_s = float(query.get("hold_s", "3"))
        except ValueError:
            self._hold_s = 0.0
        if not 0 < self._hold_s < math.inf:
            raise CameraError(f"folder: hold_s wants seconds above 0, got {query['hold_s']!r}")
        self._pace = Pace(fps)
        self._files: list[Path] = []
        self._began_s = 0.0
        self._shown: tuple[int, Picture] | None = None

    def open(self) -> None:
        try:
            self._files = sorted(f for f in self._folder.iterdir() if f.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise CameraError(f"folder: cannot read {self._folder}: {error.strerror}") from None
        if not self._files:
            raise CameraError(f"folder: {self._folder} holds no pictures ({', '.join(sorted(SUFFIXES))})")
        self._began_s = time.monotonic()

    def read(self) -> Shot:
        self._pace.wait()
        turn = int((time.monotonic() - self._began_s) / self._hold_s)
        if self._shown is None or self._shown[0] != turn:
            self._shown = turn, Picture(self._fit(self._load(turn)))
        return self._shown[1], time.monotonic()

    def _load(self, turn: int) -> Bgr:
        """The picture whose turn it is; one that cannot be read is left out from then on."""
        while self._files:
            file = self._files[turn % len(self._files)]
            picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
            if picture is not None:
                return np.asarray(picture, np.uint8)
            log.warning("folder: %s cannot be read as a picture and is left out", file)
            self._files.remove(file)
        raise CameraError(f"folder: no picture of {self._folder} can be read")

    def _fit(self, picture: Bgr) -> Bgr:
        width, height = self._image_wh
        gain = min(width / picture.shape[1], height / picture.shape[0])
        size_wh = max(1, round(picture.shape[1] * gain)), max(1, round(picture.shape[0] * gain))
        small = cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA)
        frame: Bgr = np.full((height, width, 3), np.median(small, axis=(0, 1)), np.uint8)
        top, left = (height - size_wh[1]) // 2, (width - size_wh[0]) // 2
        frame[top : top + size_wh[1], left : left + size_wh[0]] = small
        return frame

    def close(self) -> None:
        self._files, self._shown = [], None
