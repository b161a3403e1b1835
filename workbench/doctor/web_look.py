"""Looks at the web as a browser does: GET /health, then the WebSocket /live until pictures flow."""

import http.client
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, RejectConnection, Request, TextMessage
from wsproto.utilities import ProtocolError

from glassline.contract import ContractError, Reason
from glassline.contract.frames import extract
from glassline.program.tls import fault_of, fault_sentence

TIMEOUT_S = 4.0
MAX_FPS = 5.0


@dataclass
class WebSeen:
    """What was seen of a web; instants on the monotonic clock."""

    code: Reason | None = None
    error: str = ""
    answered_at_s: float | None = None
    devices: list[str] = field(default_factory=list)
    """Nodes that the web knows or remembers."""
    picture_at_s: dict[str, float] = field(default_factory=dict)
    """When the last new picture of each device came. The first of all may be an old one and does not count."""
    watched_since_s: float | None = None
    locked: bool = False
    """People sign in there, and the doctor has no way in."""
    done: bool = False


class WebLook:
    """A context manager that looks in a thread until it is left. `seen` grows meanwhile. `cookie` lets it in."""

    def __init__(self, *, host: str, port: int, cert: str, devices: list[str], cookie: str = "") -> None:
        self.host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
        self.port, self._cert, self._cookie = port, cert, cookie
        self.seen = WebSeen(devices=list(devices))
        self._stop = threading.Event()
        self._shown: dict[str, bytes] = {}
        self._thread = threading.Thread(target=self._run, name="web-look", daemon=True)

    @property
    def address(self) -> str:
        return f"http{'s' if self._cert else ''}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def __enter__(self) -> "WebLook":
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._stop.set()
        self._thread.join(0.5)

    def _run(self) -> None:
        try:
            if self._health():
                self._devices()
                if not self.seen.locked:
                    self._live()
        except (OSError, http.client.HTTPException, ProtocolError) as error:
            self.seen.error = self.seen.error or self._plain(error)
            if self.seen.answered_at_s is None:
                self.seen.code = Reason.WEB_CERTIFICATE if fault_of(error) else Reason.WEB_DOWN
        self.seen.done = True

    def _health(self) -> bool:
        status, body = self._get("/health")
        try:
            ours = status == 200 and json.loads(body).get("program") == "glassline web"
        except (ValueError, AttributeError):
            ours = False
        if ours:
            self.seen.answered_at_s = time.monotonic()
        else:
            self.seen.code = Reason.WEB_NOT_OURS
        return ours

    def _devices(self) -> None:
        """Add the nodes that the web knows to those that are watched."""
        status, body = self._get("/api/devices")
        self.seen.locked = status == 401
        if status == 200:
            told = json.loads(body).get("devices", [])
            nodes = [one["deviceId"] for one in told if one.get("role") in ("node", None)]
            self.seen.devices = list(dict.fromkeys([*self.seen.devices, *nodes]))

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = self._client()
        try:
            connection.request("GET", path, headers={"Cookie": self._cookie} if self._cookie else {})
            answer = connection.getresponse()
            return answer.status, answer.read(1_000_000)
        finally:
            connection.close()

    def _client(self) -> http.client.HTTPConnection:
        if not self._cert:
            return http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        return http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT_S, context=_own(self._cert))

    def _connected(self) -> socket.socket:
        plug = socket.create_connection((self.host, self.port), timeout=TIMEOUT_S)
        return _own(self._cert).wrap_socket(plug) if self._cert else plug

    def _live(self) -> None:
        protocol = WSConnection(ConnectionType.CLIENT)
        with self._connected() as plug:
            cookie = [(b"Cookie", self._cookie.encode())] if self._cookie else []
            host = self.address.partition("//")[2]
            plug.sendall(protocol.send(Request(host=host, target="/live", extra_headers=cookie)))
            self.seen.watched_since_s = time.monotonic()
            message = bytearray()
            while not self._stop.is_set():
                protocol.receive_data(_received(plug))
                for event in protocol.events():
                    match event:
                        case AcceptConnection():
                            wish = json.dumps({"watch": self.seen.devices, "max_fps": MAX_FPS})
                            plug.sendall(protocol.send(TextMessage(data=wish)))
                        case RejectConnection():
                            self.seen.error = f"/live refuses a WebSocket (HTTP {event.status_code})"
                            return
                        case CloseConnection():
                            self.seen.error = f"the web closed the WebSocket ({event.code})"
                            return
                        case BytesMessage():
                            message += event.data
                            if event.message_finished:
                                self._picture(bytes(message))
                                message.clear()

    def _plain(self, error: Exception) -> str:
        match error:
            case ssl.SSLError():
                return fault_sentence(error, self.host)
            case ConnectionRefusedError():
                return "nothing listens on its port"
            case TimeoutError():
                return f"it accepts connections, but gave no answer for {TIMEOUT_S:g} s"
            case socket.gaierror():
                return "its name is not known on this network"
            case OSError():
                return error.strerror or str(error)
        return str(error) or type(error).__name__

    def _picture(self, message: bytes) -> None:
        """Note a picture if it is another than the one before: one byte n, n bytes of device id, JPEG."""
        size = message[0] if message else 0
        device_id = message[1 : 1 + size].decode("ascii", "replace")
        try:
            metadata = extract(message[1 + size :]) or message
        except ContractError:
            return
        before = self._shown.get(device_id)
        self._shown[device_id] = metadata
        if before is not None and before != metadata:
            self.seen.picture_at_s[device_id] = time.monotonic()
            self.seen.answered_at_s = time.monotonic()


def _own(cert: str) -> ssl.SSLContext:
    """Trusts the web's own certificate and no other, whatever names stand in it: here it is asked by its address."""
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _received(plug: socket.socket) -> bytes | None:
    """Some bytes; none if nothing came for a moment; None at the end (as wsproto wants it)."""
    plug.settimeout(0.2)
    try:
        return plug.recv(65536) or None
    except TimeoutError:
        return b""
