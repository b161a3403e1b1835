"""The rendered camera: glass panes on a conveyor whose defects are known. For demos and tests, without a camera."""

import math
import threading
import time
from collections.abc import Mapping

import numpy as np

from glassline.scene import Conveyor

from .base import CameraError, Shot
from .pace import Pace
from .picture import Picture
from .planes import Bgr

AHEAD_S = 2.0


class SceneCamera:
    """`scene:?seed=1[&from=UNIX_S][&until=UNIX_S]`: panes that come before `from` or after `until` are clean.

    It can act a broken camera as well: with `black_from=UNIX_S` its pictures are black from then on, with
    `frozen_from=UNIX_S` it repeats the one of that moment for ever, with `hang_from=UNIX_S` its `read` does not come
    back. One that is opened later works again. With `hang_close=1` it cannot be closed either once it hangs, so that
    only a restart of the program helps. With `max_width=PX` it cannot give wider pictures.
    """

    may_repeat = False
    """Its noise is another in each picture, though the belt may stand still."""

    def __init__(self, query: Mapping[str, str], *, image_wh: tuple[int, int], fps: float) -> None:
        try:
            self._conveyor = Conveyor(
                seed=int(query.get("seed", "1")),
                image_wh=image_wh,
                from_s=float(query.get("from", -math.inf)),
                until_s=float(query.get("until", math.inf)),
            )
            self._black_from_s = float(query.get("black_from", math.inf))
            self._frozen_from_s = float(query.get("frozen_from", math.inf))
            self._hang_from_s = float(query.get("hang_from", math.inf))
            self._max_width = int(query.get("max_width", image_wh[0]))
        except ValueError as error:
            raise CameraError(f"scene: wants numbers, like scene:?seed=7&until=1700000000: {error}") from None
        self._hang_close = query.get("hang_close") == "1"
        self._hangs = False
        self._opened_unix_s = 0.0
        self._image_wh = image_wh
        self._frozen: Bgr | None = None
        self._pace = Pace(fps)
        self._closed = threading.Event()

    def open(self) -> None:
        if self._image_wh[0] > self._max_width:
            size = "x".join(map(str, self._image_wh))
            raise CameraError(f"scene: cannot give {size}, only pictures up to {self._max_width} px wide")
        self._opened_unix_s = time.time()
        self._conveyor.prepare(time.time())
        threading.Thread(target=self._look_ahead, name="scene", daemon=True).start()

    def _look_ahead(self) -> None:
        """Render the next pane before it comes into view, so that no frame waits for it."""
        while not self._closed.wait(0.3):
            self._conveyor.prepare(time.time() + AHEAD_S)

    def read(self) -> Shot:
        self._pace.wait()
        unix_s, monotonic_s = time.time(), time.monotonic()
        if unix_s >= self._hang_from_s > self._opened_unix_s:
            self._hangs = True
            _hang()
        return Picture(self._picture(unix_s)), monotonic_s

    def _picture(self, unix_s: float) -> Bgr:
        if unix_s >= self._black_from_s:
            width, height = self._image_wh
            return np.zeros((height, width, 3), np.uint8)
        if unix_s < self._frozen_from_s:
            return self._conveyor.frame(unix_s)
        if self._frozen is None:
            self._frozen = self._conveyor.frame(unix_s)
        return self._frozen.copy()

    def close(self) -> None:
        self._closed.set()
        if self._hangs and self._hang_close:
            _hang()


def _hang() -> None:
    """As a driver does whose device has died: for ever."""
    threading.Event().wait()
