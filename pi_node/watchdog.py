"""The watchdog: fed for as long as pictures come and the detector works; else the node is started again.

Where systemd started the node, that is the way out of a driver or a model that hangs in native code. A camera that can
be opened anew within the process, or that is missing and says so, is no such case, and neither is a missing network.
"""

import logging
import threading
import time
from collections.abc import Callable

from glassline.contract import Reason
from glassline.program import Systemd

from .camera.attended import OPENED_WITHIN_S

log = logging.getLogger(__name__)

LOOK_EACH_S = 0.5
STOOD_STILL_S = 2.0


class Watchdog:
    """`on_alive` is called by the frame loop itself; `detector_reason` says what is wrong with the detector."""

    def __init__(self, *, systemd: Systemd, detector_reason: Callable[[], Reason | None]) -> None:
        self._systemd, self._detector_reason = systemd, detector_reason
        self._sign_until_s = time.monotonic() + OPENED_WITHIN_S
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Watch, where systemd does."""
        if self._systemd.watches:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(1)

    def on_alive(self, for_s: float) -> None:
        """The frame loop turns: a picture came, or an attempt failed in words. The next sign comes within `for_s`."""
        self._sign_until_s = time.monotonic() + for_s

    def hang(self, now_s: float) -> str | None:
        """What hangs at `now_s`, monotonic seconds, in words; None: nothing does."""
        if now_s > self._sign_until_s:
            return "no picture comes, and the camera does not say why"
        if self._detector_reason() is Reason.DETECTOR_STUCK:
            return "the detector does not come back from a picture"
        return None

    def _run(self) -> None:
        looked_s = time.monotonic()
        while not self._stopping.wait(LOOK_EACH_S):
            now_s = time.monotonic()
            if now_s - looked_s > STOOD_STILL_S:  # the machine did: nobody could give a sign
                self._sign_until_s += now_s - looked_s
            looked_s = now_s
            hang = self.hang(now_s)
            if hang is None:
                self._systemd.alive()
            else:
                log.critical("%s: the node is started again", hang)
                self._systemd.status(f"Is started again: {hang}.")
                self._systemd.start_again()
                return
