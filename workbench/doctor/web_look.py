"""Looks at the web as a browser does: GET /health, then the WebSocket /live until pictures flow."""

import http.client
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Any

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

from glassline.contract import ContractError, Reason
from glassline.program.tls import fault_of, fault_sentence

from .pictures import Pictures
from .web_place import TIMEOUT_S, WebPlace

MAX_FPS, MAX_FPS_OF_MANY = 5.0, 1.0
FEW = 4
MOST_REDIRECTS = 3
_GATEWAY = (502, 503, 504)
_REFUSED = {"web.foreign_origin", "web.wrong_host"}
"""What our own web says to a page, or by a name, that is not its own."""


@dataclass
class WebSeen:
    """What was seen of a web; instants on the monotonic clock."""

    code: Reason | None = None
    error: str = ""
    holder: str = ""
    answered_at_s: float | None = None
    devices: list[str] = field(default_factory=list)
    """Nodes that the web knows or remembers."""
    watched_since_s: float | None = None
    locked: bool = False
    """People sign in there, and the doctor has no way in."""
    done: bool = False


class _Refused(Exception):
    """The WebSocket did not come about; `seen` says why."""


class WebLook:
    """A context manager that looks in a thread until it is left. `seen` grows meanwhile. `cookie` lets it in.

    Without `pictures` it only knocks: it is done as soon as the WebSocket has come about.
    """

    def __init__(self, place: WebPlace, *, devices: list[str], pictures: Pictures | None, cookie: str = "") -> None:
        self.place, self.pictures = place, pictures
        self.seen = WebSeen(devices=list(devices))
        self._cookie, self._stop = cookie, threading.Event()
        self._greeted = False
        self._thread = threading.Thread(target=self._run, name="web-look", daemon=True)

    def __enter__(self) -> "WebLook":
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._stop.set()
        self._thread.join(0.5)

    def told(self, id: str) -> dict[str, Any] | None:
        """What the web itself says of the chain of a node; None if it does not."""
        try:
            status, _, body = self._get(f"/api/devices/{id}/chain")
            found = json.loads(body) if status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _run(self) -> None:
        try:
            if self._health():
                self._devices()
                if not self.seen.locked:
                    self._live()
        except _Refused:
            pass
        except (OSError, http.client.HTTPException, ProtocolError) as error:
            self._failed(error)
        self.seen.done = True

    def _failed(self, error: Exception) -> None:
        self.seen.error = self.seen.error or self._plain(error)
        if self.seen.answered_at_s is not None:
            return
        holder = self.place.holder()
        other = holder and not isinstance(error, TimeoutError) and " -m web " not in f"{holder} "
        if fault_of(error):
            self.seen.code = Reason.WEB_CERTIFICATE
        elif other:
            self.seen.code, self.seen.holder = Reason.WEB_NOT_OURS, holder
        else:
            self.seen.code = Reason.WEB_DOWN

    def _health(self) -> bool:
        """Whether our web answers there, maybe after a redirect, as from http to https."""
        for _ in range(MOST_REDIRECTS):
            status, headers, body = self._get("/health")
            moved = self.place.moved_to(headers.get("Location", "")) if status in (301, 302, 307, 308) else None
            if moved is None:
                break
            self.place = moved
        if status == 200 and _json(body).get("program") == "glassline web":
            self.seen.answered_at_s = time.monotonic()
            return True
        if _error_code(body) in _REFUSED:
            self.seen.code = Reason.WEB_ORIGIN_REFUSED
        elif status in _GATEWAY:
            self.seen.code = Reason.WEB_DOWN
            self.seen.error = f"a proxy answers there (HTTP {status}), but the web behind it does not"
        else:
            self.seen.code, self.seen.holder = Reason.WEB_NOT_OURS, self.place.holder()
        return False

    def _devices(self) -> None:
        """Add the nodes that the web knows to those that are watched."""
        status, _, body = self._get("/api/devices")
        self.seen.locked = status == 401
        if status == 200:
            told = _json(body).get("devices", [])
            nodes = [one["deviceId"] for one in told if one.get("role") in ("node", None)]
            self.seen.devices = list(dict.fromkeys([*self.seen.devices, *nodes]))

    def _get(self, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self.place.http()
        try:
            connection.request("GET", path, headers={"Cookie": self._cookie} if self._cookie else {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read(1_000_000)
        finally:
            connection.close()

    def _live(self) -> None:
        protocol = WSConnection(ConnectionType.CLIENT)
        try:
            with self.place.connected() as plug:
                self._converse(plug, protocol)
        except (OSError, ProtocolError) as error:
            if not self._greeted and not self._stop.is_set():
                self._blocked(self._plain(error))
            raise

    def _converse(self, plug: socket.socket, protocol: WSConnection) -> None:
        headers = [(b"Origin", self.place.origin.encode())]
        headers += [(b"Cookie", self._cookie.encode())] if self._cookie else []
        plug.sendall(protocol.send(Request(host=self.place.authority, target="/live", extra_headers=headers)))
        asked_s = time.monotonic()
        message, refusal = bytearray(), _Refusal()
        while not self._stop.is_set():
            received = _received(plug)
            if received is None and refusal.status:
                self._judge(refusal)
            protocol.receive_data(received)
            for event in protocol.events():
                if isinstance(event, RejectConnection | RejectData):
                    refusal.take(event)
                    continue
                self._take(event, plug, protocol, message)
            if refusal.is_whole:
                self._judge(refusal)
            if not self._greeted and (received is None or time.monotonic() - asked_s > TIMEOUT_S):
                self._blocked("the connection was closed" if received is None else "nothing came back")
            if received is None or (self._greeted and self.pictures is None):
                return

    def _take(self, event: Event, plug: socket.socket, protocol: WSConnection, message: bytearray) -> None:
        match event:
            case AcceptConnection() if self.pictures is not None:
                fps = MAX_FPS if len(self.seen.devices) <= FEW else MAX_FPS_OF_MANY
                wish = json.dumps({"watch": self.seen.devices, "max_fps": fps})
                plug.sendall(protocol.send(TextMessage(data=wish)))
                self.seen.watched_since_s = time.monotonic()
            case TextMessage():
                self._greeted = True
            case CloseConnection():
                self.seen.error = f"the web closed the WebSocket ({event.code})"
                raise _Refused
            case BytesMessage():
                message += event.data
                if event.message_finished:
                    self._picture(bytes(message))
                    message.clear()

    def _judge(self, refusal: "_Refusal") -> None:
        """Whether our web itself refused, or something on the way."""
        code = _error_code(bytes(refusal.body))
        if code in _REFUSED:
            self.seen.code = Reason.WEB_ORIGIN_REFUSED
        elif refusal.status == 401:
            self.seen.locked = True
        elif code.startswith("web.") and code != "web.bad_websocket":
            self.seen.error = f"the web refuses the WebSocket ({code})"
        else:
            self._blocked(f"HTTP {refusal.status} came back")
        raise _Refused

    def _blocked(self, error: str) -> None:
        self.seen.code, self.seen.error = Reason.WEB_WEBSOCKET_BLOCKED, error
        raise _Refused

    def _picture(self, message: bytes) -> None:
        """Note a picture: one byte n, n bytes of device id, JPEG."""
        size = message[0] if message else 0
        try:
            if self.pictures is not None:
                self.pictures.in_web(message[1 : 1 + size].decode("ascii", "replace"), message[1 + size :])
                self.seen.answered_at_s = time.monotonic()
        except ContractError:
            return

    def _plain(self, error: Exception) -> str:
        match error:
            case ssl.SSLError():
                return fault_sentence(error, self.place.host)
            case ConnectionRefusedError():
                return "nothing listens on its port"
            case TimeoutError():
                return f"it accepts connections, but gave no answer for {TIMEOUT_S:g} s"
            case socket.gaierror():
                return "its name is not known on this network"
            case OSError():
                return error.strerror or str(error) or type(error).__name__
        return str(error) or type(error).__name__


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


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _error_code(body: bytes) -> str:
    """The code of our web's own errors; empty for everything else."""
    error = _json(body).get("error")
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def _received(plug: socket.socket) -> bytes | None:
    """Some bytes; none if nothing came for a moment; None at the end (as wsproto wants it)."""
    plug.settimeout(0.2)
    try:
        return plug.recv(65536) or None
    except TimeoutError:
        return b""
