"""Publishers in the shape of a node and of a bridge: they speak the contract over real MQTT without being either."""

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import cv2
import numpy as np

from glassline.contract import Box, ImageRef, from_unix, new_boot, new_event_id
from glassline.contract.frames import embed, embed_frame
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
    ReplyError,
    StoreHealth,
    decode,
)
from glassline.contract.topics import filter_of
from glassline.link import BrokerAddress, Link
from glassline.store import DetectionItem, EvidenceItem, Store
from tests.support.waiting import until


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

    def __init__(self, broker: str, id: str = "pi-1", *, password: str | None = None) -> None:
        self.id, self.boot = id, new_boot()
        self.leases: list[tuple[float, str, Lease]] = []
        self.commands: list[tuple[str, Command]] = []
        self.mute = False
        self.settings: dict[str, Any] = {}
        """In force; the command `config` changes them and is answered with all of them."""
        self.refuses: ReplyError | None = None
        """Why that command is refused."""
        self.sent: list[bytes] = []
        self.number = 0
        self.link = Link(
            address=BrokerAddress.parse(broker), id=id, boot=self.boot, birth=self._birth, password=password
        )
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
            settings=self.settings,
        )

    def _on_lease(self, address: Any, payload: bytes, retained: bool) -> None:
        self.leases.append((time.monotonic(), address.rest, decode(Lease, payload)))

    def _on_command(self, address: Any, payload: bytes, retained: bool) -> None:
        command = decode(Command, payload)
        self.commands.append((address.rest, command))
        if not self.mute:
            self.link.publish("reply", self._reply(address.rest, command).to_json(), rest=address.rest)

    def _reply(self, name: str, command: Command) -> Reply:
        envelope = {**self.link.envelope(), "id": command.id}
        if name != "config":
            return Reply(**envelope, status="ok", data={"echo": command.args})
        if self.refuses is not None:
            return Reply(**envelope, status="error", error=self.refuses)
        self.settings = self.settings | command.args
        self.link.reannounce()
        return Reply(**envelope, status="ok", data=self.settings)

    def publish_health(self, **more: Any) -> None:
        values: dict[str, Any] = {
            "state": "ok", "uptime_s": 5.0, "last_frame_age_s": 0.05, "last_detect_age_s": 0.1, "capture_fps": 15.0,
            "detect_fps": 9.0, "cpu_temp_c": 51.5, **more,
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

    def _try_frame(self, **more: Any) -> None:
        """Publish one, unless the broker is away just then."""
        data = self.frame(**more)
        if self.link.publish("frame", data):
            self.sent.append(data)

    def stream(self, fps: float, **more: Any) -> None:
        """Publish frames in the background until the end."""

        def run() -> None:
            while not self._stopping.wait(1 / fps):
                self._try_frame(**more)

        self._background(run)

    def wanted_fps(self) -> float:
        """The highest rate of the newest lease of each web, as a node takes it; 0 without any."""
        newest = {web_id: lease.max_fps for _, web_id, lease in self.leases}
        return max(newest.values(), default=0.0)

    def obey(self, **more: Any) -> None:
        """Publish frames in the background at the rate that leases ask for, until the end."""

        def run() -> None:
            due_s = time.monotonic()
            while not self._stopping.wait(0.005):
                fps = self.wanted_fps()
                if fps and time.monotonic() >= due_s:
                    due_s = max(due_s + 1 / fps, time.monotonic() - 0.1)
                    self._try_frame(**more)

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
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
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

    def store_find(self, node: NodeLike, **more: Any) -> str:
        """A detection of that node all the way into the store, with its picture and its receipt; its event."""
        detection = node.detection(**more)
        self.commit(node.id, detection, node.evidence_of(detection.event_id))
        node.publish_detection(detection)
        self.receipt(node.id, detection)
        return detection.event_id

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

    def keep_healthy(self) -> None:
        """Publish health every 2 s in the background."""

        def run() -> None:
            while not self._stopping.wait(2):
                self.publish_health()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        self.store.open()
        self.link.start()
        until(lambda: self.link.state.connected, what="the bridge-like publisher connects")
        self.publish_health()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)
        self.link.stop()
        self.store.close()
