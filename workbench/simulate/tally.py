"""What the processes of a fleet report, added up; a process that was started again counts from nought."""

import threading
import time
from collections import Counter, deque
from typing import Any

MOST_TIMES = 100_000
STALE_S = 3.0
"""A process that has not reported for so long stands still: what it said of its connections is not known to hold."""


class FleetTally:
    """Filled by the threads that listen to the processes, read by whoever shows it."""

    def __init__(self) -> None:
        self.restarts = 0
        self.most_waiting = self.most_waiting_together = 0
        self.receipt_ms: deque[float] = deque(maxlen=MOST_TIMES)
        self._lock = threading.Lock()
        self._devices: dict[int, list[dict[str, Any]]] = {}
        self._waiting: dict[str, int] = {}
        self._heard_s: dict[int, float] = {}
        self._cost: dict[int, tuple[float, float]] = {}
        self._counts: Counter[str] = Counter()
        self._cpu_s = 0.0

    def take(self, process: int, report: dict[str, Any]) -> None:
        """A report of one process."""
        with self._lock:
            self._devices[process], self._heard_s[process] = report["devices"], time.monotonic()
            self._cost[process] = report["cpu_s"], report["memory_mb"]
            for device in report["devices"]:
                self._waiting[device["id"]] = device["waiting"]
                self.receipt_ms.extend(device["receipt_ms"])
            self.most_waiting = max(self.most_waiting, *self._waiting.values())
            self.most_waiting_together = max(self.most_waiting_together, sum(self._waiting.values()))

    def gone(self, process: int) -> None:
        """It has ended: what it did so far is kept."""
        with self._lock:
            for device in self._devices.pop(process, []):
                self._counts.update(device["counts"])
            self._cpu_s += self._cost.pop(process, (0.0, 0.0))[0]

    def counts(self) -> Counter[str]:
        """What all devices did so far."""
        with self._lock:
            total = Counter(self._counts)
            for devices in self._devices.values():
                for device in devices:
                    total.update(device["counts"])
        return total

    def waiting(self) -> int:
        """Detections without a receipt, in all outboxes, by the last report of each."""
        with self._lock:
            return sum(self._waiting.values())

    def connected(self) -> int:
        """Devices that have a connection, as far as their processes report."""
        with self._lock:
            fresh = [devices for number, devices in self._devices.items() if self._is_fresh(number)]
        return sum(device["connected"] for devices in fresh for device in devices)

    def is_drained(self, since_s: float) -> bool:
        """Whether every device has reported an empty outbox since then (monotonic)."""
        with self._lock:
            heard = all(number in self._devices and at_s > since_s for number, at_s in self._heard_s.items())
            return heard and not any(self._waiting.values())

    def complaint(self) -> str:
        """What a device without a connection says of it; empty if there is none."""
        with self._lock:
            for devices in self._devices.values():
                for device in devices:
                    if not device["connected"]:
                        return f"{device['id']}: {device['sentence']}"
        return ""

    def cost(self) -> tuple[float, float]:
        """(CPU seconds of all processes so far, MB that they hold now)."""
        with self._lock:
            cpu_s, memory_mb = zip(*self._cost.values(), strict=True) if self._cost else ((), ())
            return self._cpu_s + sum(cpu_s), sum(memory_mb)

    def _is_fresh(self, process: int) -> bool:
        return process in self._devices and time.monotonic() - self._heard_s[process] < STALE_S
