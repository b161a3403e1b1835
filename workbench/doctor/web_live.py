"""The WebSocket /live as a page opens it: it comes about and brings pictures, or what came in its place is told."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from .web_place import TIMEOUT_S, WebPlace

MAX_FPS, MAX_FPS_OF_MANY = 5.0, 1.0
FEW = 4


class NoWebSocketError(Exception):
    """It did not come about. `status` and `body` are what came back in HTTP, if anything did."""

    def __init__(self, sentence: str, *, status: int = 0, body: bytes = b"") -> None:
        super().__init__(sentence)
        self.status, self.body = status, body


class ClosedError(Exception):
    """It had come about, and is over."""


class WebLive:
    """One WebSocket. Without `devices` to watch it only knocks."""

    def __init__(
        self,
        place: WebPlace,
        *,
        cookie: str,
        devices: list[str],
        on_watching: Callable[[], None],
        on_picture: Callable[[bytes], None],
        stop: threading.Event,
    ) -> None:
        """`on_watching` is called when pictures may be awaited, `on_picture` with each message of one."""
        self._place, self._cookie, self._devices, self._stop = place, cookie, devices, stop
        self._on_watching, self._on_picture = on_watching, on_picture
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._greeted = False
        self._message, self._refusal = bytearray(), _Refusal()

    def run(self) -> None:
        """Converse until `stop` is set, or until the greeting if it only knocks; NoWebSocketError if none comes."""
        try:
            with self._place.connected() as plug:
                self._converse(plug)
        except (OSError, ProtocolError) as error:
            told = self._place.told_of(error)
            raise (ClosedError if self._greeted or self._stop.is_set() else NoWebSocketError)(told) from None

    def _converse(self, plug: socket.socket) -> None:
        headers = [(b"Origin", self._place.origin.encode())]
        headers += [(b"Cookie", self._cookie.encode())] if self._cookie else []
        request = Request(host=self._place.authority, target="/live", extra_headers=headers)
        plug.sendall(self._protocol.send(request))
        asked_s = time.monotonic()
        while not self._stop.is_set():
            received = _received(plug)
            if received is None and self._refusal.status:
                raise self._refusal.error()
            self._protocol.receive_data(received)
            for event in self._protocol.events():
                self._take(event, plug)
            if self._refusal.is_whole:
                raise self._refusal.error()
            if not self._greeted and (received is None or time.monotonic() - asked_s > TIMEOUT_S):
                raise NoWebSocketError("the connection was closed" if received is None else "nothing came back")
            if received is None or (self._greeted and not self._devices):
                return

    def _take(self, event: Event, plug: socket.socket) -> None:
        match event:
            case RejectConnection() | RejectData():
                self._refusal.take(event)
            case AcceptConnection() if self._devices:
                fps = MAX_FPS if len(self._devices) <= FEW else MAX_FPS_OF_MANY
                wish = json.dumps({"watch": self._devices, "max_fps": fps})
                plug.sendall(self._protocol.send(TextMessage(data=wish)))
                self._on_watching()
            case TextMessage():
                self._greeted = True
            case CloseConnection():
                raise ClosedError(f"the web closed the WebSocket ({event.code})")
            case BytesMessage():
                self._message += event.data
                if event.message_finished:
                    self._on_picture(bytes(self._message))
                    self._message.clear()


@dataclass
class _Refusal:
    """An HTTP answer in place of a WebSocket."""

    status: int = 0
    body: bytearray = field(default_factory=bytearray)
    is_whole: bool = False

    def take(self, event: RejectConnection | RejectData) -> None:
        """Take a part of it."""
        match event:
            case RejectConnection():
                self.status, self.is_whole = event.status_code, not event.has_body
            case RejectData():
                self.body += event.data
                self.is_whole = event.body_finished

    def error(self) -> NoWebSocketError:
        return NoWebSocketError(f"HTTP {self.status} came back", status=self.status, body=bytes(self.body))


def _received(plug: socket.socket) -> bytes | None:
    """Some bytes; none if nothing came for a moment; None at the end (as wsproto wants it)."""
    plug.settimeout(0.2)
    try:
        return plug.recv(65536) or None
    except TimeoutError:
        return b""
