"""Bridge, store and web."""

import signal

from ..fault import Fault
from .seen import NOT_SEEN, WAITING

FAULTS = [
    Fault(
        name="bridge down",
        says="The bridge was killed (SIGKILL).",
        inject=lambda site: site.ended("bridge", signal.SIGKILL),
        exact={"bridge.offline"}, server={"bridge.offline"}, pi=WAITING | {"bridge.offline"}, page={"bridge.offline"},
    ),
    Fault(
        name="web down",
        says="The web was killed (SIGKILL) while the page was open.",
        inject=lambda site: site.ended("web", signal.SIGKILL),
        exact={"web.down"}, server={"web.down"}, pi=NOT_SEEN | {"web.down"}, page={"web.down"}, wait_s=8,
    ),
]  # fmt: skip
