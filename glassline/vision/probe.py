"""How fast a model runs here: `python -m glassline.vision.probe MODEL RUNTIME …` in a process of its own.

A process of its own, because a library that was loaded once stays in memory, and because one that crashes must not
take a node along.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray
from pydantic import BaseModel

from .errors import DetectorError
from .yolo import YoloDetector

_WARM_UP = 3
_TIMEOUT_S = 180.0


class ProbeError(Exception):
    """The process ended without a figure; the text is what it said last."""


class Figures(BaseModel):
    """What a detector costs. `rss_mb` is the process' memory after all frames, `startup_s` from its start to the first
    result, with Python and all libraries."""

    p50_ms: float
    min_ms: float
    startup_s: float
    rss_mb: float


def probe(
    model: Path, runtime: str, *, threads: int, half: bool = False, frames: int = 12,
    image_wh: tuple[int, int] = (640, 480), images: Path | None = None,
) -> Figures:  # fmt: skip
    """Measure in a new process, on the pictures of a folder or on grey ones; ProbeError when it fails."""
    command = [sys.executable, "-m", "glassline.vision.probe", str(model), runtime, "--threads", str(threads)]
    command += ["--frames", str(frames), "--image-wh", "x".join(map(str, image_wh)), *(["--half"] if half else [])]
    return run_probe([*command, *(["--images", str(images)] if images else [])])


def run_probe(command: Sequence[str]) -> Figures:
    """Run a process that prints Figures as its last line; it is told when it was started."""
    begun = ["--started-s", repr(time.time())]
    try:
        done = subprocess.run([*command, *begun], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise ProbeError(f"gave no figure within {_TIMEOUT_S:g} s") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"]
        raise ProbeError(said[-1][:500])
    return Figures.model_validate_json(done.stdout.strip().splitlines()[-1])


def arguments() -> argparse.ArgumentParser:
    """What every such process is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("runtime")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--image-wh", required=True)
    parser.add_argument("--half", action="store_true")
    parser.add_argument("--images", type=Path)
    parser.add_argument("--started-s", type=float, required=True)
    return parser


def pictures(asked: argparse.Namespace) -> list[NDArray[np.uint8]]:
    """(h, w, 3) BGR, decoded beforehand: the JPEGs of a folder by name, or a grey one."""
    if asked.images is None:
        width, height = (int(side) for side in asked.image_wh.split("x"))
        return [np.full((height, width, 3), 128, np.uint8)]
    read = [cv2.imread(str(path)) for path in sorted(asked.images.glob("*.jpg"))]
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


def main() -> int:
    asked = arguments().parse_args()
    frames = pictures(asked)
    height, width = frames[0].shape[:2]
    try:
        detector = YoloDetector(
            asked.model, runtime=asked.runtime, threads=asked.threads, half=asked.half, image_wh=(width, height)
        )
        with detector:
            print(measure(_looks(detector, frames), asked).model_dump_json())
    except DetectorError as error:
        print(json.dumps(str(error))[1:-1], file=sys.stderr)
        return 1
    return 0


def _looks(detector: YoloDetector, frames: Sequence[NDArray[np.uint8]]) -> Iterator[float]:
    for bgr in endless(frames):
        detector.detect(bgr)
        yield detector.inference_ms


if __name__ == "__main__":
    sys.exit(main())
