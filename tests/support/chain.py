"""The whole chain as real processes on free ports, which a test may kill, freeze and start again."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import psutil
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from glassline.contract.frames import extract
from glassline.contract.messages import FrameMeta, decode
from tests.support.waiting import until
from workbench.demo.site import NODE_ID, PROGRAMS, Site

from .embedded_broker import free_port


class Chain:
    """Broker, bridge, web and node of one site; logs lie in the site's folder."""

    def __init__(self, folder, camera="scene:?seed=5"):
        self.site = Site(folder / "site", free_port(), free_port(), camera)
        self.site.write()
        self.processes = {}

    def start(self, *programs, environ=None):
        for program in programs or PROGRAMS:
            with self.log(program).open("a") as log:
                self.processes[program] = subprocess.Popen(
                    [sys.executable, "-m", program, "--config", str(self.site.config)],
                    stderr=log, stdout=log, env=os.environ | (environ or {}),
                )  # fmt: skip

    def end(self, *programs):
        for program in programs:
            self.processes[program].terminate()
            self.processes[program].wait(20)

    def log(self, program):
        return self.site.folder / f"{program}.log"

    def signal(self, program, number):
        """Send it to the program and to the processes it started: the web works in a child."""
        parent = psutil.Process(self.processes[program].pid)
        for process in (parent, *parent.children(recursive=True)):
            process.send_signal(number)

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.send_signal(signal.SIGCONT)
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def get(self, path):
        return httpx.get(self.site.url + path, timeout=10)

    def defects(self):
        return self.get("/api/defects?limit=200").json()["defects"]

    def is_live(self):
        try:
            return self.get(f"/api/devices/{NODE_ID}/snapshot.jpg").is_success
        except httpx.HTTPError:
            return False

    def wait_until_live(self, timeout_s=60):
        until(self.is_live, timeout_s, what=self.logs)

    def logs(self):
        return "\n".join(f"== {p}\n{self.log(p).read_text()[-1500:]}" for p in PROGRAMS if self.log(p).exists())


@contextmanager
def running_chain(folder, camera="scene:?seed=5", programs=PROGRAMS):
    chain = Chain(folder, camera)
    chain.start(*programs)
    try:
        yield chain
    finally:
        chain.stop()


class Viewer:
    """A browser's place at the WebSocket: notes when each frame arrived and how old it was then."""

    def __init__(self, url, max_fps=10):
        self.url, self.max_fps = url, max_fps
        self.frames = []
        self.events = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join(5)

    def _run(self):
        while not self._ending.is_set():
            try:
                with connect(
                    self.url.replace("http", "ws", 1) + "/live", max_size=4_000_000, origin=self.url
                ) as socket:
                    socket.send(json.dumps({"watch": [NODE_ID], "max_fps": self.max_fps}))
                    self._read(socket)
            except (OSError, WebSocketException):
                time.sleep(0.3)

    def _read(self, socket):
        while not self._ending.is_set():
            try:
                message = socket.recv(timeout=0.5)
            except TimeoutError:
                continue
            if isinstance(message, bytes):
                jpeg = message[1 + message[0] :]
                self.take(decode(FrameMeta, extract(jpeg)), jpeg)
            else:
                self.take_event(json.loads(message))

    def take_event(self, event):
        self.events.append(event)

    def take(self, meta, jpeg):
        self.frames.append((time.time(), time.time() - meta.ts.timestamp()))

    def ages_since(self, unix_s):
        return [age_s for arrived_s, age_s in list(self.frames) if arrived_s >= unix_s]
