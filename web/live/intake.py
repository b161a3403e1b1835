"""Live frames from MQTT: drained at once into one slot per device, checked without decoding, stale ones dropped."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from glassline.contract import ContractError, frames
from glassline.contract.messages import FrameMeta, decode
from glassline.program import Tally, shown

from ..programs.clock import NodeClock

MAX_WAITING_BYTES = 32_000_000
"""Of all devices together, between two looks of the writer thread: 16 of the largest pictures, or 600 usual ones."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A checked live frame: the bytes as the node sent them, and what they say of themselves."""

    device_id: str
    jpeg: bytes
    meta: FrameMeta
    image_wh: tuple[int, int]
    arrived_s: float

    @property
    def ts_s(self) -> float:
        """The instant of capture on the node's clock, Unix seconds."""
        return self.meta.ts.timestamp()


def read_picture(device_id: str, payload: bytes, arrived_s: float) -> Picture:
    """Check a payload of a `frame` topic; ContractError says what is wrong with it."""
    image_wh = frames.check_jpeg(payload)
    meta = decode(FrameMeta, frames.metadata_of(payload))
    return Picture(device_id=device_id, jpeg=payload, meta=meta, image_wh=image_wh, arrived_s=arrived_s)


class Intake:
    """The network thread offers, the writer thread takes.

    `clock_of` gives the clock of a device, `on_refused` hears (id, fault) of what is not taken.
    """

    def __init__(
        self, *, clock_of: Callable[[str], NodeClock | None], tally: Tally, on_refused: Callable[[str, str], None]
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._clock_of, self._tally, self._on_refused = clock_of, tally, on_refused
        self._lock = threading.Lock()
        self._slots: dict[str, tuple[bytes, float]] = {}
        self._waiting_bytes = 0

    def offer(self, device_id: str, payload: bytes) -> None:
        """Keep the newest payload of a device; one that was not taken yet gives way."""
        with self._lock:
            self.counters["frames_in"] += 1
            old, _ = self._slots.get(device_id, (b"", 0.0))
            waiting_bytes = self._waiting_bytes - len(old) + len(payload)
            if waiting_bytes > MAX_WAITING_BYTES:
                self._refuse(device_id, "too_many", "pictures of too many devices wait to be shown")
                return
            self.counters["frames_replaced"] += bool(old)
            self._slots[device_id], self._waiting_bytes = (payload, time.monotonic()), waiting_bytes

    def take(self) -> list[Picture]:
        """Empty all slots; what is broken or stale is counted and left out."""
        with self._lock:
            slots, self._slots, self._waiting_bytes = self._slots, {}, 0
        pictures = []
        for device_id, (payload, arrived_s) in slots.items():
            clock = self._clock_of(device_id)
            if clock is None:
                self._refuse(device_id, "too_many", "too many programs are known already")
                continue
            try:
                picture = read_picture(device_id, payload, arrived_s)
            except ContractError as error:
                self._refuse(device_id, error.why, shown(str(error), limit=300))
                continue
            if clock.admit(picture.meta.boot, picture.meta.seq, picture.ts_s, arrived_s):
                pictures.append(picture)
            else:
                self.counters["frames_stale"] += 1
        return pictures

    def _refuse(self, device_id: str, why: str, sentence: str) -> None:
        self._tally.note(f"refused_frame_{why}", f"frame of {device_id} is refused: {sentence}", who=device_id)
        self._on_refused(device_id, why)
