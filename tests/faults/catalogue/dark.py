"""A camera that sees nothing but its own noise."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from glassline.scene import Conveyor

from ..fault import Fault
from ..site import Site

IMAGE_WH = (320, 240)


@contextmanager
def covered(site: Site) -> Iterator[None]:
    """Glass first; then what a sensor gives behind a cap, with its gain turned up: noise, and some hot pixels."""
    folder = site.pi / "pictures"
    folder.mkdir(exist_ok=True)
    conveyor, rng = Conveyor(seed=7, image_wh=IMAGE_WH), np.random.default_rng(7)
    files = [folder / f"{number}.png" for number in range(6)]
    for number, file in enumerate(files):
        cv2.imwrite(str(file), conveyor.frame(1e9 + number))
    with site.changed("pi_node", camera=f"folder:{folder}?hold_s=0.5"):
        site.wait_until_well()
        for file in files:
            _behind_a_cap(rng, file)
        yield


def _behind_a_cap(rng: np.random.Generator, file: Path) -> None:
    width, height = IMAGE_WH
    levels = rng.normal(5, 4, (height, width, 3))
    levels[rng.random((height, width)) < 0.0005] = 255
    whole = file.with_suffix(".part.png")
    cv2.imwrite(str(whole), np.clip(levels, 0, 255).astype(np.uint8))
    whole.replace(file)


FAULTS = [
    Fault(
        name="lens covered",
        says="The lens was covered while the camera ran: its pictures are dark noise with some hot pixels.",
        inject=covered,
        exact={"camera.black"}, server={"camera.black"}, pi={"camera.black"}, page={"camera.black"}, wait_s=25,
    ),
]  # fmt: skip
