"""One light node: its own connection, id, will, outbox, receipts and health, as a real one has them."""

import random
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import glassline
from glassline.contract import Reason, from_unix, new_boot
from glassline.contract.frames import embed_frame
from glassline.contract.messages import CameraInfo, FrameCounts, FrameMeta, Health, Info, OutboxHealth
from glassline.contract.topics import filter_of
from glassline.link import BrokerAddress, Link, Sent
from pi_node.outbox import Outbox, OutboxError
from pi_node.rate import Rate
from pi_node.uplink.sender import Sender
from pi_node.uplink.speed import Speed
from pi_node.uplink.way import Way

from .journal import Journal
from .planter import Planter
from .receipts import ReceiptTimes
from .stills import IMAGE_WH, Still

HEALTH_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one device is told. Its outbox and journal lie in `folder`; `credentials` None: it has no account."""

    id: str
    broker: str
    folder: str
    credentials: str | None
    fps: float
    detections_per_min: float
    outbox_mb: int
    seed: str


class Device:
    """Runs from `start` to `stop`."""

    def __init__(self, plan: Plan, stills: list[Still]) -> None:
        self.plan, self._stills = plan, stills
        self._frames = self._frames_lost = self._connects = 0
        self._rate = Rate()
        self._began_s, self._started_at = time.monotonic(), from_unix(time.time())
        self._report_now, self._ending = threading.Event(), threading.Event()
        self._running = ExitStack()

    def start(self) -> None:
        """OutboxError says what cannot be."""
        plan, folder = self.plan, Path(self.plan.folder)
        self._outbox = Outbox(path=folder / "outbox.db", cap_bytes=plan.outbox_mb * 1_000_000)
        self._outbox.open()
        self._running.callback(self._outbox.close)
        self._link = link = Link(
            address=BrokerAddress.parse(plan.broker), id=plan.id, boot=new_boot(), birth=self._birth,
            credentials=plan.credentials,
        )  # fmt: skip
        speed = Speed()
        self._way = Way(link=link, speed=speed)
        self._sender = Sender(link=link, way=self._way, speed=speed, outbox=self._outbox)
        self._times = ReceiptTimes(passed_on_to=self._sender.on_receipt)
        self._planter = Planter(
            link=link, outbox=self._outbox, sender=self._sender, times=self._times,
            journal=self._running.enter_context(Journal(folder / "planted.jsonl")), stills=self._stills,
            per_min=plan.detections_per_min, randomness=random.Random(plan.seed),
        )  # fmt: skip
        link.on(filter_of("receipt", plan.id), self._times.on_receipt)
        link.on_connected(self._on_connected)
        for part in (link, self._sender, self._planter):
            part.start()
            self._running.callback(part.stop)
        for target in (self._keep_healthy, *([self._stream] if plan.fps else [])):
            thread = threading.Thread(target=target, name=target.__name__.strip("_"), daemon=True)
            thread.start()
            self._running.callback(thread.join, 2)
        self._running.callback(self._end)

    def stop(self) -> None:
        """End within some seconds, even if the broker hangs."""
        self._running.close()

    def rest(self) -> None:
        """Plant nothing more; what waits is still sent, and pictures go on."""
        self._planter.stop()

    def report(self) -> dict[str, Any]:
        """How it is now, and what it has done since it was started."""
        state, outbox = self._link.state, self._outbox_health()
        return {
            "id": self.plan.id,
            "connected": state.connected,
            "sentence": state.sentence,
            "waiting": outbox.depth if outbox else 0,
            "receipt_ms": self._times.take(),
            "counts": {
                "frames": self._frames, "frames_lost": self._frames_lost, "connects": self._connects,
                "detections": self._planter.planted, "receipts": self._times.receipts,
                "outbox_failures": self._planter.failures, **self._link.counters,
            },
        }  # fmt: skip

    def _on_connected(self) -> None:
        self._connects += 1
        self._sender.on_connected()
        self._report_now.set()

    def _end(self) -> None:
        self._ending.set()
        self._report_now.set()

    def _birth(self) -> Info:
        return Info(
            **self._link.envelope(), role="node", id=self.plan.id, version=glassline.__version__,
            started_at=self._started_at, settings={"detections_per_min": self.plan.detections_per_min},
            camera=CameraInfo(uri="simulated", image_wh=IMAGE_WH, fps=self.plan.fps),
        )  # fmt: skip

    def _stream(self) -> None:
        """Send a picture each 1/fps seconds, whether somebody watches or not; what cannot go then is left out."""
        interval_s = 1 / self.plan.fps
        due_s = time.monotonic() + random.uniform(0, interval_s)
        for seq in count(1):
            if self._ending.wait(max(0.0, due_s - time.monotonic())):
                return
            due_s = max(due_s + interval_s, time.monotonic())
            if self._link.state.connected:
                self._send_picture(seq)

    def _send_picture(self, seq: int) -> None:
        still = self._stills[seq % len(self._stills)]
        with self._way.turn():
            meta = FrameMeta(
                ts=from_unix(time.time()), boot=self._link.boot, seq=seq, image_wh=IMAGE_WH, boxes=still.boxes,
                fps=self.plan.fps,
            )  # fmt: skip
            if self._way.send("frame", embed_frame(still.jpeg, meta)) is Sent.ACKNOWLEDGED:
                self._frames += 1
                self._rate.count()
            else:
                self._frames_lost += 1

    def _keep_healthy(self) -> None:
        while not self._ending.is_set():
            self._link.publish("health", self._health().to_json())
            self._report_now.wait(HEALTH_S)
            self._report_now.clear()

    def _health(self) -> Health:
        outbox = self._outbox_health()
        reason = self._outbox.reason(outbox) if outbox else Reason.OUTBOX_FAILED
        fps = round(self._rate.per_s(), 1)
        return Health(
            **self._link.envelope(), state="degraded" if reason else "ok", reasons=[reason] if reason else [],
            uptime_s=round(time.monotonic() - self._began_s, 1), clock="synced", capture_fps=self.plan.fps,
            publish_fps=fps, last_frame_age_s=0.0, frames=FrameCounts(captured=self._frames, published=self._frames),
            outbox=outbox, counters=self._link.counters,
        )  # fmt: skip

    def _outbox_health(self) -> OutboxHealth | None:
        try:
            return self._outbox.health()
        except OutboxError:
            return None
