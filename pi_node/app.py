"""The node put together: which part hands what to which."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from glassline.contract import new_boot
from glassline.contract.messages import Info, Lease, decode
from glassline.contract.topics import Address, filter_of
from glassline.link import AddressError, BrokerAddress, Link, Sought
from glassline.program import Systemd, read_secret
from glassline.vision import AUTO, ModelCard, Tracker, TrackEvent

from .camera import Frame
from .camera.capture import Capture
from .clock.machine import Clock
from .clock.watch import ClockWatch
from .config.in_force import Config
from .config.probation import Probation
from .detection.findings import Findings
from .detection.inspection import Inspection
from .detection.memory import MemoryFile
from .health import host
from .health.heat import Heat
from .health.reporter import HealthReporter
from .health.rival import Rival, is_there
from .health.sight import Sight
from .health.strain import Strain
from .live.leases import Leases
from .live.picture import Live
from .making import Making
from .models import Fetching, Shelf
from .outbox import Outbox
from .remote.actions import Actions
from .remote.commands import Commands
from .report.birth import Birth
from .report.self_report import SelfReport
from .report.status_file import SERVER_FILE, runtime_folder
from .settings import NodeSettings
from .uplink.sender import Sender
from .uplink.speed import Speed
from .uplink.way import Way
from .watchdog import Watchdog

log = logging.getLogger(__name__)


class _Part(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Node:
    """A running node. Where there is no usable address of a broker, it detects and keeps, and says so."""

    def __init__(
        self,
        *,
        settings: NodeSettings,
        broker: BrokerAddress | Sought | AddressError,
        systemd: Systemd,
        settings_file: Path | None = None,
        alone: bool = False,
        making: Callable[..., Making] = Making,
    ) -> None:
        """`alone`: no other program is set up on this machine, so that a broker is not to be expected here."""
        self.ended = threading.Event()
        self.restart_wanted = False
        self._settings, self._broker, self._systemd = settings, broker, systemd
        self._settings_file, self._alone, self._making = settings_file, alone, making
        self._state_dir = Path(settings.state_dir)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Start everything; OutboxError, SecretError and CameraError say what cannot be."""
        s = self._settings
        self._shelf = Shelf(self._state_dir / "models")
        self._config = Config(
            settings=s, path=self._state_dir / "config.json", models=lambda: ("", AUTO, *self._shelf.names())
        )
        self._config.load()
        self._leases = Leases()
        self._outbox = Outbox(path=self._state_dir / "outbox.db", cap_bytes=s.outbox_mb * 1_000_000)
        self._outbox.open()
        self._running.callback(self._outbox.close)
        self._link = Link(
            address=self._broker if not isinstance(self._broker, AddressError) else BrokerAddress("", 0),
            id=s.id,
            boot=new_boot(),
            birth=self._birth,
            password=read_secret(s.password_file) if s.password_file else None,
            ca_file=s.ca_file or None,
            credentials=s.credentials or None,
            memory=self._state_dir / SERVER_FILE,
        )
        self._wire()
        link = [] if isinstance(self._broker, AddressError) else [self._link]
        parts: list[_Part] = [
            *link, self._clock, self._health, self._commands, self._live, self._sender, self._inspection, self._capture,
            self._watchdog, self._probation, self._fetching,
        ]  # fmt: skip
        for part in parts:
            part.start()
            self._running.callback(part.stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._running.close()

    def _wire(self) -> None:
        s, link = self._settings, self._link
        making = self._making(settings=s, config=self._config, shelf=self._shelf, link=link)
        speed = Speed()
        way = Way(link=link, speed=speed)
        self._sender = Sender(link=link, way=way, speed=speed, outbox=self._outbox)
        clock = Clock(sysfs=Path(s.sysfs), procfs=Path(s.procfs))
        now = clock.read()
        self._findings = Findings(
            link=link,
            outbox=self._outbox,
            speed=speed,
            evidence_quality=lambda: self._config.running().evidence_quality,
            clock=now,
        )
        self._clock = ClockWatch(clock=clock, findings=self._findings, on_corrected=self._sender.wake)
        self._memory = MemoryFile(path=runtime_folder(self._state_dir) / "marks.json", boot=now.boot)
        machine = host.Host(Path(s.sysfs))
        self._inspection = Inspection(
            make_detector=making.detector,
            on_event=self._on_event,
            detect_fps=lambda: self._config.running().detect_fps,
            attention=lambda card: self._config.running().attention(card),
            heat=Heat(host=machine, hot_c=s.hot_c),
            on_loaded=self._on_loaded,
            on_tracked=self._on_tracked,
        )
        self._sight = Sight(black_level=s.black_level, may_repeat=lambda: self._capture.may_repeat)
        self._rival = Rival(broker_is_there=lambda: is_there(link.address))
        self._live = Live(
            link=link,
            way=way,
            speed=speed,
            leases=self._leases,
            inspection=self._inspection,
            settings=self._config.running,
            clock=lambda: self._findings.clock,
        )
        self._watchdog = Watchdog(systemd=self._systemd, detector_reason=self._inspection.reason)
        self._capture = Capture(
            make_camera=making.camera,
            sinks=[self._live.sink, self._inspection.sink, self._sight.sink],
            on_opened=link.reannounce,
            on_alive=self._watchdog.on_alive,
        )
        self._probation = Probation(
            config=self._config,
            capture=self._capture,
            inspection=self._inspection,
            sight=self._sight,
            announce=link.reannounce,
            restart=self._restart,
        )
        self._fetching = Fetching(
            shelf=self._shelf, config=self._config, probation=self._probation, source=making.source
        )
        self._born = Birth(
            settings=s,
            link=link,
            capture=self._capture,
            inspection=self._inspection,
            config=self._config,
            shelf=self._shelf,
            choice=lambda: making.choice,
        )
        self._self_report = SelfReport(
            settings=s,
            settings_file=self._settings_file,
            alone=self._alone,
            broker=self._broker,
            link=link,
            sender=self._sender,
            leases=self._leases,
            birth=self._born,
            systemd=self._systemd,
        )
        actions = Actions(
            link=link,
            live=self._live,
            inspection=self._inspection,
            config=self._config,
            probation=self._probation,
            fetching=self._fetching,
            self_report=self._self_report,
            health=lambda: self._health,
            restart=self._restart,
        )
        self._commands = Commands(link=link, actions=actions.by_name())
        strain = Strain(
            host=machine, procfs=Path(s.procfs), state_dir=self._state_dir, broker=making.broker_host,
            outbox_mb=s.outbox_mb,
        )  # fmt: skip
        self._health = HealthReporter(
            link=link,
            capture=self._capture,
            sight=self._sight,
            rival=self._rival,
            inspection=self._inspection,
            live=self._live,
            leases=self._leases,
            outbox=self._outbox,
            findings=self._findings,
            commands=self._commands,
            config=self._config,
            fetching=self._fetching,
            host=machine,
            strain=strain,
            clock=self._clock,
            on_report=self._self_report.tell,
        )
        link.on_change(lambda state: self._rival.note(state, time.monotonic()))
        link.on(filter_of("receipt", s.id), self._sender.on_receipt)
        link.on(filter_of("viewers", s.id), self._on_lease, qos=0)
        link.on(filter_of("cmd", s.id), self._commands.on_command)
        link.on_connected(self._on_connected)

    def _birth(self) -> Info:
        return self._born()

    def _on_connected(self) -> None:
        self._sender.on_connected()
        self._health.now()
        self._live.now()

    def _on_loaded(self, tracker: Tracker) -> None:
        self._config.warn_of_labels(self._inspection.card)
        memory = self._memory.load()
        if memory is not None:
            self._findings.recall(memory.known)
            tracker.recall(memory.marks, time.monotonic())
        self._link.reannounce()

    def _on_tracked(self, tracker: Tracker) -> None:
        marks = tracker.remembered()
        self._findings.keep_in_mind(marks)
        self._findings.put_waiting()
        self._memory.save(marks, self._findings.known)

    def _on_event(self, event: TrackEvent, card: ModelCard, frame: Frame) -> None:
        self._findings.record(event, card, frame)
        self._sender.wake()
        if event.phase == "new":
            log.info("found %s, score %.2f", event.track.label, event.track.score)

    def _on_lease(self, address: Address, payload: bytes, retained: bool) -> None:
        if not retained:
            now_s = time.monotonic()
            nobody = not self._leases.count(now_s)
            self._leases.renew(address.rest, decode(Lease, payload), now_s)
            if nobody:
                self._live.now()

    def _restart(self) -> None:
        self.restart_wanted = True
        threading.Timer(0.3, self.ended.set).start()
