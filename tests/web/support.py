"""Real parts for the tests of the web: a mosquitto, a web process, a WebSocket client, and publishers in the shape of
a node and of a bridge, which speak the contract over real MQTT without being either."""

import base64
import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import cv2
import httpx
import numpy as np
import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from glassline.contract import Box, ImageRef, from_unix, new_boot, new_event_id
from glassline.contract.frames import embed, embed_frame, extract
from glassline.contract.messages import (
    CameraInfo,
    Command,
    Detection,
    EvidenceMeta,
    FrameMeta,
    Health,
    Info,
    Lease,
    ModelInfo,
    Receipt,
    Reply,
    StoreHealth,
    decode,
)
from glassline.contract.topics import filter_of
from glassline.link import BrokerAddress, Link
from glassline.store import DetectionItem, EvidenceItem, Store

ROOT = Path(__file__).parents[2]
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def until(condition: Callable[[], Any], *, timeout_s: float = 15.0, what: str = "") -> Any:
    """Wait until `condition` gives something true, and return that."""
    end_s = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end_s, f"not within {timeout_s} s: {what or condition}"
        time.sleep(0.02)


class Process:
    """A child process whose end is made sure of, by its own id."""

    def __init__(self, *command: str, env: dict[str, str] | None = None, log: Path | None = None) -> None:
        self.log = log
        self._out = log.open("wb") if log else subprocess.DEVNULL
        self.child = subprocess.Popen(
            command, env={**os.environ, **(env or {})}, stdout=self._out, stderr=subprocess.STDOUT, cwd=ROOT
        )

    def text(self) -> str:
        return self.log.read_text() if self.log else ""

    def stop(self, sig: signal.Signals = signal.SIGTERM, timeout_s: float = 10) -> float:
        """Send `sig` and wait for the end; how long that took."""
        began_s = time.monotonic()
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.send_signal(sig)
            try:
                self.child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(timeout_s)
                raise
        return time.monotonic() - began_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


class Mosquitto(Process):
    """A real mosquitto without accounts on a free loopback port."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        assert MOSQUITTO, "these tests need a real mosquitto: apt-get install mosquitto"
        self.port = port or free_port()
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 20\n"
        )
        super().__init__(MOSQUITTO, "-c", str(config), log=folder / "mosquitto.log")
        until(self._answers, what="mosquitto listens")

    @property
    def address(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False


class Web(Process):
    """A real `python -m web`."""

    def __init__(
        self,
        folder: Path,
        *,
        broker: str,
        store: str = "",
        port: int | None = None,
        env: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = {"broker": broker, "store": store or f"sqlite:{folder}/glassline.db", "http_port": self.port, **more}
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items() if value != ""]
        log = folder / f"web-{self.port}.log"
        super().__init__(sys.executable, "-m", "web", *flags, env=env, log=log)
        self.http = httpx.Client(base_url=self.url, timeout=20)
        until(self.health, timeout_s=30, what="the web answers")

    def health(self) -> dict[str, Any] | None:
        assert self.child.poll() is None, self.text()
        try:
            return self.http.get("/health").json()
        except httpx.TransportError:
            return None

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers."""
        return [child.pid for child in psutil.Process(self.child.pid).children()]

    def stop(self, sig: signal.Signals = signal.SIGTERM, timeout_s: float = 10) -> float:
        self.http.close()
        return super().stop(sig, timeout_s)


def picture(number: int, *, image_wh: tuple[int, int] = (640, 480), quality: int = 80, noise: bool = False) -> bytes:
    """A JPEG made by OpenCV: a pane whose bright bar moves with `number`; `noise` makes it big."""
    width, height = image_wh
    if noise:
        bgr = np.random.default_rng(number).integers(0, 255, (height, width, 3), np.uint8)
    else:
        ramp = np.linspace(60, 150, width, dtype=np.uint8)
        bgr = np.repeat(np.tile(ramp, (height, 1))[:, :, None], 3, 2).copy()
        bgr[:, :, 0] = np.minimum(255, bgr[:, :, 0].astype(np.int32) + 30).astype(np.uint8)
        x = (number * 12) % width
        cv2.rectangle(bgr, (x, 0), (x + 30, height), (235, 235, 225), -1)
        cv2.line(bgr, (200, 150), (280, 230), (250, 250, 250), 2)
    ok, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert ok
    return data.tobytes()


BOX = Box(label="scratch", score=0.87, xyxyn=(0.3, 0.3, 0.45, 0.5), track=1)


