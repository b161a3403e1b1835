"""Programs that do not hear each other: another version of the contract, and rights that are missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..fault import Fault
from ..program import Program
from ..site import Site
from .seen import NOT_SEEN

OLD = Path(__file__).parents[1] / "old"


@contextmanager
def old_node(site: Site) -> Iterator[None]:
    site.programs["pi_node"].end()
    old = Program("pi_node", OLD, before=site.cable.on_pi, log=site.pi / "old.log")
    old.start("--config", str(site.settings_pi.path))
    try:
        yield
    finally:
        old.end()


def without_leases(acl: str) -> str:
    kept = [line for line in acl.splitlines() if "viewers" not in line]
    assert len(kept) < len(acl.splitlines())
    return "\n".join(kept) + "\n"


FAULTS = [
    Fault(
        name="old contract version",
        says="In the node's place runs an older one, with its account, whose messages say `v: 0`.",
        inject=old_node,
        exact={"node.other_contract"}, server={"node.other_contract"}, pi=NOT_SEEN | {"node.other_contract"},
        page={"node.other_contract"}, wait_s=22, anew=True,
    ),
    Fault(
        name="lease never granted",
        says="The broker is a mosquitto whose ACL file lets nobody write or read `viewers/…`.",
        inject=lambda site: site.mosquitto(without_leases),
        exact={"node.not_asked"}, server={"node.not_asked"}, pi=NOT_SEEN | {"node.not_asked"},
        page={"node.not_asked"}, wait_s=25, anew=True,
    ),
]  # fmt: skip
