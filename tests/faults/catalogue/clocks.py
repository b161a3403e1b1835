"""Clocks that are wrong."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..cable import CannotError
from ..fault import Fault
from ..site import Site
from .seen import NOT_SEEN

SOURCE = Path(__file__).parents[1] / "clock.c"


@contextmanager
def set_by(site: Site, *, off_s: int) -> Iterator[None]:
    """All programs on the Pi, the doctor too, see a clock that is off: a library stands before the kernel's."""
    wrong = {"LD_PRELOAD": str(_library(site.pi)), "CLOCK_OFF_S": str(off_s)}
    node, cable = site.programs["pi_node"], site.cable
    node.end()
    node.start(**wrong)
    site.cable = replace(cable, on_pi=(*cable.on_pi, "env", *(f"{name}={value}" for name, value in wrong.items())))
    try:
        yield
    finally:
        site.cable = cable
        node.end()


def _library(folder: Path) -> Path:
    if shutil.which("cc") is None:
        raise CannotError("a wrong clock wants a C compiler: apt-get install gcc libc6-dev")
    made = folder / "clock.so"
    done = subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-o", str(made), str(SOURCE)], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise CannotError(f"a wrong clock wants a C compiler that works: {done.stderr.strip()}")
    return made


FAULTS = [
    Fault(
        name=f"clock an hour {word}",
        says=f"The Pi's clock is an hour {word}.",
        inject=partial(set_by, off_s=off_s),
        exact={"node.clock_wrong"}, server={"node.clock_wrong"}, page={"node.clock_wrong"},
        pi=NOT_SEEN | {"node.clock_wrong", "node.clock_unsynced"}, wait_s=22, anew=True,
    )
    for word, off_s in (("slow", -3600), ("fast", 3600))
]  # fmt: skip
