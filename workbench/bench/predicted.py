"""Ultralytics' own `predict` on its own .pt, in the process that `probe` starts: what others are compared with.

`python -m workbench.bench.predicted BEST.pt IMGSZ …`, the rest as for `glassline.vision.probed`.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassline.vision.probed import arguments, endless, measure, pictures
from workbench.training import load_yolo


def main() -> int:
    asked = arguments()
    frames = pictures(asked)
    model = load_yolo()(str(asked.model))
    import torch

    torch.set_num_threads(asked.threads)
    print(measure(_predictions(model, frames, int(asked.runtime)), asked).model_dump_json())
    return 0


def _predictions(model: Any, frames: Sequence[NDArray[np.uint8]], imgsz: int) -> Iterator[float]:
    for bgr in endless(frames):
        begin = time.perf_counter()
        model.predict(bgr, imgsz=imgsz, device="cpu", verbose=False)
        yield (time.perf_counter() - begin) * 1000


if __name__ == "__main__":
    sys.exit(main())
