"""The detector and its model."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..cable import CannotError
from ..fault import Fault
from ..site import Site


@contextmanager
def stuck(site: Site) -> Iterator[None]:
    with site.changed("pi_node", detect_fps=120, camera_fps=30, image_wh="640x480"):  # never without a picture in hand
        site.wait_until_well()
        for _ in range(8):
            with held(site):
                time.sleep(3)
                if (site.chain()["camera"]["age_s"] or 0) < 2:
                    yield
                    return
            time.sleep(0.5)
    raise CannotError("the detector's thread held Python's lock whenever it was stopped, and the whole node with it")


@contextmanager
def held(site: Site) -> Iterator[None]:
    """The detector's threads stand still, in whatever they were at."""
    command = [sys.executable, "-m", "tests.faults.hold_threads", str(site.programs["pi_node"].pid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        if (told := holder.stdout.readline().strip()) != "held":
            raise CannotError(f"the detector's threads cannot be stopped: {told}")
        yield


FAULTS = [
    Fault(
        name="detector stuck",
        says="The detector's threads were stopped in the midst of a picture (ptrace), all others of the node run on.",
        inject=stuck,
        exact={"detector.stuck"}, server={"detector.stuck"}, pi={"detector.stuck"}, page={"detector.stuck"}, wait_s=25,
    ),
    Fault(
        name="model missing",
        says="The model that the node's settings name is not there.",
        inject=lambda site: site.changed("pi_node", model=str(site.pi / "gone.onnx")),
        exact={"detector.model_missing"}, server={"detector.model_missing"}, pi={"detector.model_missing"},
        page={"detector.model_missing"},
    ),
]  # fmt: skip
