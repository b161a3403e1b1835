"""Those who never read: they connect as they should, ask for everything, and come back as soon as they are dropped."""

import json
import signal
import socket
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from typing import Self

import psutil

from glassline.contract.topics import filter_of
from tests.support.chromium import ARGUMENTS, chromium_path
from tests.support.clients import RawClient, connect_packet, is_hung_up
from tests.support.waiting import until
from workbench.bench.reading import client_message
from workbench.bench.viewers import handshake

from .line import NODES, Line

RECEIVE_BUFFER = 4096
LOOK_S = 0.5
WATCH_S = 5.0
"""For so long a page watches before it is stopped."""


class Stalled(ABC):
    """Connects, looks twice a second whether it was dropped, and then does so again."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.connections = self.drops = 0
        self.failures: list[str] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @abstractmethod
    def connect(self) -> None:
        """Connect and ask for frames."""

    @abstractmethod
    def is_dropped(self) -> bool:
        """Whether the other side has given up, found out without reading."""

    @abstractmethod
    def leave(self) -> None:
        """Let go of the connection."""

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self.connect()
                self.connections += 1
                while not self._ending.wait(LOOK_S) and not self.is_dropped():
                    pass
                self.drops += not self._ending.is_set()
            except (OSError, AssertionError, psutil.Error) as error:
                self.failures.append(repr(error))
                self._ending.wait(1)
            finally:
                self.leave()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        self._thread.join(20)


class StalledSubscriber(Stalled):
    """An MQTT client without keepalive."""

    def __init__(self, line: Line, qos: int) -> None:
        super().__init__(line)
        self.qos = qos
        self._client: RawClient | None = None

    def connect(self) -> None:
        broker = self.line.broker
        self._client = RawClient(broker.port, receive_buffer=RECEIVE_BUFFER)
        name = f"stalled-{self.qos}"
        self._client.send(connect_packet(name, user="stalled", password=broker.passwords["stalled"]))
        code = self._client.connack()
        assert code == 0, f"CONNACK {code}"
        assert self._client.subscribe(filter_of("frame"), self.qos) == self.qos

    def is_dropped(self) -> bool:
        assert self._client is not None
        return is_hung_up(self._client.socket)

    def leave(self) -> None:
        if self._client is not None:
            self._client.socket.close()


class StalledPage(Stalled):
    """A WebSocket."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._sock: socket.socket | None = None

    def connect(self) -> None:
        self._sock = socket.socket()
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._sock.settimeout(30)
        self._sock.connect(("127.0.0.1", self.line.web_port))
        handshake(self._sock, self.line.web_port, plain=False)
        self._sock.sendall(client_message(1, json.dumps({"watch": NODES, "max_fps": 30}).encode()))

    def is_dropped(self) -> bool:
        assert self._sock is not None
        return is_hung_up(self._sock)

    def leave(self) -> None:
        if self._sock is not None:
            self._sock.close()


class StoppedBrowser(Stalled):
    """A real page whose renderer is stopped as soon as it shows pictures, and woken when it was dropped."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._folder = tempfile.TemporaryDirectory(prefix="glassline-soak-")
        self._browser: subprocess.Popen[bytes] | None = None
        self._network: psutil.Process | None = None
        """The one of its processes that holds all sockets."""

    def connect(self) -> None:
        if self._browser is None:
            self._start()
        for renderer in self._renderers():
            renderer.send_signal(signal.SIGCONT)
        until(self._is_connected, 30, what="the page does not come back")
        self._ending.wait(WATCH_S)
        for renderer in self._renderers():
            renderer.send_signal(signal.SIGSTOP)

    def _start(self) -> None:
        self._browser = subprocess.Popen(
            [
                "nice", "-n", "15",
                chromium_path(), "--headless=new", *ARGUMENTS, "--no-first-run", f"--user-data-dir={self._folder.name}",
                "--remote-debugging-port=0", self.line.url,
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _renderers(self) -> list[psutil.Process]:
        return [process for process in self._family() if "--type=renderer" in process.cmdline()]

    def _family(self) -> list[psutil.Process]:
        assert self._browser is not None
        browser = psutil.Process(self._browser.pid)
        return [browser, *browser.children(recursive=True)]

    def is_dropped(self) -> bool:
        return not self._is_connected()

    def _is_connected(self) -> bool:
        """Whether the browser holds a connection to the web: the page's WebSocket, once its requests are over."""
        if self._network is None:
            self._network = next((one for one in self._family() if "network.mojom" in " ".join(one.cmdline())), None)
        found = self._network.net_connections("tcp") if self._network else []
        return any(one.status == psutil.CONN_ESTABLISHED and one.raddr.port == self.line.web_port for one in found)

    def leave(self) -> None:
        """The page stays open; only the end of all closes it."""

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        if self._browser is not None:
            family = self._family()
            for process in family:
                process.kill()
            self._browser.wait(10)
            psutil.wait_procs(family, timeout=10)
        self._folder.cleanup()
