"""Watches an unattended demo as a viewer and an observer would, then writes the report.

`python -m workbench.demo.watch FOLDER BROKER_PORT URL CAMERA FROM_S UNTIL_S REPORT [kill]`
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from glassline.contract import ContractError, topic_of
from glassline.contract.frames import extract
from glassline.contract.messages import FrameMeta, Health, decode
from glassline.program import read_secret

from .site import NODE_ID, Site

TAIL_S = 6.0
"""After the last planted pane has passed: time for the tracker to end and for the outbox to empty."""
DRAIN_S = 40.0
KILLS = ("bridge", "broker", "pi_node", "web")
WATCH_FPS = 15


@dataclass
class Seen:
    """What a viewer and an observer saw."""

    live_ms: list[float] = field(default_factory=list)
    delivered: int = 0
    health: Health | None = None
    confirmed_before: int = 0
    captured: int = 0
    published: int = 0
    _last: dict[str, int] = field(default_factory=dict)

    def on_frame(self, message: bytes, counted: bool) -> None:
        """One binary WebSocket message: a byte n, n bytes of device id, the JPEG."""
        arrived_s = time.time()
        jpeg = message[1 + message[0] :]
        self.delivered += 1
        if counted and (metadata := extract(jpeg)):
            self.live_ms.append((arrived_s - decode(FrameMeta, metadata).ts.timestamp()) * 1000)

    def on_health(self, health: Health) -> None:
        """Counts of a node start anew when it does."""
        if self.health is None and health.outbox:
            self.confirmed_before = health.outbox.confirmed
        self.health = health
        if health.frames is None:
            return
        now = {"captured": health.frames.captured, "published": health.frames.published}
        if now["captured"] < self._last.get("captured", 0):
            self._last = {}
        self.captured += now["captured"] - self._last.get("captured", 0)
        self.published += now["published"] - self._last.get("published", 0)
        self._last = now


def watch_live(url: str, seen: Seen, from_s: float, ending: threading.Event) -> None:
    """Be a viewer, with reconnecting, until `ending`."""
    while not ending.is_set():
        try:
            with connect(url.replace("http", "ws", 1) + "/live", max_size=4_000_000, origin=url) as socket:  # type: ignore[arg-type]
                socket.send(json.dumps({"watch": [NODE_ID], "max_fps": WATCH_FPS}))
                while not ending.is_set():
                    try:
                        message = socket.recv(timeout=0.5)
                    except TimeoutError:
                        continue
                    if isinstance(message, bytes):
                        seen.on_frame(message, time.time() >= from_s)
        except (OSError, WebSocketException, ContractError):
            ending.wait(0.5)


def observe(site: Site, seen: Seen) -> mqtt.Client:
    """Follow the node's health as the observer account."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.username_pw_set("observer", read_secret(site.secret("observer")))
    client.reconnect_delay_set(1, 2)
    client.on_connect = lambda c, *_: c.subscribe(topic_of("health", NODE_ID))
    client.on_message = lambda c, u, message: seen.on_health(decode(Health, bytes(message.payload)))
    client.connect_async("127.0.0.1", site.broker_port)
    client.loop_start()
    return client


def kill_in_turn(from_s: float, seconds: float, ending: threading.Event) -> None:
    """kill -9 each program once, evenly over the run."""
    demo = psutil.Process(os.getppid()).parent() or psutil.Process(os.getppid())
    for turn, program in enumerate(KILLS, 1):
        if ending.wait(max(0.0, from_s + seconds * turn / (len(KILLS) + 1) - time.time())):
            return
        for process in demo.children(recursive=True):
            if is_program(process, program):
                print(f"kill -9 {program} (process {process.pid})", flush=True)
                process.send_signal(signal.SIGKILL)


def is_program(process: psutil.Process, program: str) -> bool:
    """Whether this process runs `python -m program`."""
    try:
        return bool(process.cmdline()[1:3] == ["-m", program])
    except psutil.Error:
        return False


def wait_until_empty(seen: Seen, since_s: float) -> None:
    """Wait until a health newer than `since_s` (Unix) says that the outbox is empty, at most DRAIN_S."""
    until_s = time.monotonic() + DRAIN_S
    while time.monotonic() < until_s:
        health = seen.health
        if health is not None and health.ts.timestamp() > since_s and health.outbox and health.outbox.depth == 0:
            return
        time.sleep(0.2)
    print("the outbox did not empty in time", flush=True)


def percentiles(values_ms: list[float]) -> dict[str, float | None]:
    """{p50, p99} in ms, rounded."""
    if not values_ms:
        return {"p50": None, "p99": None}
    p50, p99 = np.percentile(values_ms, [50, 99])
    return {"p50": round(float(p50), 1), "p99": round(float(p99), 1)}


def main(
    folder: str, broker_port: str, url: str, camera: str, from_s: str, until_s: str, report: str, kill: str = ""
) -> int:
    site = Site(Path(folder), int(broker_port), int(url.rpartition(":")[2]), camera)
    seed = parse_qs(camera.partition("?")[2])["seed"][0]
    begin_s, end_s = float(from_s), float(until_s)
    seen, ending = Seen(), threading.Event()
    viewer = threading.Thread(target=watch_live, args=(url, seen, begin_s, ending), daemon=True)
    viewer.start()
    observer = observe(site, seen)
    if kill:
        threading.Thread(target=kill_in_turn, args=(begin_s, end_s - begin_s, ending), daemon=True).start()
    show_progress(begin_s, end_s, seen)
    time.sleep(max(0.0, end_s + TAIL_S - time.time()))
    wait_until_empty(seen, time.time())
    ending.set()
    viewer.join(2)
    observer.loop_stop()
    truth = subprocess.run(
        [sys.executable, "-m", "workbench.demo.truth", site.store, seed, from_s, until_s],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(truth.stdout)
    stored_ms = figures.pop("stored_ms")
    outbox = seen.health.outbox if seen.health else None
    result = {
        "seconds": end_s - begin_s,
        "seed": int(seed),
        "frames_captured": seen.captured,
        "frames_published": seen.published,
        "frames_delivered": seen.delivered,
        "defects_confirmed": outbox.confirmed - seen.confirmed_before if outbox else None,
        **figures,
        "live_latency_ms": percentiles(seen.live_ms),
        "stored_latency_ms": percentiles(stored_ms),
    }
    text = json.dumps(result, indent=2)
    print(text, flush=True)
    if report:
        Path(report).write_text(text + "\n")
    return 0


def show_progress(begin_s: float, end_s: float, seen: Seen) -> None:
    """A line each 5 s until the run is over."""
    while (now_s := time.time()) < end_s:
        confirmed = seen.health.outbox.confirmed if seen.health and seen.health.outbox else 0
        print(f"{max(0.0, now_s - begin_s):3.0f} of {end_s - begin_s:.0f} s, {seen.delivered} frames seen, "
              f"{confirmed} defects confirmed", flush=True)  # fmt: skip
        time.sleep(min(5.0, max(0.1, end_s - now_s)))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(*sys.argv[1:]))
