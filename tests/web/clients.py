"""WebSocket clients of the web: one that collects everything, and one that reads only when told to."""

import base64
import contextlib
import json
import os
import socket
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from glassline.contract.frames import extract

from .processes import Web


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
            f"{web.url.replace('http', 'ws', 1)}/live", max_size=None, compression=None, ssl=web.trusted, **options
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
        self.sock: socket.socket = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.connect(("127.0.0.1", web.port))
        self.sock.settimeout(10)
        if web.trusted:
            self.sock = web.trusted.wrap_socket(self.sock, server_hostname="127.0.0.1")
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.got_bytes = 0
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
        """The next message: opcode and payload. Pings are answered on the way, as every browser does."""
        while True:
            opcode, payload = self._message()
            if opcode != 9:
                return opcode, payload
            self.send(10, payload)

    def _message(self) -> tuple[int, bytes]:
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
        self.got_bytes += count
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken
