"""One browser's WebSocket: what waits to be written to it, and in which order."""

import socket
import threading
from collections import deque
from collections.abc import Mapping

MAX_EVENTS = 300
MAX_CONTROLS = 64
SEND_AHEAD_BYTES = 32_768


class Overrun(Exception):
    """The peer makes us answer faster than it reads; it is dropped."""


class Viewer:
    """Belongs to the fan-out's writer thread, except for `wanted`, which its reader replaces as a whole.

    Order on the wire: what was begun is finished, then control frames (handshake, pong, close), then events, then
    the newest picture of each device in turn.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.wanted: Mapping[str, float] = {}
        """Rate in fps by device that is watched."""
        self.out: memoryview | None = None
        self.blocked_since_s: float | None = None
        self.waiting = False
        self.closing = False
        self.gone = False
        self.flushed = threading.Event()
        self.detached = threading.Event()
        self.skipped = 0
        self._controls: deque[bytes] = deque()
        self._events: deque[bytes] = deque()
        self._pictures: dict[str, bytes] = {}
        self._last_s: dict[str, float] = {}

    def add_control(self, data: bytes) -> None:
        """Queue bytes of the WebSocket's own protocol."""
        if len(self._controls) >= MAX_CONTROLS:
            raise Overrun(f"more than {MAX_CONTROLS} control frames wait to be read")
        self._controls.append(data)

    def add_event(self, message: bytes, resync: bytes) -> None:
        """Queue an event; where too many wait they give way to `resync`, which tells the page to read anew."""
        if len(self._events) >= MAX_EVENTS:
            self._events.clear()
            self._events.append(resync)
            return
        self._events.append(message)

    def add_picture(self, device_id: str, message: bytes, now_s: float) -> bool:
        """Offer a picture: it replaces the one of that device that still waits. False if it comes too soon."""
        fps = self.wanted.get(device_id)
        if fps is None or now_s - self._last_s.get(device_id, -1e9) < 0.7 / fps:
            return False
        self._last_s[device_id] = now_s
        self.skipped += device_id in self._pictures
        self._pictures[device_id] = message
        return True

    def next_message(self) -> bytes | None:
        """Take what goes out next, or None when nothing waits."""
        if self._controls:
            return self._controls.popleft()
        if self.closing:
            return None
        if self._events:
            return self._events.popleft()
        while self._pictures:
            device_id = next(iter(self._pictures))
            message = self._pictures.pop(device_id)
            if device_id in self.wanted:
                return message
        return None


def tune(sock: socket.socket) -> None:
    """Keep the kernel from hoarding: bytes wait here, where newer ones replace them, not in the socket."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    send_ahead = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if send_ahead is not None:
        sock.setsockopt(socket.IPPROTO_TCP, send_ahead, SEND_AHEAD_BYTES)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * SEND_AHEAD_BYTES)
