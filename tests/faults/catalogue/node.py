"""The node's program."""

import signal

from ..fault import Fault

FAULTS = [
    Fault(
        name="node frozen",
        says="The node's process stands still (SIGSTOP), with its connection open.",
        inject=lambda site: site.frozen("pi_node"),
        exact={"node.silent"}, pi={"node.silent"}, server={"node.silent", "node.offline"},
        page={"node.silent", "node.offline"}, wait_s=22,
    ),
    Fault(
        name="node killed",
        says="The node's process was killed (SIGKILL).",
        inject=lambda site: site.ended("pi_node", signal.SIGKILL),
        exact={"node.offline"}, pi={"node.offline"}, server={"node.offline", "node.silent"},
        page={"node.offline", "node.silent"},
    ),
]  # fmt: skip
