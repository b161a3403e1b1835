"""What an observer has seen of one program: the argument of `observe_device` and `observe_bridge`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from glassline.contract.messages import SILENT_S, Health, Info

Status = Literal["online", "offline"]


@dataclass(frozen=True, kw_only=True)
class ProgramSeen:
    """Ages are seconds on the observer's own clock; None: never, or not known."""

    id: str
    status: Status | None
    status_age_s: float | None = None
    """None for a retained status, whose age nobody knows."""
    health: Health | None = None
    health_age_s: float | None = None
    info: Info | None = None
    frame_age_s: float | None = None
    """Since a picture of it was last seen."""
    listened_s: float = float("inf")
    """For how long the observer could hear anything: before `silent_s` of it, silence is no fault yet."""
    silent_s: float = SILENT_S
    turned_away_age_s: float | None = None
    """Since the broker last refused its password, as the broker reports."""
    denied_age_s: float | None = None
    """Since the broker last did not take a message of it for want of permission, as the broker reports."""
    other_contract_age_s: float | None = None
    """Since a message of another contract version last came from it."""
    twice_age_s: float | None = None
    """Since a process that had been replaced by another was last heard again under this id."""
    unasked_s: float | None = None
    """For how long it has been asked for pictures and, by its own health, heard nothing of it."""
    clock_offset_s: float | None = None
    """Its clock minus the observer's, as far as one message tells: right to a second or so."""
    observer: str = "this machine"
    """Whose clock that was."""


def reported_age_s(id: str, reports: Iterable[tuple[Mapping[str, float], float]]) -> float | None:
    """How long ago brokers say that something went wrong with the account `id`; None: they do not.

    Each report is the ages by account that it holds, and its own age, in seconds.
    """
    return min((ages_s[id] + age_s for ages_s, age_s in reports if id in ages_s), default=None)
