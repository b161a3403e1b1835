"""The bridge put together: which part hands what to which."""

import logging
import socket
import time
from types import TracebackType
from typing import Self

import glassline
from glassline.contract import from_unix, new_boot
from glassline.contract.messages import Info
from glassline.contract.topics import MAX_PAYLOAD_BYTES, Address, filter_of
from glassline.link import BrokerAddress, Link, Sought
from glassline.program import Systemd, Tally
from glassline.store import Store

from .attendance import Attendance
from .health import HealthReporter
from .inbox import Inbox
from .presence import Presence
from .receipts import Receipts
from .settings import BridgeSettings
from .writer import Writer

log = logging.getLogger(__name__)

STOP_S = 1.2


class Bridge:
    """A running bridge, once entered. A store or broker that is down at the start is waited for."""

    def __init__(
        self,
        *,
        settings: BridgeSettings,
        address: BrokerAddress | Sought,
        store: Store,
        systemd: Systemd,
        password: str | None = None,
    ) -> None:
        s = settings
        self._settings, self._started_s, self._systemd = s, time.time(), systemd
        tally = Tally(log=log)
        self._inbox = Inbox(cap_bytes=s.memory_mb * 1_000_000, tally=tally)
        self._presence = Presence(tally=tally)
        self._attendance = Attendance(own_id=s.id, tally=tally)
        self._link = Link(
            address=address,
            id=s.id,
            boot=new_boot(),
            birth=self._birth,
            password=password,
            ca_file=s.ca_file or None,
            credentials=s.credentials or None,
            tally=tally,
        )
        self._receipts = Receipts(link=self._link)
        self._writer = Writer(
            store=store,
            inbox=self._inbox,
            presence=self._presence,
            attendance=self._attendance,
            tell=self._receipts.send,
            on_alive=self._on_alive,
            keep=s.keep,
            batch_ms=s.batch_ms,
            batch_items=s.batch_items,
            tally=tally,
        )
        self._health = HealthReporter(
            link=self._link,
            store=store,
            inbox=self._inbox,
            presence=self._presence,
            receipts=self._receipts,
            writer=self._writer,
            period_s=s.health_s,
            on_report=systemd.status,
        )
        self._wire()

    def __enter__(self) -> Self:
        self._writer.start()
        self._link.start()
        self._health.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Commit and receipt what is in hand, say `offline`; within 3 s, whatever hangs."""
        self._systemd.stopping()
        self._writer.stop(STOP_S)
        self._health.stop()
        self._link.stop()

    def _wire(self) -> None:
        link = self._link
        for kind in ("detection", "evidence"):
            # What is too large is taken in all the same: its node must hear that it is refused for good.
            link.on(filter_of(kind), self._inbox.on_finding, max_bytes=MAX_PAYLOAD_BYTES)
        link.on(filter_of("status"), self._presence.on_status)
        link.on(filter_of("info"), self._presence.on_info)
        link.on(filter_of("health"), self._on_health, qos=0)
        link.on_connected(self._health.now)

    def _on_health(self, address: Address, payload: bytes, retained: bool) -> None:
        self._presence.on_health(address, payload, retained)
        self._attendance.on_health(address, payload, retained)

    def _on_alive(self) -> None:
        """The store is open, or it is known why not, and that it is waited for."""
        self._systemd.ready()
        self._systemd.alive()

    def _birth(self) -> Info:
        s = self._settings
        return Info(
            **self._link.envelope(),
            role="bridge",
            id=s.id,
            version=glassline.__version__,
            started_at=from_unix(self._started_s),
            hostname=socket.gethostname(),
            settings=s.model_dump(exclude={"credentials", "password_file", "ca_file", "store_key_file"}),
        )
