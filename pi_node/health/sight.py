"""Whether the camera sees anything: black pictures, and the very same picture again and again.

Capture leaves its newest frame here and goes on; once a second somebody looks at a few thousand pixels of it.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from glassline.contract import Reason

from ..camera import Frame

BLACK_SPREAD = 3.0
"""Between blocks, of 255: a covered lens sees the same everywhere. Noise goes into the mean of a block."""
BLACK_S = 10.0
FROZEN_S = 20.0
_BLOCKS_WH = 16, 12
_SAMPLES = 64


@dataclass(frozen=True)
class _Glance:
    """What one look found out."""

    monotonic_s: float
    digest: int
    mean: float
    spread: float
    """Between blocks."""
    is_flat: bool
    """All of one value: too dark or too bright to tell one picture from the next."""


class Sight:
    """`sink` takes frames on the capture thread; one other thread calls `look` about once a second."""

    def __init__(self, *, black_level: float, may_repeat: Callable[[], bool]) -> None:
        """Pictures darker than `black_level` (mean, of 255) are black.

        `may_repeat` says whether pictures of this camera may be the same bit for bit, as those of files may.
        """
        self._black_level, self._may_repeat = black_level, may_repeat
        self._newest: Frame | None = None
        self._last: _Glance | None = None
        self._black_since_s: float | None = None
        self._same_since_s: float | None = None

    def sink(self, frame: Frame) -> None:
        """Offer a frame; costs nothing."""
        self._newest = frame

    def look(self) -> None:
        """Look at the newest frame, if that is another than the one before."""
        frame, self._newest = self._newest, None
        if frame is None:
            return
        glance = _glance(frame)
        if glance.mean >= self._black_level or glance.spread >= BLACK_SPREAD:
            self._black_since_s = None
        elif self._black_since_s is None:
            self._black_since_s = glance.monotonic_s
        if self._last is None or glance.digest != self._last.digest or glance.is_flat:
            self._same_since_s = glance.monotonic_s
        self._last = glance

    @property
    def same_frame_s(self) -> float | None:
        """For how long the camera has given the very same picture, where that is a fault; else None."""
        return self._lasted_s(self._same_since_s) if self.reason() is Reason.CAMERA_FROZEN else None

    def reason(self) -> Reason | None:
        """What is wrong with the pictures, if anything."""
        if self._black_since_s is not None and self._lasted_s(self._black_since_s) >= BLACK_S:
            return Reason.CAMERA_BLACK
        frozen = self._lasted_s(self._same_since_s) >= FROZEN_S and not self._may_repeat()
        return Reason.CAMERA_FROZEN if frozen else None

    def _lasted_s(self, since_s: float | None) -> float:
        return 0.0 if since_s is None or self._last is None else self._last.monotonic_s - since_s


def _glance(frame: Frame) -> _Glance:
    luma = frame.picture.luma_sample(_SAMPLES)
    blocks = cv2.resize(luma, _BLOCKS_WH, interpolation=cv2.INTER_AREA).astype(np.float32)
    return _Glance(
        monotonic_s=frame.monotonic_s,
        digest=zlib.crc32(luma.tobytes()),
        mean=float(blocks.mean()),
        spread=float(blocks.std()),
        is_flat=bool(luma.min() == luma.max()),
    )
