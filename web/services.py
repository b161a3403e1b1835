"""Everything behind the page, put together: link, hub, live pictures, store, commands, leases, events."""

import logging
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

import psutil

import glassline
from glassline.contract import Reason, from_unix, new_boot
from glassline.contract.messages import Detection, Health, Info, Lease, Receipt, Review, decode
from glassline.contract.topics import Address, filter_of
from glassline.diagnosis import Verdict
from glassline.link import AddressError, BrokerAddress, Link
from glassline.program import read_secret
from glassline.store import Defect

from .catalogue import Catalogue
from .commands import Commands
from .finds import Unconfirmed
from .hub import Heard, Hub
from .leases import Leases, wanted_fps
from .live import Live
from .observations import BrokerView, judge, judge_server
from .settings import WebSettings
from .shapes import defect_json, device_json, remembered_json, unconfirmed_json

log = logging.getLogger(__name__)

TICK_S = 0.5
CHAIN_S = 2.0
CHAIN_AGES_S = 4.0
HEALTH_S = 5.0


class Services:
    """Use as a context manager, or start and stop. Constructing it connects to nothing."""

    def __init__(self, *, settings: WebSettings) -> None:
        self.settings = settings
        self.began_s = time.monotonic()
        self.boot = new_boot()
        self.hub = Hub(changed=self._touch)
        self.live = Live(hub=self.hub, stall_s=settings.stall_s, appeared=self._touch)
        self.fanout = self.live.fanout
        self.unconfirmed = Unconfirmed()
        self.catalogue = Catalogue(url=settings.store, read=self._defect_read, overrun=self._resync)
        self.commands = Commands(hub=self.hub)
        self.leases = Leases(publish=self._publish_lease)
        self.link: Link | None = None
        self._no_link: tuple[Reason, str] | None = None
        self._dirty: set[str] = set()
        self._online: dict[str, bool] = {}
        self._chains: dict[str | None, tuple[dict[str, Any], float]] = {}
        self._bell = threading.Event()
        self._stopping = False
        self._ticker = threading.Thread(target=self._tick, name="ticker", daemon=True)

    # -- life cycle --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to serve; what cannot be reached is tried again for ever and said on the page."""
        self.fanout.start()
        self.catalogue.start()
        self._start_link()
        self._ticker.start()

    def stop(self) -> None:
        """Let go of viewers, broker and store."""
        self._stopping = True
        self._bell.set()
        self.fanout.stop()
        if self.link is not None:
            self.link.stop()
        self.catalogue.stop()
        self._ticker.join(2)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _start_link(self) -> None:
        settings = self.settings
        try:
            address = BrokerAddress.parse(settings.broker)
        except AddressError as error:
            self._no_link = error.code, str(error)
            log.warning("no link: %s", error)
            return
        password = read_secret(settings.password_file) if settings.password_file else None
        link = Link(
            address=address, id=settings.id, boot=self.boot, birth=self._birth, password=password,
            ca_file=settings.ca_file or None,
        )  # fmt: skip
        for kind in ("status", "info", "health"):
            link.on(filter_of(kind), self.hub.on_message, qos=1)
        link.on(filter_of("frame"), self.live.on_frame, qos=0)
        link.on(filter_of("detection"), self._on_detection, qos=1)
        link.on(filter_of("receipt"), self._on_receipt, qos=1)
        link.on(filter_of("review"), self._on_review, qos=1)
        link.on(filter_of("reply"), self.commands.on_reply, qos=1)
        link.on_connected(self.leases.renew_all)
        self.link = link
        link.start()

    def _birth(self) -> Info:
        link = self.link
        assert link is not None
        shown = self.settings.model_dump(exclude={"password_file"})
        return Info(
            **link.envelope(), role="web", id=self.settings.id, version=glassline.__version__,
            started_at=from_unix(time.time() - (time.monotonic() - self.began_s)), hostname=socket.gethostname(),
            settings=shown,
        )  # fmt: skip

    # -- from the network thread -------------------------------------------------------------------------------

    def _on_detection(self, address: Address, payload: bytes, retained: bool) -> None:
        find = self.unconfirmed.see(address.id, decode(Detection, payload))
        if find is not None:
            self.fanout.post({"type": "detection", "defect": unconfirmed_json(find.device_id, find.detection)})

    def _on_receipt(self, address: Address, payload: bytes, retained: bool) -> None:
        receipt = decode(Receipt, payload)
        find = self.unconfirmed.confirm(receipt)
        self.fanout.post(
            {"type": "receipt", "device_id": address.id}
            | receipt.model_dump(mode="json", include={"event_id", "rev", "row", "image", "error"})
        )
        if receipt.row == "stored":
            self.catalogue.refresh(receipt.event_id)
        elif find is not None:
            defect = unconfirmed_json(find.device_id, find.detection, error=find.error)
            self.fanout.post({"type": "detection", "defect": defect})

    def _on_review(self, address: Address, payload: bytes, retained: bool) -> None:
        if address.id != self.settings.id:
            self.catalogue.refresh(decode(Review, payload).event_id)

    def _touch(self, id: str) -> None:
        self._dirty.add(id)
        self._bell.set()

    # -- from the catalogue's thread ---------------------------------------------------------------------------

    def _defect_read(self, event_id: str, defect: Defect | None) -> None:
        if defect is not None:
            self.fanout.post({"type": "defect", "defect": defect_json(defect)})

    def _resync(self) -> None:
        self.fanout.post({"type": "resync"})

    # -- answers -----------------------------------------------------------------------------------------------

    @property
    def broker(self) -> BrokerView:
        """The link's state, on the web's own clock."""
        now_s = time.monotonic()
        if self.link is None:
            code, sentence = self._no_link or (None, "not started")
            return BrokerView(connected=False, code=code, sentence=sentence, address="", since_s=self.began_s)
        state = self.link.state
        return BrokerView(
            connected=state.connected, code=state.code, sentence=state.sentence, address=str(self.link.address),
            since_s=now_s - max(0.0, time.time() - state.since),
        )  # fmt: skip

    def verdict(self, device: Heard) -> Verdict:
        """The chain of a device up to here; of a bridge or a web what is known of it."""
        if device.role in ("bridge", "web"):
            return judge_server(programs=[device], broker=self.broker, now_s=time.monotonic())
        return judge(
            device, programs=self.hub.all(), broker=self.broker, watched_s=self.leases.watched_s(device.id),
            now_s=time.monotonic(),
        )  # fmt: skip

    def chain(self, id: str) -> dict[str, Any] | None:
        """The verdict on a device as JSON, or None if nobody ever heard of it."""
        program = self.hub.get(id) or (Heard(id) if id in self.catalogue.devices else None)
        return None if program is None else _chain_json(id, self.verdict(program))

    def own_chain(self) -> dict[str, Any]:
        """The chain as it is without any device: what stands between here and whoever may come."""
        verdict = judge_server(programs=self.hub.all(), broker=self.broker, now_s=time.monotonic())
        return _chain_json(None, verdict)

    def device(self, id: str) -> dict[str, Any] | None:
        """A program as JSON, or None if nobody ever heard of it."""
        program = self.hub.get(id)
        if program is None:
            remembered = self.catalogue.devices.get(id)
            return None if remembered is None else remembered_json(remembered)
        now_s = time.monotonic()
        return device_json(program, connected=self.broker.connected, verdict=self.verdict(program), now_s=now_s)

    def devices(self) -> list[dict[str, Any]]:
        """All programs, heard or remembered, by id."""
        ids = {program.id for program in self.hub.all()} | self.catalogue.devices.keys()
        shapes = (self.device(id) for id in sorted(ids))
        return [shape for shape in shapes if shape is not None]

    def counters(self) -> dict[str, int]:
        """What was counted, by name."""
        parts = [self.hub.counters, self.live.intake.counters, self.fanout.counters, self.catalogue.counters]
        if self.link is not None:
            parts.append(self.link.counters)
        return {name: count for part in parts for name, count in dict(part).items()}

    def reviewed(self, defect: Defect) -> None:
        """Tell every page, here and at other webs, that a person wrote something."""
        self.fanout.post({"type": "review", "defect": defect_json(defect)})
        if self.link is not None:
            self.link.publish("review", Review(**self.link.envelope(), event_id=defect.event_id).to_json())

    # -- the ticker --------------------------------------------------------------------------------------------

    def rewatch(self) -> None:
        """Call after a viewer came, went or changed what it watches."""
        self._bell.set()

    def _publish_lease(self, id: str, lease: Lease) -> bool:
        """Only to devices that were ever heard: a page may ask for any name."""
        if self.link is None or self.hub.get(id) is None:
            return False
        return self.link.publish("viewers", lease.to_json(), id=id, rest=self.settings.id)

    def _tick(self) -> None:
        chain_at_s = health_at_s = 0.0
        while not self._stopping:
            self._bell.wait(TICK_S)
            self._bell.clear()
            try:
                now_s = time.monotonic()
                self.leases.update(wanted_fps(self.fanout.viewers))
                changed = self._tell_devices(now_s)
                if changed or now_s >= chain_at_s:
                    chain_at_s = now_s + CHAIN_S
                    self._tell_chains(now_s)
                if now_s >= health_at_s:
                    health_at_s = now_s + HEALTH_S
                    self._publish_health()
            except Exception:
                self.fanout.counters["ticker_failed"] += 1
                log.exception("in the ticker")

    def _tell_devices(self, now_s: float) -> bool:
        """Push the programs that spoke, and those that fell silent; whether any came or went."""
        connected = self.broker.connected
        online = {program.id: connected and program.is_heard(now_s) for program in self.hub.all()}
        flipped = {id for id, there in online.items() if self._online.get(id) != there}
        self._online = online
        dirty, self._dirty = self._dirty, set()
        for id in sorted(dirty | flipped):
            shape = self.device(id) if self.fanout.viewers else None
            if shape is not None:
                self.fanout.post({"type": "device", "device": shape})
        return bool(flipped)

    def _tell_chains(self, now_s: float) -> None:
        """Push the chain of what is watched, and the one without a device: on change, and now and then for its ages."""
        wanted = wanted_fps(self.fanout.viewers)
        self._chains = {id: told for id, told in self._chains.items() if id in wanted or id is None}
        for id in [None, *wanted]:
            chain = self.own_chain() if id is None else self.chain(id)
            if chain is None:
                continue
            gist = {hop["hop"]: (hop["state"], hop["code"], hop["explained_by"]) for hop in chain["hops"]}
            told, told_at_s = self._chains.get(id, ({}, 0.0))
            if gist != told or now_s - told_at_s >= CHAIN_AGES_S:
                self._chains[id] = gist, now_s
                self.fanout.post({"type": "chain", "chain": chain}, device_id=id)

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


def _chain_json(id: str | None, verdict: Verdict) -> dict[str, Any]:
    return {"deviceId": id, "now_s": round(time.monotonic(), 3)} | verdict.to_dict()