class NodeLike:
    """Publishes what a node publishes, when the test says so, and answers pings."""

    def __init__(self, broker: str, id: str = "pi-1") -> None:
        self.id, self.boot = id, new_boot()
        self.leases: list[tuple[float, str, Lease]] = []
        self.commands: list[tuple[str, Command]] = []
        self.mute = False
        self.sent: list[bytes] = []
        self.number = 0
        self.link = Link(address=BrokerAddress.parse(broker), id=id, boot=self.boot, birth=self._birth)
        self.link.on(filter_of("viewers", id), self._on_lease, qos=0)
        self.link.on(filter_of("cmd", id), self._on_command)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def _birth(self) -> Info:
        return Info(
            **self.link.envelope(),
            role="node",
            id=self.id,
            version="0.1.0",
            started_at=datetime.now(UTC),
            hostname="test-host",
            camera=CameraInfo(uri="scene:test", image_wh=(640, 480), fps=15),
            model=ModelInfo(
                name="glass-n", sha256="0" * 64, runtime="onnx", imgsz=640, labels=["scratch", "chip", "bubble"]
            ),
        )

    def _on_lease(self, address: Any, payload: bytes, retained: bool) -> None:
        self.leases.append((time.monotonic(), address.rest, decode(Lease, payload)))

    def _on_command(self, address: Any, payload: bytes, retained: bool) -> None:
        command = decode(Command, payload)
        self.commands.append((address.rest, command))
        if not self.mute:
            reply = Reply(**self.link.envelope(), id=command.id, status="ok", data={"echo": command.args})
            self.link.publish("reply", reply.to_json(), rest=address.rest)

    def publish_health(self, **more: Any) -> None:
        values: dict[str, Any] = {
            "state": "ok", "uptime_s": 5.0, "last_frame_age_s": 0.05, "capture_fps": 15.0, "detect_fps": 9.0,
            "cpu_temp_c": 51.5, **more,
        }  # fmt: skip
        self.link.publish("health", Health(**self.link.envelope(), **values).to_json())

    def frame(self, *, number: int | None = None, jpeg: bytes | None = None, **more: Any) -> bytes:
        """The bytes of one live frame."""
        self.number = self.number + 1 if number is None else number
        jpeg = jpeg or picture(self.number)
        values: dict[str, Any] = {
            "ts": from_unix(time.time()), "boot": self.boot, "seq": self.number, "image_wh": (640, 480),
            "boxes": [BOX], "fps": 15.0, **more,
        }  # fmt: skip
        return embed_frame(jpeg, FrameMeta(**values))

    def publish_frame(self, **more: Any) -> bytes:
        data = self.frame(**more)
        assert self.link.publish("frame", data)
        self.sent.append(data)
        return data

    def stream(self, fps: float, **more: Any) -> None:
        """Publish frames in the background until the end."""

        def run() -> None:
            while not self._stopping.wait(1 / fps):
                if self.link.state.connected:
                    self.publish_frame(**more)

        self._background(run)

    def keep_healthy(self) -> None:
        """Publish health every 2 s in the background."""

        def run() -> None:
            while not self._stopping.wait(2):
                self.publish_health()

        self._background(run)

    def _background(self, run: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    def detection(self, *, event_id: str | None = None, rev: int = 0, label: str = "scratch", **more: Any) -> Detection:
        """A detection with its picture; `evidence_of` gives that."""
        now = from_unix(time.time())
        event_id = event_id or new_event_id()
        jpeg = self.evidence_of(event_id)
        values: dict[str, Any] = {
            "phase": "new", "score": 0.91, "boxes": [BOX.model_copy(update={"label": label})], "first_at": now,
            "last_at": now + timedelta(seconds=1), "frame_at": now, "confirmed_at": now, "frames_confirmed": 4,
            "model": "glass-n", "model_sha256": "0" * 64,
            "image": ImageRef(sha256=hashlib.sha256(jpeg).hexdigest(), size_bytes=len(jpeg), image_wh=(640, 480)),
            **more,
        }  # fmt: skip
        return Detection(**self.link.envelope(), event_id=event_id, rev=rev, label=label, **values)

    def evidence_of(self, event_id: str) -> bytes:
        return embed(picture(7, quality=90), EvidenceMeta(event_id=event_id, rev=0).to_json())

    def publish_detection(self, detection: Detection) -> None:
        assert self.link.publish("detection", detection.to_json())

    def __enter__(self) -> Self:
        self.link.start()
        until(lambda: self.link.state.connected, what=f"{self.id} connects")
        self.publish_health()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(5)
        self.link.stop()


class BridgeLike:
    """Commits to a real store and sends receipts, when the test says so."""

    def __init__(self, broker: str, store: Store, id: str = "bridge-1") -> None:
        self.store = store
        self.link = Link(
            address=BrokerAddress.parse(broker),
            id=id,
            boot=new_boot(),
            birth=lambda: Info(
                **self.link.envelope(), role="bridge", id=id, version="0.1.0", started_at=datetime.now(UTC)
            ),
        )

    def commit(self, device_id: str, detection: Detection, jpeg: bytes | None = None) -> None:
        """Store without saying so."""
        items: list[DetectionItem | EvidenceItem] = [DetectionItem(device_id=device_id, detection=detection)]
        if jpeg is not None:
            sha256 = hashlib.sha256(jpeg).hexdigest()
            items.append(
                EvidenceItem(
                    device_id=device_id, event_id=detection.event_id, rev=detection.rev, jpeg=jpeg, sha256=sha256
                )
            )
        self.store.apply(items)

    def receipt(self, device_id: str, detection: Detection, *, row: str = "stored", error: str | None = None) -> None:
        receipt = Receipt(
            **self.link.envelope(), event_id=detection.event_id, rev=detection.rev, row=row, image="stored", error=error
        )  # type: ignore[arg-type]
        assert self.link.publish("receipt", receipt.to_json(), id=device_id)

    def publish_health(self) -> None:
        health = Health(
            **self.link.envelope(), state="ok", uptime_s=9, store=StoreHealth(kind="sqlite", ok=True, rows=1)
        )
        self.link.publish("health", health.to_json())

    def __enter__(self) -> Self:
        self.store.open()
        self.link.start()
        until(lambda: self.link.state.connected, what="the bridge-like publisher connects")
        self.publish_health()
        return self

    def __exit__(self, *error: object) -> None:
        self.link.stop()
        self.store.close()


@dataclass(frozen=True)
class Shown:
    """A picture as a client got it."""

    device_id: str
    jpeg: bytes
    at_s: float

    @property
    def meta(self) -> dict[str, Any]:
        com = extract(self.jpeg)
        assert com is not None
        return json.loads(com)

    @property
    def age_s(self) -> float:
        """Capture to receipt; both on this machine's clock."""
        return self.at_s - datetime.fromisoformat(self.meta["ts"]).timestamp()


class Page:
    """A WebSocket client that collects what the web sends."""

    def __init__(self, web: Web, *watch: str, max_fps: float = 30, **options: Any) -> None:
        self.ws: ClientConnection = connect(
            f"ws://127.0.0.1:{web.port}/live", max_size=None, compression=None, **options
        )
        self.pictures: list[Shown] = []
        self.events: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        if watch:
            self.say(watch=list(watch), max_fps=max_fps)

    def say(self, **message: Any) -> None:
        self.ws.send(json.dumps(message))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            self._read_on()

    def _read_on(self) -> None:
        for message in self.ws:
            if isinstance(message, bytes):
                size = message[0]
                name = message[1 : 1 + size].decode()
                self.pictures.append(Shown(name, message[1 + size :], time.time()))
            else:
                self.events.append(json.loads(message))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.ws.close()
        self._thread.join(5)


class RawPage:
    """A WebSocket client that reads only when told to, with a small receive buffer."""

    def __init__(self, web: Web) -> None:
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.connect(("127.0.0.1", web.port))
        self.sock.settimeout(10)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self.sock.recv(100)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head[:200]

    def send(self, opcode: int, payload: bytes) -> None:
        assert len(payload) < 126
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.sock.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    def say(self, **message: object) -> None:
        self.send(1, json.dumps(message).encode())

    def read(self) -> tuple[int, bytes]:
        """The next message: opcode and payload."""
        first, length = self._take(2)
        assert first & 0x80, f"expected a final, whole message, got {first:#x}"
        assert not first & 0x70, f"expected no reserved bits, got {first:#x}"
        if length == 126:
            length = int.from_bytes(self._take(2), "big")
        elif length == 127:
            length = int.from_bytes(self._take(8), "big")
        return first & 0x0F, self._take(length)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            data = self.sock.recv(65536)
            assert data, "the web closed the connection"
            self._buffer += data
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken
