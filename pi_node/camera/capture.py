"""Capture: reads the camera, hands every frame on, and opens the camera anew when it fails or hangs."""

import logging
import threading
import time
from collections.abc import Callable

from glassline.contract import Reason

from ..rate import Rate
from . import Attended, Camera, CameraBusyError, CameraError, CameraHangsError, Frame
from .attended import FREED_WITHIN_S, OPENED_WITHIN_S

log = logging.getLogger(__name__)

REOPEN_S = (0.5, 10.0)
NO_FRAMES_S = 5.0
MAX_STUCK = 8
"""Each keeps a thread and the buffers of a camera."""


class Capture:
    """Runs `make_camera()` and calls each of `sinks` with every frame; `on_opened` when the size of frames is known.

    `on_alive` is called for every frame, and for every attempt that came back with an error, with the seconds within
    which it is called again if nothing hangs for good. It is not called while the camera hangs, nor for failed attempts
    while a call that hung has not come back: then only a restart of the program may help.
    """

    def __init__(
        self,
        *,
        make_camera: Callable[[], Camera],
        sinks: list[Callable[[Frame], None]],
        on_opened: Callable[[], None],
        on_alive: Callable[[float], None] = lambda for_s: None,
    ) -> None:
        self.captured = 0
        self.image_wh: tuple[int, int] | None = None
        self.may_repeat = False
        """Whether pictures of the camera may be the same bit for bit."""
        self.holder: str | None = None
        """The program that holds the camera, where that is another one."""
        self._make_camera, self._sinks = make_camera, sinks
        self._on_opened, self._on_alive = on_opened, on_alive
        self._rate = Rate()
        self._problem: Exception | None = None
        self._stuck: list[Attended] = []
        self._last_s = self._began_s = time.monotonic()
        self._stopping, self._anew = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End within 2 s; a camera that hangs in its driver is left behind."""
        self._stopping.set()
        self._anew.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def reopen(self) -> None:
        """Make and open the camera anew, since its settings have changed; it need not wait for that."""
        self._anew.set()

    @property
    def problem(self) -> str:
        """What the camera said when it failed; empty: it works."""
        return "" if self._problem is None else str(self._problem)

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
        problem = self._problem
        if problem is not None and time.monotonic() - self._began_s > 1:
            if isinstance(problem, CameraHangsError):
                return Reason.CAMERA_NO_FRAMES
            return Reason.CAMERA_BUSY if self.holder else Reason.CAMERA_MISSING
        return Reason.CAMERA_NO_FRAMES if time.monotonic() - self._last_s > NO_FRAMES_S else None

    def _run(self) -> None:
        delay_s = REOPEN_S[0]
        while not self._told_to_end():
            before = self.captured
            try:
                self._one_session()
            except CameraError as error:
                self._fail(error)
            except Exception as error:
                log.exception("capture")
                self._fail(error)
            delay_s = REOPEN_S[0] if self.captured > before else min(delay_s * 2, REOPEN_S[1])
            if not self._is_stuck():
                self._on_alive(delay_s + OPENED_WITHIN_S)
            self._anew.wait(delay_s)
            while self._is_stuck() and len(self._stuck) >= MAX_STUCK and not self._stopping.is_set():
                self._stopping.wait(1)

    def _told_to_end(self) -> bool:
        """Asked before each beginning; whoever tells to begin anew from now on is heard."""
        self._anew.clear()
        return self._stopping.is_set()

    def _goes_on(self) -> bool:
        return not (self._stopping.is_set() or self._anew.is_set())

    def _is_stuck(self) -> bool:
        self._stuck = [camera for camera in self._stuck if camera.is_stuck]
        return bool(self._stuck)

    def _fail(self, problem: Exception) -> None:
        if isinstance(problem, CameraError) and str(problem) != str(self._problem):
            log.error("%s", problem)
        self.holder = problem.holder if isinstance(problem, CameraBusyError) else None
        self._problem = problem

    def _one_session(self) -> None:
        camera = Attended(self._make_camera())
        try:
            camera.open()
            self.may_repeat = camera.may_repeat
            log.info("the camera is open")
            while self._goes_on():
                picture, monotonic_s = camera.read()
                self._last_s = time.monotonic()
                self._rate.count()
                self.captured += 1
                self._problem = self.holder = None
                frame = Frame(self.captured, monotonic_s, picture)
                if self.image_wh != frame.image_wh:
                    self.image_wh = frame.image_wh
                    self._on_opened()
                for sink in self._sinks:
                    sink(frame)
                self._on_alive(FREED_WITHIN_S)
        finally:
            try:
                camera.close()
            finally:
                if camera.is_stuck:
                    self._stuck.append(camera)
