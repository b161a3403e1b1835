"""Clocks that are wrong: libfaketime stands between the Pi's programs and this machine's clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..cable import CannotError
from ..fault import Fault
from ..site import Site
from .seen import NOT_SEEN


@contextmanager
def set_by(site: Site, offset: str) -> Iterator[None]:
    """Node and doctor on the Pi see a clock that is off; what measures durations is right, as on a real machine."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        raise CannotError("a wrong clock wants libfaketime: apt-get install libfaketime")
    wrong = {"LD_PRELOAD": str(library), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    node, cable = site.programs["pi_node"], site.cable
    node.end()
    node.start(**wrong)
    site.cable = replace(cable, on_pi=(*cable.on_pi, "env", *(f"{name}={value}" for name, value in wrong.items())))
    try:
        yield
    finally:
        site.cable = cable
        node.end()


FAULTS = [
    Fault(
        name=f"clock an hour {word}",
        says=f"The Pi's clock is an hour {word}.",
        inject=lambda site, offset=offset: set_by(site, offset),
        exact={"node.clock_wrong"}, server={"node.clock_wrong"}, page={"node.clock_wrong"},
        pi=NOT_SEEN | {"node.clock_wrong", "node.clock_unsynced"}, wait_s=22, anew=True,
    )
    for word, offset in (("slow", "-1h"), ("fast", "+1h"))
]  # fmt: skip
