"""A camera in a thread of its own, so that whoever waits for it can give up when its driver hangs."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from .base import Camera, CameraHangsError, Shot

OPEN_S, FIRST_S, READ_S, CLOSE_S = 20.0, 15.0, 5.0, 5.0
"""How long each may take. A stream begins with its next whole picture, which may be some seconds away, and a
Pi's camera keeps back its first pictures, about nine, until exposure and colours have settled."""
OPENED_WITHIN_S = OPEN_S + FIRST_S + CLOSE_S + 1
"""Within this a camera has given its first picture, or it is known that it has not."""
FREED_WITHIN_S = READ_S + CLOSE_S + 1
"""Within this after a picture there is the next one, or it is known whether the camera can be opened anew."""

Calls = queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]


class Attended:
    """Opens, reads and closes `camera` and raises CameraHangsError where that does not come back in time.

    Python cannot end a thread that waits inside a driver: it is left behind, and `is_stuck` for as long as that lasts.
    """

    may_repeat: bool

    def __init__(self, camera: Camera) -> None:
        self.may_repeat = camera.may_repeat
        self._camera = camera
        self._first, self._hangs = True, False
        self._threads: list[threading.Thread] = []
        self._calls = self._begin("camera")

    @property
    def is_stuck(self) -> bool:
        """Whether a call that was given up has still not come back."""
        return self._hangs and any(thread.is_alive() for thread in self._threads)

    def open(self) -> None:
        self._call(self._camera.open, OPEN_S, "hangs while it is opened; it is opened anew")

    def read(self) -> Shot:
        within_s, self._first = FIRST_S if self._first else READ_S, False
        shot: Shot = self._call(self._camera.read, within_s, "hangs and gives no frame; it is closed and opened anew")
        return shot

    def close(self) -> None:
        """Release the device, from another thread if the camera's own is stuck; CameraHangsError if not even that."""
        if self._hangs:
            self._calls.put(None)
            self._calls = self._begin("camera-close")
        try:
            self._call(self._camera.close, CLOSE_S, "hangs and cannot be closed: only a restart of the program helps")
        finally:
            self._calls.put(None)

    def _call(self, what: Callable[[], Any], within_s: float, otherwise: str) -> Any:
        done: Future[Any] = Future()
        self._calls.put((what, done))
        try:
            return done.result(within_s)
        except TimeoutError:
            if done.done():
                return done.result()
            self._hangs = True
            raise CameraHangsError(f"the camera {otherwise} ({within_s:.0f} s)") from None

    def _begin(self, name: str) -> Calls:
        calls: Calls = queue.SimpleQueue()
        self._threads.append(threading.Thread(target=_answer, args=(calls,), name=name, daemon=True))
        self._threads[-1].start()
        return calls


def _answer(calls: Calls) -> None:
    while (call := calls.get()) is not None:
        what, done = call
        try:
            done.set_result(what())
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            done.set_exception(error)
