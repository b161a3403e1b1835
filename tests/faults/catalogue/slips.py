"""Slips in a settings file."""

from ..fault import Fault
from .seen import GONE

FAULTS = [
    Fault(
        name="slip in the node's settings",
        says="The node's settings say `image_wh = \"640*480\"`, with which it does not start.",
        inject=lambda site: site.changed("pi_node", image_wh="640*480"),
        exact={"settings.wrong"}, pi={"settings.wrong"}, server=GONE, page=GONE,
    ),
]  # fmt: skip
