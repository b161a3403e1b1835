"""What was heard of one program at the broker."""

import time
from dataclasses import dataclass, field
from typing import Literal

from glassline.contract import ContractError
from glassline.contract.messages import Health, Info, decode, decode_info, decode_status
from glassline.contract.topics import Address
from glassline.diagnosis import Lives

DOUBT_S = 3.0
RECONNECTED_S = 60.0
STARTED_S = 20.0
"""So long after its start a program may still announce itself anew: its camera opens, its model is loaded."""


@dataclass
class Heard:
    """One program; instants are on the monotonic clock, None: never. A retained status has no instant."""

    id: str
    status: Literal["online", "offline"] | None = None
    status_at_s: float | None = None
    info: Info | None = None
    health: Health | None = None
    health_at_s: float | None = None
    other_version_at_s: float | None = None
    """When something of another contract version last came from it."""
    lives: Lives = field(default_factory=lambda: Lives(doubt_s=DOUBT_S))
    late_offset_s: float | None = None
    """Its clock minus this machine's, as its last health came: less by what that took."""
    pinged_offset_s: float | None = None
    """The same, measured by a ping and its reply."""

    @property
    def is_node(self) -> bool:
        """As it says of itself."""
        return self.info is not None and self.info.role == "node"

    @property
    def offset_s(self) -> float | None:
        """Its clock minus this machine's, as well as it is known."""
        return self.pinged_offset_s if self.pinged_offset_s is not None else self.late_offset_s

    @property
    def connected_at_s(self) -> float:
        """When, at the latest, it came to the broker, as its last health and its birth certificate tell."""
        if self.health is None or self.health_at_s is None:
            return 0.0
        began = self.health_at_s - self.health.uptime_s
        if self.info is None or self.info.boot != self.health.boot:
            return began
        return max(began, self.health_at_s - (self.health.ts - self.info.ts).total_seconds())

    @property
    def came_anew(self) -> bool:
        """Whether it announced itself lately though it was not started lately: somebody may throw it off."""
        if self.info is None or self.health is None or self.status == "offline":
            return False
        since_s = (self.health.ts - self.info.ts).total_seconds()
        started_s = (self.info.ts - self.info.started_at).total_seconds()
        return since_s < RECONNECTED_S and started_s > STARTED_S

    def take(self, address: Address, payload: bytes, *, retained: bool, now_s: float) -> None:
        """Take a `status`, `info` or `health`. ContractError if it is broken."""
        try:
            self._take(address, payload, retained, now_s)
        except ContractError as error:
            if error.why == "other_version":
                self.other_version_at_s = now_s
            raise

    def _take(self, address: Address, payload: bytes, retained: bool, now_s: float) -> None:
        match address.kind:
            case "status":
                self.status = decode_status(payload)
                self.status_at_s = None if retained else now_s
            case "info":
                info = self.info = decode_info(payload, address.id)
                if not retained:
                    self.lives.note(info.boot, now_s)
            case "health" if not retained:
                health = self.health = decode(Health, payload)
                self.health_at_s = now_s
                self.late_offset_s = health.ts.timestamp() - time.time()
                self.lives.note(health.boot, now_s, uptime_s=health.uptime_s)
