"""The chain that garbage is thrown at: every program as it runs, with a good node beside the bad sender."""

import json
import socket
import sqlite3
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as paho
import psutil

from broker.limits import Limits
from glassline.contract import Role
from tests.support.clients import RawClient
from tests.support.embedded_broker import RunningBroker, embedded_broker, free_port
from tests.support.waiting import until
from tests.web.clients import Page
from tests.web.processes import Process, Web, runs
from tests.web.publishers import NodeLike

GOOD, NODE = "pi-good", "pi-real"
BRIDGE, WEB = "bridge-1", "web-1"
ROLES = {"pi-1": Role.NODE, "pi-2": Role.NODE, "web-1": Role.WEB, "eyes": Role.OBSERVER}
MAX_GROWTH_MB = {"broker": 60, "bridge": 90, "web": 100, NODE: 60}
"""Over the whole session, after the first good detection and frame: all bounds together, not one row's share."""


class Chain:
    """An open broker, so that anybody may say anything, bridge, web and node; and a guarded broker with accounts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.database = folder / "glassline.db"
        self.stored: set[str] = set()
        """Events that were rightly stored."""
        self.counters: dict[str, Counter[str]] = {}
        """What bridge and node said last in their health."""
        self.healths: dict[str, dict[str, Any]] = {}
        self.event = ""
        """What the row at hand is about."""
        self.broker_mb = 0.0
        self.heard: list[tuple[str, bytes]] = []
        self.guarded: RunningBroker
        self._ending = ExitStack()

    @property
    def address(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._start(starting)
            self._ending = starting.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.close()

    def _start(self, ending: ExitStack) -> None:
        self.guarded = ending.enter_context(embedded_broker(ROLES, limits=Limits(connect_s=2.0)))
        self.processes = {"broker": ending.enter_context(self._program("broker", listen=self.address))}
        self.processes["broker"].wait_for(self._listens, what="the broker listens")
        self.stranger = ending.enter_context(Stranger(self))
        store = f"sqlite:{self.database}"
        self.processes["bridge"] = ending.enter_context(
            self._program("bridge", broker=self.address, store=store, health_s=0.3)
        )
        self.web = ending.enter_context(Web(self.folder, broker=self.address, store=store))
        self.processes["web"] = self.web
        self.processes[NODE] = ending.enter_context(
            self._program(
                "pi_node",
                broker=self.address,
                id=NODE,
                camera="scene:?seed=5",
                camera_fps=5,
                detect_fps=0.5,
                state_dir=self.folder / "node",
            )
        )
        self.good = ending.enter_context(NodeLike(self.address, GOOD))
        self.good.keep_healthy()
        until(lambda: self.healths.get(NODE, {}).get("inference_ms"), timeout_s=60, what="the node's detector works")
        until(lambda: BRIDGE in self.counters, what="the bridge is heard")
        self.page = ending.enter_context(Page(self.web, GOOD))
        self.pids = {name: process.child.pid for name, process in self.processes.items()}
        self.pids["worker"] = self.web.workers()[0]
        self.began_s = time.monotonic()
        self.check_all_is_well()
        self.before_mb = self.rss_mb()

    def _program(self, module: str, **settings: Any) -> Process:
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        return Process(sys.executable, "-m", module, *flags, log=self.folder / f"{module}.log")

    def _listens(self) -> bool:
        with socket.socket() as plug:
            return plug.connect_ex(("127.0.0.1", self.port)) == 0

    # -- what is looked at --------------------------------------------------------------------------------------

    def counts(self, program: str) -> Counter[str]:
        """What a program has counted so far, as it tells it itself."""
        if program == "broker":
            return Counter(self.guarded.counts)
        if program == "web":
            return Counter(self.web.get("/health")["counters"])
        return self.counters[{"bridge": BRIDGE, "node": NODE}[program]]

    def log_of(self, program: str) -> str:
        return self.processes[NODE if program == "node" else program].text()

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Read the store."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10) as db:
            return db.execute(sql, values).fetchall()

    def defect(self, event_id: str) -> dict[str, Any] | None:
        answer = self.web.http.get(f"/api/defects/{event_id}")
        return answer.json() if answer.status_code == 200 else None

    def rss_mb(self) -> dict[str, float]:
        """Resident memory by program; the web's is that of all its processes."""
        found = {}
        for name, process in self.processes.items():
            parent = psutil.Process(process.child.pid)
            found[name] = sum(one.memory_info().rss for one in (parent, *parent.children(recursive=True))) / 1e6
        return found

    # -- what must hold after everything ------------------------------------------------------------------------

    def check_all_is_well(self) -> None:
        """The same processes run, a good detection is stored with its picture, a good frame reaches a page."""
        dead = [name for name, pid in self.pids.items() if not runs(pid)]
        assert not dead, f"{dead} ended: {self.log_of(dead[0] if dead[0] in self.processes else 'web')[-2000:]}"
        detection = self.good.detection()
        self.stored.add(detection.event_id)
        self.good.publish_detection(detection)
        assert self.good.link.publish("evidence", self.good.evidence_of(detection.event_id))
        until(
            lambda: self.rows("SELECT 1 FROM defects WHERE event_id = ? AND image_stored", detection.event_id),
            what="a good detection is stored with its picture",
        )
        until(self._a_frame_arrives, timeout_s=30, what="a good frame reaches the page")

    def _a_frame_arrives(self) -> bool:
        sent = self.good.publish_frame()
        end_s = time.monotonic() + 2
        while time.monotonic() < end_s:
            if self.page.pictures and self.page.pictures[-1].jpeg == sent:
                del self.page.pictures[:], self.page.events[:], self.good.sent[:]
                return True
            time.sleep(0.005)
        return False

    def check_nothing_foreign_is_stored(self) -> None:
        found = {event_id for (event_id,) in self.rows("SELECT event_id FROM defects WHERE device_id != ?", NODE)}
        assert found <= self.stored, found - self.stored
        (devices,) = self.rows("SELECT count(*) FROM devices")[0]
        (letters,) = self.rows("SELECT count(*) FROM dead_letters")[0]
        assert devices <= 1000
        assert letters <= 2100

    def check_memory(self) -> None:
        for name, now_mb in self.rss_mb().items():
            grown_mb = now_mb - self.before_mb[name]
            assert grown_mb < MAX_GROWTH_MB[name], f"{name} grew by {grown_mb:.0f} MB"

    # -- ways in ------------------------------------------------------------------------------------------------

    def raw_http(self, request: bytes, *, wait_s: float = 10) -> bytes:
        """Send bytes to the web and return what comes back until it closes, is done, or is silent."""
        with socket.create_connection(("127.0.0.1", self.web.port), wait_s) as plug:
            plug.sendall(request)
            plug.settimeout(wait_s)
            answer = b""
            try:
                while b"\r\n\r\n" not in answer and (data := plug.recv(65536)):
                    answer += data
            except (TimeoutError, ConnectionError):
                pass
            return answer

    def raw_mqtt(self) -> list[RawClient]:
        """A raw connection to the guarded broker, and one to the chain's."""
        return [RawClient(self.guarded.port), RawClient(self.port)]


