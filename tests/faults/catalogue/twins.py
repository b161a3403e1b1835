"""Two machines that call themselves the same."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..fault import Fault
from ..site import Site


@contextmanager
def copied(site: Site) -> Iterator[None]:
    """As after a card was copied for a second Pi."""
    with site.second_node(site.pi / "copy", site.node_credentials):
        yield


FAULTS = [
    Fault(
        name="two nodes of one id",
        says="A second Pi runs with a copy of the first one's card: the same id, the same credentials.",
        inject=copied,
        exact={"node.twice"}, server={"node.twice"}, pi={"node.twice"}, page={"node.twice"}, wait_s=25, anew=True,
    ),
]  # fmt: skip
