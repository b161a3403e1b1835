"""The rendered camera: glass panes on a conveyor whose defects are known. For demos and tests, without a camera."""

import math
import time
from collections.abc import Mapping

from glassline.scene import Conveyor

from .base import Bgr, CameraError
from .pace import Pace


class SceneCamera:
    """`scene:?seed=1[&from=UNIX_S][&until=UNIX_S]`: panes that come before `from` or after `until` are clean."""

    def __init__(self, query: Mapping[str, str], *, image_wh: tuple[int, int], fps: float) -> None:
        try:
            self._conveyor = Conveyor(
                seed=int(query.get("seed", "1")),
                image_wh=image_wh,
                from_s=float(query.get("from", -math.inf)),
                until_s=float(query.get("until", math.inf)),
            )
        except ValueError as error:
            raise CameraError(f"scene: wants numbers, like scene:?seed=7&until=1700000000: {error}") from None
        self._pace = Pace(fps)

    def open(self) -> None:
        self._conveyor.frame(time.time())

    def read(self) -> tuple[Bgr, float]:
        self._pace.wait()
        unix_s = time.time()
        return self._conveyor.frame(unix_s), unix_s

    def close(self) -> None:
        pass
