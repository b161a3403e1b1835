"""From when to when devices were heard: of this the page tells how long each was there."""

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from glassline.contract.topics import Address
from glassline.program import Tally
from glassline.store import SILENCE, Heard

MAX_DEVICES = 1000
MAX_WAITING = 10_000


@dataclass
class _Run:
    """A time in which a device never fell silent; `is_new`: of that the store does not know all."""

    began_at: datetime
    last_at: datetime
    last_s: float
    is_new: bool = True

    def goes_on(self, at: datetime, now_s: float) -> bool:
        """Whether what is heard now belongs to it: a clock that was set meanwhile would stretch it."""
        heard_after_s = now_s - self.last_s
        set_by_s = abs((at - self.last_at).total_seconds() - heard_after_s)
        return max(heard_after_s, set_by_s) <= SILENCE.total_seconds()


class Attendance:
    """Gathered on the network thread from what comes over the broker, this bridge's own health too: of that the store
    knows when it listened. The writer takes it to the store, all at once and not often.
    """

    def __init__(self, *, own_id: str, tally: Tally) -> None:
        self._own_id, self._tally = own_id, tally
        self._runs: dict[str, _Run] = {}
        self._waiting: deque[Heard] = deque(maxlen=MAX_WAITING)
        self._lock = threading.Lock()

    def on_health(self, address: Address, payload: bytes, retained: bool) -> None:
        """Everybody who is there says so each 5 s."""
        if retained:
            return
        now_s, at = time.monotonic(), datetime.now(UTC)
        with self._lock:
            run = self._runs.get(address.id)
            if run is not None and run.goes_on(at, now_s):
                run.last_at, run.last_s, run.is_new = max(at, run.began_at), now_s, True
            elif run is None and len(self._runs) >= MAX_DEVICES:
                sentence = f"{MAX_DEVICES} devices are heard: {address.id} and others are not noted"
                self._tally.note("devices_too_many", sentence, who=address.id)
            else:
                self._end(address.id)
                self._runs[address.id] = _Run(at, at, now_s)

    def take(self) -> list[Heard]:
        """What the store does not know yet."""
        with self._lock:
            silent_s = time.monotonic() - SILENCE.total_seconds()
            for device_id in [id for id, run in self._runs.items() if run.last_s < silent_s]:
                self._end(device_id)
            heard = [*self._waiting, *(self._heard(id, run) for id, run in self._runs.items() if run.is_new)]
            self._waiting.clear()
            for run in self._runs.values():
                run.is_new = False
            return heard

    def put_back(self, heard: list[Heard]) -> None:
        """What was taken could not be noted now. Of too much the oldest is forgotten."""
        with self._lock:
            self._waiting.extendleft(reversed(heard))

    def _end(self, device_id: str) -> None:
        run = self._runs.pop(device_id, None)
        if run is not None and run.is_new:
            self._waiting.append(self._heard(device_id, run))

    def _heard(self, device_id: str, run: _Run) -> Heard:
        return Heard(device_id=device_id, heard_by=self._own_id, began_at=run.began_at, last_at=run.last_at)
