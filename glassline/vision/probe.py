"""How fast a model runs here, measured in a process of its own.

A process of its own, because a library that was loaded once stays in memory, and because one that crashes must not
take a node along. It ends with the one that started it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

_TIMEOUT_S = 180.0


class ProbeError(Exception):
    """The process ended without a figure; the text is what it said last."""


class Figures(BaseModel):
    """What a detector costs.

    `p50_ms` and `min_ms` are of whole frames, from picture to boxes. `startup_s` goes from the start of the process to
    its first result, with Python and all libraries; `rss_mb` is its memory after all frames.
    """

    p50_ms: float
    min_ms: float
    startup_s: float
    rss_mb: float


def probe(
    model: Path, runtime: str, *, threads: int, half: bool = False, frames: int = 12,
    image_wh: tuple[int, int] = (640, 480), images: Path | None = None, module: str = "glassline.vision.probed",
) -> Figures:  # fmt: skip
    """Measure in a new process, on the JPEGs of a folder or on a grey picture; ProbeError when it fails.

    `module` is what that process runs, for those who measure something else in the same way.
    """
    command = [sys.executable, "-m", "glassline.child", str(os.getpid()), module, str(model), runtime]
    command += ["--threads", str(threads), "--frames", str(frames)]
    command += ["--image-wh", "x".join(map(str, image_wh)), *(["--half"] if half else [])]
    command += ["--images", str(images)] if images else []
    return _run([*command, "--started-s", repr(time.time())])


def _run(command: Sequence[str]) -> Figures:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise ProbeError(f"gave no figure within {_TIMEOUT_S:g} s") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"]
        raise ProbeError(said[-1][:500])
    return Figures.model_validate_json(done.stdout.strip().splitlines()[-1])
