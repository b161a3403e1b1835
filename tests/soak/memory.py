"""Memory of processes over time: sampled each second, judged, drawn."""

import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from statistics import median
from typing import Self

import cv2
import numpy as np

from workbench.bench.meter import rss_mb

BAND = 0.20
BASE_SAMPLES = 10
SMOOTH_SAMPLES = 5
WH = (900, 420)
MARGIN = 50
COLOURS = ((200, 90, 20), (40, 140, 40), (30, 30, 200))


class Watch(ABC):
    """Looks at something on a thread of its own, as long as the block lasts."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @abstractmethod
    def _run(self) -> None:
        """Look until `_ending` is set."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        self._thread.join(5)


class Memory(Watch):
    """RSS in MB of each process tree, each second."""

    def __init__(self, pids: dict[str, int]) -> None:
        super().__init__()
        self.samples: dict[str, list[float]] = {name: [] for name in pids}
        self._pids = pids

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._ending.wait(max(0.0, due_s - time.monotonic())):
            due_s += 1
            for name, pid in self._pids.items():
                self.samples[name].append(rss_mb(pid))


class Pauses(Watch):
    """When, and for how long, this process stood still: what its readers lose then says nothing about the others."""

    LOOK_S, LONG_S = 0.02, 0.06

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[float, float]] = []
        """(monotonic seconds, length in s)"""

    def _run(self) -> None:
        before_s = time.monotonic()
        while not self._ending.wait(self.LOOK_S):
            now_s = time.monotonic()
            if now_s - before_s - self.LOOK_S > self.LONG_S:
                self.seen.append((before_s, now_s - before_s))
            before_s = now_s


def band(samples: list[float], settle: int) -> tuple[float, float, float]:
    """(base, lowest, highest) in MB: the median of the ten samples from `settle` on, and the extremes after it.

    A sample is the median of five, so that a moment does not count.
    """
    late = samples[settle:]
    if not late:
        raise ValueError(f"expected more than {settle} samples, got {len(samples)}")
    after = [median(late[max(0, at - SMOOTH_SAMPLES + 1) : at + 1]) for at in range(len(late))]
    return median(after[:BASE_SAMPLES]), min(after), max(after)


def holds(base: float, lowest: float, highest: float) -> bool:
    """Whether memory stayed within 20 % of what it was."""
    return (1 - BAND) * base <= lowest and highest <= (1 + BAND) * base


def draw(samples: dict[str, list[float]], settle: int, path: Path) -> None:
    """A PNG: MB over seconds, one line a process, with the band that begins at `settle`."""
    width, height = WH
    chart = np.full((height, width, 3), 255, np.uint8)
    count = max(len(line) for line in samples.values())
    top = 1.25 * max(max(line) for line in samples.values())

    def point(second: float, mb: float) -> tuple[int, int]:
        x = MARGIN + (width - 2 * MARGIN) * second / max(1, count - 1)
        return int(x), int(height - MARGIN - (height - 2 * MARGIN) * mb / top)

    for (name, line), colour in zip(samples.items(), COLOURS, strict=False):
        base, _, _ = band(line, settle)
        for edge in (0.8 * base, 1.2 * base):
            cv2.line(chart, point(settle, edge), point(count - 1, edge), (215, 215, 215), 1)
        cv2.polylines(chart, [np.array([point(*one) for one in enumerate(line)], np.int32)], False, colour, 2)
        _write(chart, f"{name} {line[-1]:.0f} MB", point(count * 0.02, line[0] + 0.03 * top), colour)
    _write(chart, f"resident memory over {count} s; grey: 20 % around the value after {settle} s", (MARGIN, 25))
    cv2.imwrite(str(path), chart)


def _write(chart: np.ndarray, text: str, at: tuple[int, int], colour: tuple[int, int, int] = (60, 60, 60)) -> None:
    cv2.putText(chart, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
