"""Every reason code of the contract with its sentence and remedy. A new fault is one row in one of these tables."""

from glassline.contract import Reason

from ..hops import Hop
from .broker import BROKER_FAULTS
from .fault import Fault
from .node import NODE_FAULTS
from .server import SERVER_FAULTS
from .sight import SIGHT_FAULTS

__all__ = ["FAULTS", "Fault", "hop_of", "remedy_of"]

FAULTS: dict[Reason, Fault] = {**SIGHT_FAULTS, **NODE_FAULTS, **BROKER_FAULTS, **SERVER_FAULTS}


def remedy_of(code: Reason) -> Fault:
    """Sentence, remedy and weight of a code."""
    return FAULTS[code]


def hop_of(code: Reason, reporter: Hop = Hop.NODE) -> Hop:
    """The hop that a code is about. Power, disk, outbox and detector are parts of whoever reports them."""
    head = code.value.partition(".")[0]
    return next((hop for hop in Hop if hop.value == head), reporter)
