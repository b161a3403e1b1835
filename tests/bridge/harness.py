"""A bridge in this process or in one of its own, and a node that sends until it has its receipts."""

import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bridge.app import Bridge
from bridge.settings import BridgeSettings
from glassline.contract import Role, topic_of
from glassline.contract.messages import Detection, Health, Receipt
from glassline.link import BrokerAddress
from glassline.program import Systemd
from glassline.store.sqlite import SqliteStore
from tests.support.clients import TestClient, connected
from tests.support.embedded_broker import RunningBroker

ROLES = {"pi-1": Role.NODE, "pi-2": Role.NODE, "bridge-1": Role.BRIDGE, "watch": Role.OBSERVER}
WAIT_S = 20.0


@contextmanager
def online(at: RunningBroker) -> Iterator[None]:
    """What is started in the block is a bridge; the block ends when it is online and subscribed."""
    with connected(at, "watch") as watch:
        watch.subscribe(topic_of("status", "bridge-1"))
        yield
        while watch.next()[1:] != (b"online", 1, False):
            pass


@contextmanager
def running_bridge(at: RunningBroker, store: SqliteStore, **settings: Any) -> Iterator[Bridge]:
    """A bridge in this process."""
    bridge = Bridge(
        settings=BridgeSettings.model_validate({"health_s": 0.2} | settings),
        address=BrokerAddress.parse(at.url),
        store=store,
        systemd=Systemd({}),
        password=at.passwords.get("bridge-1"),
    )
    with online(at):
        bridge.__enter__()
    try:
        yield bridge
    finally:
        bridge.__exit__(None, None, None)


def bridge_process(at: RunningBroker, folder: Path, *flags: str) -> "subprocess.Popen[str]":
    """`python -m bridge` with its password file and its store in `folder`."""
    secret = folder / "bridge.secret"
    if not secret.exists():
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(at.passwords["bridge-1"])
    arguments = ["--broker", at.url, "--store", f"sqlite:{folder}/glass.db", "--password-file", str(secret)]
    return subprocess.Popen(
        [sys.executable, "-m", "bridge", *arguments, *flags], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


class Node:
    """What a node does, as far as the bridge is concerned; `receipts` are those not yet looked at."""

    def __init__(self, client: TestClient, id: str) -> None:
        self.client, self.id = client, id

    def send(self, *messages: Detection | bytes) -> None:
        """Send detections and evidence pictures, in order."""
        for message in messages:
            if isinstance(message, Detection):
                self.client.publish(topic_of("detection", self.id), message.to_json(), qos=1)
            else:
                self.client.publish(topic_of("evidence", self.id), message, qos=1)

    def send_raw(self, kind: Any, payload: bytes) -> None:
        self.client.publish(topic_of(kind, self.id), payload, qos=1)

    def receipt(self, timeout_s: float = WAIT_S) -> Receipt:
        """The next receipt."""
        topic, payload, _, _ = self.client.next(timeout_s)
        assert topic == topic_of("receipt", self.id)
        return Receipt.model_validate_json(payload)

    def said(self, timeout_s: float = WAIT_S) -> tuple[str, int, str, str]:
        """The next receipt as (event_id, rev, row, image)."""
        receipt = self.receipt(timeout_s)
        return receipt.event_id, receipt.rev, receipt.row, receipt.image

    def hears_nothing(self, seconds: float = 0.5) -> bool:
        return self.client.nothing_for(seconds)


@contextmanager
def node(at: RunningBroker, id: str = "pi-1") -> Iterator[Node]:
    """A node that hears its receipts."""
    with connected(at, id) as client:
        plug = client.client.socket()
        assert isinstance(plug, socket.socket)
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.subscribe(topic_of("receipt", id))
        yield Node(client, id)


class Watch:
    """Sees the health of the bridge."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def health_until(self, wanted: Any) -> Health:
        """The first health from now on for which `wanted(health)` holds."""
        while not self.client.messages.empty():
            self.client.messages.get()
        until_s = time.monotonic() + WAIT_S
        health = None
        while time.monotonic() < until_s:
            health = Health.model_validate_json(self.client.next()[1])
            if wanted(health):
                return health
        raise AssertionError(f"not seen in {WAIT_S} s; the last was {health}")


@contextmanager
def watch(at: RunningBroker) -> Iterator[Watch]:
    with connected(at, "watch") as client:
        client.subscribe(topic_of("health", "bridge-1"), qos=0)
        yield Watch(client)


class InsistentNode:
    """Sends each (detection, evidence) at once and again each second, until it is receipted as stored with picture."""

    def __init__(self, client: TestClient, id: str, *, resend_s: float = 1.0) -> None:
        self.client, self.id, self._resend_s = client, id, resend_s
        self.waiting: dict[str, tuple[Detection, bytes, float]] = {}
        self._new: queue.SimpleQueue[tuple[Detection, bytes]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, detection: Detection, evidence: bytes) -> None:
        self._new.put((detection, evidence))

    def is_done(self) -> bool:
        return self._new.empty() and not self.waiting

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            now_s = time.monotonic()
            while not self._new.empty():
                detection, evidence = self._new.get()
                self.waiting[detection.event_id] = (detection, evidence, 0.0)
            for event_id, (detection, evidence, due_s) in list(self.waiting.items()):
                if due_s <= now_s:
                    self.client.client.publish(topic_of("detection", self.id), detection.to_json(), 1)
                    self.client.client.publish(topic_of("evidence", self.id), evidence, 1)
                    self.waiting[event_id] = (detection, evidence, now_s + self._resend_s)
            self._take_receipts()

    def _take_receipts(self) -> None:
        try:
            while True:
                receipt = Receipt.model_validate_json(self.client.messages.get(timeout=0.02)[1])
                assert (receipt.row, receipt.image) in {("stored", "stored"), ("stored", "missing")}
                if receipt.image == "stored":
                    self.waiting.pop(receipt.event_id, None)
        except queue.Empty:
            return
