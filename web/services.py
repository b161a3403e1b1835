"""Everything behind the page, put together: link, hub, live pictures, store, commands, leases, events."""

import logging
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

import glassline
from glassline.contract import Reason, from_unix, new_boot
from glassline.contract.clocks import believed
from glassline.contract.messages import SILENT_S, Alert, Detection, Health, Info, Lease, Receipt, Review, decode
from glassline.contract.topics import Address, filter_of
from glassline.link import AddressError, EnvelopeFields, Link, broker_address
from glassline.program import Systemd, Tally, read_secret
from glassline.store import Defect

from .api.shapes import defect_json, unconfirmed_json
from .catalogue import Catalogue
from .doctor import Doctor
from .finds import Unconfirmed
from .live.leases import Leases
from .live.pictures import Live
from .live.wire import SIGNED_OUT
from .people.sign_in import sign_in_of
from .programs.alerts import Alerts
from .programs.commands import Commands
from .programs.hub import Hub
from .programs.observations import BrokerView
from .programs.views import Views
from .pulse import Pulse
from .reading import Readings
from .settings import WebSettings

log = logging.getLogger(__name__)

ALERTS_S = 2.0

TOLD_AT_ONCE = 20
"""Reviews in one message to pages and other webs."""


class Services:
    """Use as a context manager, or start and stop. Constructing it connects to nothing.

    `config` is the settings file that `settings` came from, if any.
    """

    def __init__(self, *, settings: WebSettings, config: Path | None = None) -> None:
        self.settings = settings
        self.began_s = time.monotonic()
        self.boot = new_boot()
        self.tally = Tally(log=log)
        self.systemd = Systemd()
        self.hub = Hub(changed=self._touch)
        self.live = Live(hub=self.hub, stall_s=settings.stall_s, appeared=self._touch, tally=self.tally)
        self.fanout = self.live.fanout
        self.unconfirmed = Unconfirmed()
        self.catalogue = Catalogue(
            url=settings.store, key_file=settings.store_key_file, read=self._defect_read, overrun=self._resync,
            noticed=self._touch,
        )  # fmt: skip
        self.commands = Commands(hub=self.hub)
        self.doctor = Doctor(config=config)
        self.sign_in = sign_in_of(settings)
        self.readings = Readings(most=settings.threads // 4, tally=self.tally)
        self.leases = Leases(publish=self._publish_lease)
        self.link: Link | None = None
        self._no_link: tuple[Reason, str] | None = None
        self.views = Views(hub=self.hub, catalogue=self.catalogue, leases=self.leases, broker=self.broker)
        self.alerts = Alerts(publish=self._publish_alert, envelope=self._envelope, memory=settings.alerts_file)
        self._alerts_due_s = 0.0
        self.pulse = Pulse(
            views=self.views, fanout=self.fanout, leases=self.leases, publish_health=self._publish_health,
            every_second=self._every_second,
        )  # fmt: skip

    # -- life cycle --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to serve; what cannot be reached is tried again for ever and said on the page."""
        self.fanout.start()
        self.catalogue.start()
        self._start_link()
        self.pulse.start()

    def stop(self) -> None:
        """Let go of viewers, broker and store."""
        self.doctor.stop()
        self.fanout.stop()
        if self.link is not None:
            self.link.stop()
        self.catalogue.stop()
        self.pulse.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _start_link(self) -> None:
        settings = self.settings
        try:
            address = broker_address(settings.broker, credentials=settings.credentials, ca_file=settings.ca_file)
        except AddressError as error:
            self._no_link = error.code, str(error)
            log.warning("no link: %s", error)
            return
        password = read_secret(settings.password_file) if settings.password_file else None
        link = Link(
            address=address, id=settings.id, boot=self.boot, birth=self._birth, password=password,
            ca_file=settings.ca_file or None, credentials=settings.credentials or None, tally=self.tally,
            on_refused=self.hub.on_refused, on_cleared=self._on_cleared,
        )  # fmt: skip
        for kind in ("status", "info", "health"):
            link.on(filter_of(kind), self.hub.on_message, qos=1)
        link.on(filter_of("frame"), self.live.on_frame, qos=0)
        link.on(filter_of("detection"), self._on_detection, qos=1)
        link.on(filter_of("receipt"), self._on_receipt, qos=1)
        link.on(filter_of("review"), self._on_review, qos=1)
        link.on(filter_of("reply"), self.commands.on_reply, qos=1)
        link.on_connected(self.leases.renew_all)
        link.on_listening(self._catch_up)
        self.link = link
        link.start()

    def _birth(self) -> Info:
        link = self.link
        assert link is not None
        shown = self.settings.model_dump(exclude={"credentials", "password_file", "store_key_file", "people", "tokens"})
        return Info(
            **link.envelope(), role="web", id=self.settings.id, version=glassline.__version__,
            started_at=from_unix(time.time() - (time.monotonic() - self.began_s)), hostname=socket.gethostname(),
            settings=shown,
        )  # fmt: skip

    # -- from the network thread -------------------------------------------------------------------------------

    def _on_detection(self, address: Address, payload: bytes, retained: bool) -> None:
        detection = believed(decode(Detection, payload), from_unix(time.time()))
        find = self.unconfirmed.see(address.id, detection, len(payload))
        if find is not None:
            self.fanout.post({"type": "detection", "defect": unconfirmed_json(find.device_id, find.detection)})

    def _on_receipt(self, address: Address, payload: bytes, retained: bool) -> None:
        receipt = decode(Receipt, payload)
        self.fanout.post(
            {"type": "receipt", "device_id": address.id}
            | receipt.model_dump(mode="json", include={"event_id", "rev", "row", "image", "error"})
        )
        if receipt.row == "stored":
            self.unconfirmed.stored(receipt.event_id)
            self.catalogue.refresh(receipt.event_id)
        elif find := self.unconfirmed.refuse(receipt):
            defect = unconfirmed_json(find.device_id, find.detection, error=find.error)
            self.fanout.post({"type": "detection", "defect": defect})

    def _on_review(self, address: Address, payload: bytes, retained: bool) -> None:
        if address.id != self.settings.id:
            review = decode(Review, payload)
            for event_id in review.event_ids or [review.event_id]:
                self.catalogue.refresh(event_id)

    def _on_cleared(self, address: Address) -> None:
        """Somebody retired a program: what was heard of it is forgotten, until it speaks again."""
        self.hub.forget(address.id)
        self.catalogue.devices_changed()

    def _catch_up(self) -> None:
        """Receipts and reviews that were sent while this web heard nothing are not sent again: look in the store."""
        for find in self.unconfirmed.all():
            self.catalogue.refresh(find.detection.event_id)
        self._resync()

    def _touch(self, id: str) -> None:
        self.pulse.touch(id)

    # -- from the catalogue's thread ---------------------------------------------------------------------------

    def _defect_read(self, event_id: str, defect: Defect | None) -> None:
        if defect is not None:
            self.unconfirmed.stored(event_id)
            self.fanout.post({"type": "defect", "defect": defect_json(defect)})

    def _resync(self) -> None:
        self.fanout.post({"type": "resync"})

    # -- answers -----------------------------------------------------------------------------------------------

    def broker(self) -> BrokerView:
        """The link's state, on the web's own clock."""
        now_s = time.monotonic()
        if self.link is None:
            code, sentence = self._no_link or (None, "not started")
            return BrokerView(connected=False, code=code, sentence=sentence, address="", since_s=self.began_s)
        state = self.link.state
        return BrokerView(
            connected=state.connected, code=state.code, sentence=state.sentence, address=str(self.link.address),
            since_s=now_s - max(0.0, time.time() - state.since), facts={"id": self.settings.id, **state.facts},
        )  # fmt: skip

    def counters(self) -> dict[str, int]:
        """What was counted, by name."""
        parts = [self.hub.counters, self.live.intake.counters, self.fanout.counters, self.catalogue.counters]
        return {name: count for part in (*parts, self.tally.report()) for name, count in dict(part).items()}

    def reviewed(self, defect: Defect) -> None:
        """Tell every page, here and at other webs, that a person wrote something."""
        self.fanout.post({"type": "review", "defect": defect_json(defect)})
        self._publish_review([defect])

    def reviewed_many(self, defects: Sequence[Defect]) -> None:
        """The same of many defects; a few at a time, for one message must not keep a page from its pictures."""
        for begin in range(0, len(defects), TOLD_AT_ONCE):
            some = defects[begin : begin + TOLD_AT_ONCE]
            self.fanout.post({"type": "reviews", "defects": [defect_json(defect) for defect in some]})
            self._publish_review(some)

    def _publish_review(self, defects: Sequence[Defect]) -> None:
        if self.link is not None:
            first, *others = [defect.event_id for defect in defects]
            said = Review(**self.link.envelope(), event_id=first, event_ids=[first, *others] if others else None)
            self.link.publish("review", said.to_json())

    def _every_second(self) -> None:
        """Whoever's session has ended watches no longer; whoever takes too long over a request is hung up on.

        Last, as the clock of everything: the sign of life.
        """
        self.readings.cut()
        self._look_for_alerts()
        for viewer in self.fanout.viewers:
            if self.sign_in is not None and self.sign_in.visitor(viewer.session) is None:
                self.fanout.send_away(viewer, SIGNED_OUT, "this session has ended")
        self.systemd.status(self._in_words())
        self.systemd.alive()

    def _look_for_alerts(self) -> None:
        """Not while the broker is away: then it is this web that hears nothing, and nobody would hear it."""
        now_s = time.monotonic()
        if now_s >= self._alerts_due_s and self.broker().listened_s(now_s) > SILENT_S:
            self._alerts_due_s = now_s + ALERTS_S
            is_speaker = self.views.speaks_first(self.settings.id)
            self.alerts.look(self.views.causes(), is_speaker=is_speaker, now_s=now_s, now=from_unix(time.time()))

    def _publish_alert(self, alert: Alert) -> bool:
        return self.link is not None and self.link.publish("alert", alert.to_json())

    def _envelope(self) -> EnvelopeFields:
        assert self.link is not None
        return self.link.envelope()

    def _in_words(self) -> str:
        """The first thing that is wrong, or who looks."""
        broker, sentence = self.broker(), self.catalogue.sentence
        if not broker.connected:
            return f"{broker.sentence}."
        return f"{sentence}." if sentence else f"{len(self.fanout.viewers)} pages are open."

    def _publish_lease(self, id: str, lease: Lease) -> bool:
        """Only to devices that were ever heard: a page may ask for any name."""
        if self.link is None or self.hub.get(id) is None:
            return False
        return self.link.publish("viewers", lease.to_json(), id=id, rest=self.settings.id)

    def _publish_health(self) -> None:
        if self.link is None:
            return
        sentence = self.catalogue.sentence
        health = Health(
            **self.link.envelope(), state="degraded" if sentence else "ok", uptime_s=time.monotonic() - self.began_s,
            reasons=[Reason.STORE_DOWN] if sentence else [], viewers=len(self.fanout.viewers),
            memory_mb=round(psutil.Process().memory_info().rss / 1e6, 1), counters=self.counters(),
        )  # fmt: skip
        self.link.publish("health", health.to_json())
