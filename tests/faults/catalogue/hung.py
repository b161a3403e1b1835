"""Programs that stand still and keep their connections."""

from ..fault import Fault
from .seen import NOT_SEEN, WAITING

FAULTS = [
    Fault(
        name="broker frozen",
        says="The broker's process stands still (SIGSTOP); its ports are still open.",
        inject=lambda site: site.frozen("broker"),
        exact={"broker.hangs"}, server={"broker.hangs"}, pi={"broker.hangs"},
        page={"broker.hangs", "broker.connection_lost"}, wait_s=25,
    ),
    Fault(
        name="bridge frozen",
        says="The bridge's process stands still (SIGSTOP), with its connection open.",
        inject=lambda site: site.frozen("bridge"),
        exact={"bridge.silent", "bridge.offline"}, server={"bridge.silent", "bridge.offline"}, pi=WAITING,
        page={"bridge.silent", "bridge.offline"}, wait_s=22,
    ),
    Fault(
        name="web frozen",
        says="The web's process stands still (SIGSTOP) while the page is open.",
        inject=lambda site: site.frozen("web"),
        exact={"web.down"}, server={"web.down"}, pi=NOT_SEEN, page={"web.down", "web.no_frames"}, wait_s=22,
    ),
]  # fmt: skip
