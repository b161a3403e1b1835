"""The camera and its pictures."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from glassline.scene import Conveyor

from ..fault import Fault
from ..site import CAMERA, Site


@contextmanager
def gone(site: Site) -> Iterator[None]:
    folder = site.pi / "photographs"
    folder.mkdir()
    conveyor = Conveyor(seed=7, image_wh=(320, 240))
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.jpg"), conveyor.frame(1e9 + number))
    with site.changed("pi_node", camera=f"folder:{folder}?hold_s=1"):
        site.wait_until_well()
        shutil.rmtree(folder)
        yield


@contextmanager
def frozen(site: Site) -> Iterator[None]:
    """The node calls it frozen after 20 s, and may tell so 5 s later."""
    with site.changed("pi_node", camera=f"{CAMERA}&frozen_from={time.time() + 4:.0f}"):
        time.sleep(5)
        yield


FAULTS = [
    Fault(
        name="camera gone",
        says="The folder that the camera replays vanished while it ran.",
        inject=gone,
        exact={"camera.missing"}, server={"camera.missing"}, pi={"camera.missing"}, page={"camera.missing"},
    ),
    Fault(
        name="camera frozen",
        says="The camera gives the very same picture again and again.",
        inject=frozen,
        exact={"camera.frozen"}, server={"camera.frozen"}, pi={"camera.frozen"}, page={"camera.frozen"}, wait_s=25,
    ),
]  # fmt: skip
