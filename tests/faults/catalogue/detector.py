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
    with site.changed("pi_node", detect_fps=120):
        site.wait_until_well()
        time.sleep(2)
        command = [sys.executable, "-m", "tests.faults.hold_threads", str(site.programs["pi_node"].pid)]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            if (told := holder.stdout.readline().strip()) != "held":
                raise CannotError(f"the detector's threads cannot be stopped: {told}")
            yield
        finally:
            holder.stdin.close()
            holder.wait(10)


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
