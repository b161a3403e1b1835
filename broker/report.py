"""What the broker says of itself, as every program does: `status`, `info` and `health` under its own id.

They are put into the stream of messages here, since the broker has no connection to itself.
"""

import socket
import time
from datetime import UTC, datetime

import psutil

import glassline
from glassline.contract import from_unix, new_boot, topic_of
from glassline.contract.messages import Health, Info
from glassline.contract.topics import SPECS, Kind
from glassline.program import Tally

from .wire import Message
from .wrongs import Wrongs

HEALTH_EVERY_S = 5.0


class Report:
    """Makes the messages."""

    def __init__(self, *, id: str, tally: Tally, wrongs: Wrongs) -> None:
        self._id, self._wrongs = id, wrongs
        self._tally, self._boot, self._seq = tally, new_boot(), 0
        self._began_s = time.monotonic()
        self._health_due_s = 0.0

    def birth(self) -> list[Message]:
        """To be retained at the start."""
        started_at = from_unix(time.time())
        info = Info(
            **self._envelope(),
            role="broker",
            id=self._id,
            version=glassline.__version__,
            started_at=started_at,
            hostname=socket.gethostname(),
        )
        return [self._message("status", b"online"), self._message("info", info.to_json())]

    def health(self, now_s: float) -> Message | None:
        """The next `health`, if it is time (monotonic)."""
        if now_s < self._health_due_s:
            return None
        self._health_due_s = now_s + HEALTH_EVERY_S
        health = Health(
            **self._envelope(),
            state="ok",
            uptime_s=now_s - self._began_s,
            memory_mb=round(psutil.Process().memory_info().rss / 1e6, 1),
            counters=dict(self._tally.report()),
            denied=self._wrongs.counts(),
            denied_ages_s=self._wrongs.forbidden_ages_s(),
            turned_away_ages_s=self._wrongs.turned_away_ages_s(),
        )
        return self._message("health", health.to_json())

    def _message(self, kind: Kind, payload: bytes) -> Message:
        return Message(topic_of(kind, self._id), payload, SPECS[kind].qos)

    def _envelope(self) -> dict[str, object]:
        self._seq += 1
        return {"ts": datetime.now(UTC), "boot": self._boot, "seq": self._seq - 1}