class Stranger:
    """A client of the chain's broker that says anything, and hears everybody's health."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="stranger")
        self._client.max_queued_messages_set(0)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        client.subscribe(
            [
                ("glass/v1/+/health", 0),
                ("glass/v1/+/receipt", 0),
                ("glass/v1/+/reply/+", 0),
                ("glass/v1/+/viewers/+", 0),
            ]
        )

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        device = message.topic.split("/")[2]
        if message.topic.endswith("/health"):
            if device in (BRIDGE, NODE):
                health = json.loads(message.payload)
                self._chain.healths[device] = health
                self._chain.counters[device] = Counter(health.get("counters", {}) | health.get("store", {}))
        else:
            self._chain.heard.append((message.topic, message.payload))
            del self._chain.heard[:-200]

    def say(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publish, and wait until the broker has it."""
        if not self._client.is_connected():
            until(self._client.is_connected, what="the stranger is connected again")
        self._client.publish(topic, payload, qos, retain).wait_for_publish(20)

    def say_all(self, messages: list[tuple[str, bytes]]) -> None:
        """Publish many, with a hundred under way at a time."""
        sent: list[paho.MQTTMessageInfo] = []
        for topic, payload in messages:
            sent.append(self._client.publish(topic, payload, 1))
            if len(sent) >= 100:
                sent.pop(0).wait_for_publish(20)
        for info in sent:
            info.wait_for_publish(20)

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._chain.port, 30)
        self._client.loop_start()
        until(self._client.is_connected, what="the stranger is connected")
        return self

    def __exit__(self, *error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
