"""Live frames from MQTT: drained at once into one slot per device, checked without decoding, stale ones dropped."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from glassline.contract import ContractError, frames
from glassline.contract.messages import FrameMeta, decode
from glassline.contract.topics import MAX_PAYLOAD_BYTES

from .clock import NodeClock

MAX_PIXELS = 64_000_000


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
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ContractError(f"frame: expected at most {MAX_PAYLOAD_BYTES} bytes, got {len(payload)}")
    image_wh = frames.check_jpeg(payload)
    if image_wh[0] * image_wh[1] > MAX_PIXELS:
        raise ContractError(f"frame: expected at most {MAX_PIXELS} pixels, got {image_wh[0]}x{image_wh[1]}")
    com = frames.extract(payload)
    if com is None:
        raise ContractError("frame: expected metadata in a COM segment, got none")
    meta = decode(FrameMeta, com)
    return Picture(device_id=device_id, jpeg=payload, meta=meta, image_wh=image_wh, arrived_s=arrived_s)


class Intake:
    """The network thread offers, the writer thread takes. `clock_of` gives the clock of a device."""

    def __init__(self, *, clock_of: Callable[[str], NodeClock | None]) -> None:
        self.counters: Counter[str] = Counter()
        self._clock_of = clock_of
        self._lock = threading.Lock()
        self._slots: dict[str, tuple[bytes, float]] = {}

    def offer(self, device_id: str, payload: bytes) -> None:
        """Keep the newest payload of a device; one that was not taken yet gives way."""
        with self._lock:
            self.counters["frames_in"] += 1
            self.counters["frames_replaced"] += device_id in self._slots
            self._slots[device_id] = payload, time.monotonic()

    def take(self) -> list[Picture]:
        """Empty all slots; what is broken or stale is counted and left out."""
        with self._lock:
            slots, self._slots = self._slots, {}
        pictures = []
        for device_id, (payload, arrived_s) in slots.items():
            clock = self._clock_of(device_id)
            if clock is None:
                self.counters["frames_of_too_many_devices"] += 1
                continue
            try:
                picture = read_picture(device_id, payload, arrived_s)
            except ContractError:
                self.counters["frames_broken"] += 1
                continue
            if clock.admit(picture.meta.boot, picture.meta.seq, picture.ts_s, arrived_s):
                pictures.append(picture)
            else:
                self.counters["frames_stale"] += 1
        return pictures
