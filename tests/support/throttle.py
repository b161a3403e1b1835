"""A slow link: a TCP proxy on loopback that lets through so many bytes per second in each direction, and no more.

    with Throttle(broker.port, bytes_per_s=250_000) as link:    # 2 Mbit/s
        ...connect to 127.0.0.1:link.port...
        link.set_rate(None)                                     # open

It holds one chunk of a few hundred bytes and small kernel buffers, so that who sends too much feels it as on a slow
link, and does not fill a big buffer unseen.
"""

import contextlib
import queue
import socket
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

KERNEL_BYTES = 4096
"""Linux takes twice as much."""
SEGMENT_BYTES = 1400
CHUNK_S = 0.01
CATCH_UP_S = 0.05
"""A sleep that lasted too long is made up for, up to here: the rate is right on a loaded machine, and idling saves up
nothing."""
OPEN_CHUNK_BYTES = 65536


@dataclass
class Lane:
    """One direction of the link, shared by all its connections. `bytes_per_s` None: open."""

    bytes_per_s: float | None
    latency_s: float
    passed_bytes: int = 0
    _free_s: float = 0.0
    _overslept_s: float = 0.0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def chunk_bytes(self) -> int:
        """How much to take at once."""
        rate = self.bytes_per_s
        return OPEN_CHUNK_BYTES if rate is None else max(64, int(rate * CHUNK_S))

    def carry(self, size_bytes: int) -> None:
        """Return when the last of so many bytes has left; who comes meanwhile waits for its turn."""
        with self._turn:
            self.passed_bytes += size_bytes
            rate = self.bytes_per_s
            if rate is None:
                return
            self._free_s = max(self._free_s, time.monotonic() - self._overslept_s) + size_bytes / rate
            time.sleep(max(0.0, self._free_s - time.monotonic()))
            self._overslept_s = min(CATCH_UP_S, max(0.0, time.monotonic() - self._free_s))


class Throttle:
    """Listens on 127.0.0.1:`port` and passes on to `target_port` there. `up` leads to it, `down` comes from it."""

    def __init__(self, target_port: int, *, bytes_per_s: float | None = None, latency_s: float = 0.0) -> None:
        self.port = 0
        self.connections = 0
        """How many were made so far: a client that loses its connection over and over makes many."""
        self.up, self.down = Lane(bytes_per_s, latency_s), Lane(bytes_per_s, latency_s)
        self._target_port = target_port
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def set_rate(self, bytes_per_s: float | None) -> None:
        """From now on, for both directions; None opens the link."""
        self.up.bytes_per_s = self.down.bytes_per_s = bytes_per_s

    def __enter__(self) -> Self:
        listening = _small(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        self.port = listening.getsockname()[1]
        self._sockets.append(listening)
        self._spawn(self._accept, listening)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.set_rate(None)
        for plug in self._sockets:
            with contextlib.suppress(OSError):
                plug.shutdown(socket.SHUT_RDWR)
            plug.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            far = _small(socket.socket())
            try:
                far.connect(("127.0.0.1", self._target_port))
            except OSError:
                near.close()
                continue
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._sockets += [near, far]
            for source, sink, lane in ((near, far, self.up), (far, near, self.down)):
                chunks: queue.Queue[tuple[float, bytes]] = queue.Queue(64)
                self._spawn(_take, source, chunks, lane)
                self._spawn(_give, sink, chunks)

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="throttle", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()


def _small(plug: socket.socket) -> socket.socket:
    """Before it listens or connects, since the window is agreed on then; what it accepts inherits it."""
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES)
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
    plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plug


def _take(source: socket.socket, chunks: "queue.Queue[tuple[float, bytes]]", lane: Lane) -> None:
    """Read at the lane's rate; an empty chunk says that the source has ended."""
    chunk = b"x"
    while chunk:
        try:
            chunk = source.recv(lane.chunk_bytes())
        except OSError:
            chunk = b""
        lane.carry(len(chunk))
        chunks.put((time.monotonic() + lane.latency_s, chunk))


def _give(sink: socket.socket, chunks: "queue.Queue[tuple[float, bytes]]") -> None:
    """Hand on when the latency has passed. A sink that is gone still empties the queue, so that its taker can end."""
    while True:
        due_s, chunk = chunks.get()
        if not chunk:
            break
        time.sleep(max(0.0, due_s - time.monotonic()))
        with contextlib.suppress(OSError):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
