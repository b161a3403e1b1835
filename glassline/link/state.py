"""What a link says of itself, and of what it sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from glassline.contract import Reason


class Sent(StrEnum):
    """What became of a message that was waited for."""

    ACKNOWLEDGED = "acknowledged"
    LOST = "lost"
    NOT_CONNECTED = "not connected"


@dataclass(frozen=True)
class LinkState:
    """Whether the link is up, since when (Unix seconds), and if not, why."""

    connected: bool
    since: float
    code: Reason | None
    sentence: str
    closed_by_peer: bool = False
    """Whether a connection that was made was closed by the other side."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """For diagnosis: `holder` is the program that has the broker's port."""


class EnvelopeFields(TypedDict):
    """Keyword arguments that every Envelope wants."""

    ts: datetime
    boot: str
    seq: int
