"""A conveyor belt of glass panes before a camera: a pure function of seed and time."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassline.scene.light import Camera
from glassline.scene.pane import PITCH, VIEW_HEIGHT, Pane, PaneMark, render_pane

#: Belt speed in reference pixels per second; the panes move to the left.
SPEED = 200.0
_CACHED_PANES = 12


@dataclass(frozen=True)
class VisibleMark:
    """A mark in one frame: `xyxyn` is 0-1 of the frame, round the part of the mark that is in view.

    `visible_share` is how much of the mark's length along the belt is in view, 0-1.
    """

    mark_id: str
    label: str
    xyxyn: tuple[float, float, float, float]
    visible_share: float


@dataclass(frozen=True)
class PlantedMark:
    """A mark's passage: Unix seconds at which its first column enters the view and its last one leaves it."""

    mark_id: str
    label: str
    enters_s: float
    leaves_s: float


class Conveyor:
    """Panes of glass passing a camera, with the truth about every mark on them.

    Everything follows from (seed, time_s, image_wh): another process that knows the seed sees the same pictures
    and the same truth. `time_s` is Unix time in seconds, not negative. The picture scales with the image's height;
    a wider image sees more of the belt.

    Panes that enter the view before `from_s` or after `until_s` carry no marks, so that a run can have an exactly
    known set: watch until `until_s + passage_s` and all of `planted(from_s, until_s + passage_s)` has passed.

    Seeds from 1_000_000 on are used for training; use smaller ones for everything else.

    >>> conveyor = Conveyor(seed=7)
    >>> conveyor.frame(12.5).shape
    (480, 640, 3)
    """

    def __init__(
        self,
        *,
        seed: int,
        image_wh: tuple[int, int] = (640, 480),
        from_s: float = -math.inf,
        until_s: float = math.inf,
    ) -> None:
        if seed < 0:
            raise ValueError(f"seed must be 0 or more, got {seed}")
        if min(image_wh) < 16:
            raise ValueError(f"image_wh must be at least 16 x 16 pixels, got {image_wh[0]} x {image_wh[1]}")
        self._seed = seed
        self._image_wh = image_wh
        self._from_s, self._until_s = from_s, until_s
        self._scale = image_wh[1] / VIEW_HEIGHT
        self._panes: OrderedDict[int, Pane] = OrderedDict()
        self._lock = threading.Lock()
        self._camera: Camera | None = None

    @property
    def passage_s(self) -> float:
        """Seconds that a pane's stretch of belt takes from entering the view to having left it."""
        return (self._image_wh[0] / self._scale + PITCH) / SPEED

    def frame(self, time_s: float) -> NDArray[np.uint8]:
        """The picture at this time, (h, w, 3) uint8 BGR; a fresh array each time."""
        width, height = self._image_wh
        scene = np.empty((height, width, 3), np.uint8)
        for pane_index in self._in_view(time_s):
            tile = self._pane(pane_index).tile
            left = self._left_px(pane_index, time_s)
            start, end = max(0, left), min(width, left + tile.shape[1])
            if start < end:
                scene[:, start:end] = tile[:, start - left : end - left]
        rng = np.random.default_rng((self._seed, int(time_s * 1e6)))
        return self._lens().expose(scene, rng)

    def truth(self, time_s: float) -> list[VisibleMark]:
        """The marks in view at this time, also those of which only a part is."""
        found = []
        for pane_index in self._in_view(time_s):
            left = self._left_px(pane_index, time_s)
            for mark in self._pane(pane_index).marks:
                visible = self._clip(mark, left)
                if visible is not None:
                    found.append(visible)
        return found

    def planted(self, from_s: float, until_s: float) -> list[PlantedMark]:
        """The marks whose whole passage through the view lies in the interval, by time of entering."""
        first, last = math.floor(from_s * SPEED / PITCH) - 1, math.ceil(until_s * SPEED / PITCH)
        view_width = self._image_wh[0] / self._scale
        passages = []
        for pane_index in range(max(0, first), last + 1):
            for mark in self._pane(pane_index).marks:
                enters_s = (pane_index * PITCH + mark.box_px[0] / self._scale) / SPEED
                leaves_s = (pane_index * PITCH + mark.box_px[2] / self._scale + view_width) / SPEED
                if from_s <= enters_s and leaves_s <= until_s:
                    passages.append(PlantedMark(mark.mark_id, mark.label, enters_s, leaves_s))
        return sorted(passages, key=lambda mark: (mark.enters_s, mark.mark_id))

    def prepare(self, time_s: float) -> None:
        """Render what `frame(time_s)` will need, so that it costs nothing there; call it from another thread."""
        for pane_index in self._in_view(time_s):
            self._pane(pane_index)
        self._lens()

    def _in_view(self, time_s: float) -> range:
        if not 0 <= time_s < math.inf:
            raise ValueError(f"time_s must be Unix seconds, 0 or more, got {time_s}")
        belt = time_s * SPEED
        view_width = self._image_wh[0] / self._scale
        return range(math.floor((belt - view_width) / PITCH) - 1, math.floor(belt / PITCH) + 1)

    def _left_px(self, pane_index: int, time_s: float) -> int:
        return self._image_wh[0] + round((pane_index * PITCH - time_s * SPEED) * self._scale)

    def _clip(self, mark: PaneMark, left_px: int) -> VisibleMark | None:
        width, height = self._image_wh
        seen = mark.within(-left_px, 0, width - left_px, height)
        if seen is None:
            return None
        x0, y0, x1, y1 = seen
        xyxyn = ((x0 + left_px) / width, y0 / height, (x1 + left_px) / width, y1 / height)
        return VisibleMark(mark.mark_id, mark.label, xyxyn, (x1 - x0) / (mark.box_px[2] - mark.box_px[0]))

    def _pane(self, pane_index: int) -> Pane:
        with self._lock:
            if pane_index in self._panes:
                self._panes.move_to_end(pane_index)
                return self._panes[pane_index]
        enters_s = pane_index * PITCH / SPEED
        clean = pane_index < 0 or not self._from_s <= enters_s <= self._until_s
        pane = render_pane(seed=self._seed, pane_index=max(0, pane_index), scale=self._scale, clean=clean)
        with self._lock:
            self._panes[pane_index] = pane
            while len(self._panes) > max(_CACHED_PANES, len(self._in_view(0.0)) + 2):
                self._panes.popitem(last=False)
        return pane

    def _lens(self) -> Camera:
        if self._camera is None:
            self._camera = Camera(rng=np.random.default_rng((self._seed, 0, 2)), image_wh=self._image_wh)
        return self._camera
