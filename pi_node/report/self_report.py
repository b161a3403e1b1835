"""What the node says of itself: in its log, to `systemctl status`, in the file for `glassline status`, in reply to
`cmd/doctor`."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glassline.contract import Reason
from glassline.contract.messages import Health, Info
from glassline.link import AddressError, BrokerAddress, Link, Sought, as_of_now
from glassline.program import Systemd

from ..live.leases import Leases
from ..settings import NodeSettings
from ..uplink.sender import Sender
from .journal import Journal
from .own_view import judge
from .status_file import LinkStatus, NodeStatus, runtime_folder, write_status

log = logging.getLogger(__name__)


class SelfReport:
    """`alone`: no other program is set up on this machine, so that a broker is not to be expected here."""

    def __init__(
        self,
        *,
        settings: NodeSettings,
        settings_file: Path | None,
        alone: bool,
        broker: BrokerAddress | Sought | AddressError,
        link: Link,
        sender: Sender,
        leases: Leases,
        birth: Callable[[], Info],
        systemd: Systemd,
    ) -> None:
        self._settings, self._settings_file, self._alone = settings, settings_file, alone
        self._broker, self._link, self._sender, self._leases = broker, link, sender, leases
        self._birth, self._systemd = birth, systemd
        self._folder = runtime_folder(Path(settings.state_dir))
        self._journal, self._unwritten = Journal(), ""
        self._link_seen: tuple[bool, Reason | None] | None = None
        self._link_since_s = time.monotonic()

    def tell(self, health: Health) -> None:
        """Say it on this machine."""
        status, unwritten = self._status(health), ""
        verdict = judge(status)
        self._journal.note(verdict, time.monotonic())
        cause = verdict.first_cause
        self._systemd.status(cause.sentence if cause else f"Looks at {health.detect_fps:g} pictures a second.")
        try:
            write_status(status, self._folder)
        except OSError as error:
            unwritten = f"`glassline status` cannot know how it is: {self._folder} cannot be written: {error.strerror}"
        if unwritten and unwritten != self._unwritten:
            log.warning("%s", unwritten)
        self._unwritten = unwritten

    def examined(self, health: Health) -> dict[str, Any]:
        """The node's verdict on itself and what it rests on, as plain values. Never a secret."""
        status = self._status(health)
        said, told = health.to_dict(), status.to_dict()
        figures = {name: said.get(name) for name in ("disk_free_mb", "cpu_temp_c", "throttled", "clock", "uptime_s")}
        birth = {name: told["info"].get(name) for name in ("version", "hostname", "camera", "model")}
        return {"verdict": judge(status).to_dict(), **birth, **figures, "link": told["link"]}

    def _status(self, health: Health) -> NodeStatus:
        now_s, settings = time.monotonic(), self._settings
        return NodeStatus(
            pid=os.getpid(),
            at_unix=round(time.time(), 3),
            health=health,
            info=self._birth(),
            link=self._link_status(now_s),
            receipt_age_s=self._sender.receipt_age_s,
            asked_age_s=self._leases.asked_age_s(now_s),
            asked_by=self._leases.asked_by(now_s),
            settings_file=str(self._settings_file) if self._settings_file else None,
            password_file=settings.credentials or settings.password_file or None,
        )

    def _link_status(self, now_s: float) -> LinkStatus:
        state = self._link.state
        connected, code, sentence, address = state.connected, state.code, state.sentence, str(self._link.address)
        if isinstance(self._broker, AddressError):
            now = as_of_now(self._broker)
            connected, code, sentence, address = False, now.code, str(now), ""
        elif (
            code is Reason.BROKER_REFUSED
            and isinstance(self._broker, BrokerAddress)
            and self._broker.is_loopback
            and self._alone
        ):
            code = Reason.BROKER_LOCALHOST
        if (connected, code) != self._link_seen:
            self._link_seen, self._link_since_s = (connected, code), now_s
        return LinkStatus(
            connected=connected, code=code, sentence=sentence, address=address, facts=dict(state.facts),
            since_s=round(now_s - self._link_since_s, 1),
        )  # fmt: skip
