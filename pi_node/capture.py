"""Capture: reads the camera, hands every frame on, and opens the camera anew when it fails."""

import logging
import threading
import time
from collections.abc import Callable

from glassline.contract import Reason

from .camera import Camera, CameraBusyError, CameraError, Frame
from .rate import Rate

log = logging.getLogger(__name__)

REOPEN_S = (0.5, 10.0)
NO_FRAMES_S = 5.0


class Capture:
    """Runs `make_camera()` and calls each of `sinks` with every frame; `on_opened` when the size of frames is known."""

    def __init__(
        self, *, make_camera: Callable[[], Camera], sinks: list[Callable[[Frame], None]], on_opened: Callable[[], None]
    ) -> None:
        self.captured = 0
        self.image_wh: tuple[int, int] | None = None
        self.may_repeat = False
        """Whether pictures of the camera may be the same bit for bit."""
        self.holder: str | None = None
        """The program that holds the camera, where that is another one."""
        self._make_camera, self._sinks, self._on_opened = make_camera, sinks, on_opened
        self._rate = Rate()
        self._problem: str | None = None
        self._last_s = self._began_s = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End within 2 s; a camera that hangs in its driver is left behind."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2)

    @property
    def fps(self) -> float:
        """Frames per second over the last second or two."""
        return self._rate.per_s()

    @property
    def last_frame_age_s(self) -> float | None:
        """Seconds since the last frame; None before the first."""
        return time.monotonic() - self._last_s if self.captured else None

    def reason(self) -> Reason | None:
        """What is wrong with the camera, if anything."""
        if self._problem is not None and time.monotonic() - self._began_s > 1:
            return Reason.CAMERA_BUSY if self.holder else Reason.CAMERA_MISSING
        return Reason.CAMERA_NO_FRAMES if time.monotonic() - self._last_s > NO_FRAMES_S else None

    def _run(self) -> None:
        delay_s = REOPEN_S[0]
        while not self._stopping.is_set():
            before = self.captured
            try:
                self._one_session()
            except CameraError as error:
                self.holder = error.holder if isinstance(error, CameraBusyError) else None
                self._fail(str(error))
            except Exception as error:
                log.exception("capture")
                self.holder = None
                self._fail(f"{type(error).__name__}: {error}")
            delay_s = REOPEN_S[0] if self.captured > before else min(delay_s * 2, REOPEN_S[1])
            self._stopping.wait(delay_s)

    def _fail(self, problem: str) -> None:
        if problem != self._problem:
            log.error("%s", problem)
        self._problem = problem

    def _one_session(self) -> None:
        camera = self._make_camera()
        try:
            camera.open()
            self.may_repeat = camera.may_repeat
            log.info("the camera is open")
            while not self._stopping.is_set():
                bgr, unix_s, monotonic_s = camera.read()
                self._last_s = time.monotonic()
                self._rate.count()
                self.captured += 1
                self._problem = self.holder = None
                frame = Frame(self.captured, unix_s, monotonic_s, bgr)
                if self.image_wh != frame.image_wh:
                    self.image_wh = frame.image_wh
                    self._on_opened()
                for sink in self._sinks:
                    sink(frame)
        finally:
            camera.close()
