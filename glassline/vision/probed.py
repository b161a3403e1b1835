"""The process that `probe` starts: it runs a detector and prints what that costs, as JSON on its last line."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray

from .errors import DetectorError
from .probe import Figures
from .yolo import YoloDetector

_WARM_UP = 3


def main() -> int:
    asked = arguments()
    frames = pictures(asked)
    height, width = frames[0].shape[:2]
    detector = YoloDetector(
        asked.model, runtime=asked.runtime, threads=asked.threads, half=asked.half, image_wh=(width, height)
    )
    try:
        with detector:
            print(measure(_looks(detector, frames), asked).model_dump_json())
    except DetectorError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    return 0


def arguments() -> argparse.Namespace:
    """What such a process is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("runtime")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--image-wh", required=True)
    parser.add_argument("--half", action="store_true")
    parser.add_argument("--images", type=Path)
    parser.add_argument("--started-s", type=float, required=True)
    return parser.parse_args()


def pictures(asked: argparse.Namespace) -> list[NDArray[np.uint8]]:
    """(h, w, 3) BGR, decoded beforehand: the JPEGs of a folder by name, or a grey one."""
    if asked.images is None:
        width, height = (int(side) for side in asked.image_wh.split("x"))
        return [np.full((height, width, 3), 128, np.uint8)]
    read = (cv2.imread(str(path)) for path in sorted(asked.images.glob("*.jpg")))
    return [np.asarray(bgr, np.uint8) for bgr in read if bgr is not None]


def measure(results: Iterator[float], asked: argparse.Namespace) -> Figures:
    """Figures of an endless row of results, each the time in ms that it took; the first few do not count."""
    next(results)
    startup_s = time.time() - asked.started_s
    for _ in range(_WARM_UP):
        next(results)
    taken_ms = [next(results) for _ in range(asked.frames)]
    return Figures(
        p50_ms=round(float(np.median(taken_ms)), 2),
        min_ms=round(min(taken_ms), 2),
        startup_s=round(startup_s, 3),
        rss_mb=round(psutil.Process().memory_info().rss / 1e6, 1),
    )


def endless(frames: Sequence[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """The same pictures again and again."""
    while True:
        yield from frames


def _looks(detector: YoloDetector, frames: Sequence[NDArray[np.uint8]]) -> Iterator[float]:
    for bgr in endless(frames):
        detector.detect(bgr)
        yield detector.inference_ms


if __name__ == "__main__":
    sys.exit(main())
