"""Clocks that are wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from tests.support.clock import NoCompilerError, WrongClock

from ..cable import CannotError
from ..fault import Fault
from ..site import Site
from .seen import NOT_SEEN


@contextmanager
def set_by(site: Site, *, off_s: int) -> Iterator[None]:
    """All programs on the Pi, the doctor too, see a clock that is off: a library stands before the kernel's."""
    try:
        wrong = WrongClock(site.pi, off_s=off_s).environ
    except NoCompilerError as error:
        raise CannotError(str(error)) from None
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
        inject=partial(set_by, off_s=off_s),
        exact={"node.clock_wrong"}, server={"node.clock_wrong"}, page={"node.clock_wrong"},
        pi=NOT_SEEN | {"node.clock_wrong", "node.clock_unsynced"}, wait_s=22, anew=True,
    )
    for word, off_s in (("slow", -3600), ("fast", 3600))
]  # fmt: skip
