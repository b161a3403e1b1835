"""MQTT clients for tests: one that behaves (paho), and one that sends whatever bytes it is told to."""

import queue
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho

from glassline.program import client_context

from .embedded_broker import RunningBroker

WAIT_S = 15


class TestClient:
    """A paho client that waits for its answers. Messages arrive in `messages` as (topic, payload, qos, retain)."""

    __test__ = False

    def __init__(self, client: paho.Client) -> None:
        self.client = client
        self.messages: queue.Queue[tuple[str, bytes, int, bool]] = queue.Queue()
        self.connected, self.lost = threading.Event(), threading.Event()
        self._answers: queue.Queue[list[int]] = queue.Queue()
        self.refused: int | None = None
        client.on_connect = self._on_connect
        client.on_disconnect = lambda *_: self.lost.set()
        client.on_subscribe = lambda _c, _u, _m, codes, _p: self._answers.put([code.value for code in codes])
        client.on_message = lambda _c, _u, m: self.messages.put((m.topic, m.payload, m.qos, m.retain))

    def _on_connect(self, _c: object, _u: object, _flags: object, code: "paho.ReasonCode", _p: object) -> None:
        if code.is_failure:
            self.refused = code.value
        self.connected.set()

    def subscribe(self, *filters: str, qos: int = 1) -> list[int]:
        """Subscribe and return the codes of the SUBACK: the granted QoS, or 128."""
        self.client.subscribe([(filter, qos) for filter in filters])
        return self._answers.get(timeout=WAIT_S)

    def publish(self, topic: str, payload: bytes | str = b"x", *, qos: int = 1, retain: bool = False) -> None:
        """Publish and wait until it is sent and, above QoS 0, acknowledged."""
        sent = self.client.publish(topic, payload, qos, retain)
        sent.wait_for_publish(WAIT_S)
        assert sent.is_published(), f"no acknowledgement for {topic}"

    def next(self, timeout_s: float = WAIT_S) -> tuple[str, bytes, int, bool]:
        """The next message; fails if none comes in time."""
        return self.messages.get(timeout=timeout_s)

    def until(self, topic: str, payload: bytes) -> list[tuple[str, bytes, int, bool]]:
        """All messages up to (without) the one given, which somebody sends as a mark."""
        got = []
        while (message := self.next())[:2] != (topic, payload):
            got.append(message)
        return got

    def nothing_for(self, seconds: float) -> bool:
        """Whether no message comes for so long."""
        try:
            self.messages.get(timeout=seconds)
        except queue.Empty:
            return True
        return False


@contextmanager
def connected(
    at: RunningBroker,
    id: str = "",
    *,
    client_id: str | None = None,
    password: str | None = None,
    keepalive: int = 30,
    will: tuple[str, bytes] | None = None,
    refused: bool = False,
) -> Iterator[TestClient]:
    """A connected client of the account `id` (none on a broker without accounts); a will is retained, at QoS 1."""
    name = id if client_id is None else client_id
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv311)
    if at.passwords:
        client.username_pw_set(id, at.passwords.get(id) if password is None else password)
    if will:
        client.will_set(*will, qos=1, retain=True)
    test = TestClient(client)
    client.connect("127.0.0.1", at.port, keepalive)
    client.loop_start()
    try:
        assert test.connected.wait(WAIT_S), "no CONNACK"
        assert (test.refused is not None) == refused, f"CONNACK {test.refused}"
        yield test
    finally:
        client.disconnect()
        client.loop_stop()


def text(value: str | bytes) -> bytes:
    """A string as MQTT encodes it: two bytes of length before it."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(raw)) + raw


def packet(first: int, body: bytes, *, length: int | None = None) -> bytes:
    """A packet with its fixed header; `length` lies about the size."""
    left, encoded = len(body) if length is None else length, bytearray()
    while True:
        encoded.append(left % 128 | (0x80 if left > 127 else 0))
        left //= 128
        if not left:
            return bytes([first]) + bytes(encoded) + body


def connect_packet(
    client_id: str | bytes,
    *,
    user: str | None = None,
    password: str | None = None,
    keepalive: int = 0,
    will: tuple[str, bytes] | None = None,
    level: int = 4,
    clean: bool = True,
) -> bytes:
    """A CONNECT; a will is retained, at QoS 1."""
    flags = (2 if clean else 0) | (0x2C if will else 0) | (0x80 if user is not None else 0)
    flags |= 0x40 if password is not None else 0
    body = text("MQTT") + bytes([level, flags]) + struct.pack("!H", keepalive) + text(client_id)
    fields = [*(will or ()), *(value for value in (user, password) if value is not None)]
    return packet(0x10, body + b"".join(text(value) for value in fields))


class RawClient:
    """A socket that speaks MQTT by hand; under TLS where it is given the file of a CA."""

    def __init__(self, port: int, *, receive_buffer: int | None = None, ca: Path | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(("127.0.0.1", port))
        if ca:
            self.socket = client_context(ca_file=str(ca)).wrap_socket(self.socket, server_hostname="127.0.0.1")

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, raw: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(raw)

    def login(self, at: RunningBroker, id: str, *, keepalive: int = 0, will: tuple[str, bytes] | None = None) -> int:
        """Connect as `id` and return the CONNACK's code."""
        password = at.passwords.get(id)
        self.send(connect_packet(id, user=id if password else None, password=password, keepalive=keepalive, will=will))
        return self.connack()

    def connack(self) -> int:
        """Read a CONNACK and return its code."""
        kind, body = self.receive()
        assert kind == 0x20, f"expected a CONNACK, got {kind:#x}"
        return body[1]

    def subscribe(self, filter: str, qos: int) -> int:
        """Subscribe and return the code of the SUBACK."""
        self.send(packet(0x82, b"\0\1" + text(filter) + bytes([qos])))
        kind, body = self.receive()
        assert kind == 0x90, f"expected a SUBACK, got {kind:#x}"
        return body[2]

    def receive(self) -> tuple[int, bytes]:
        """The next packet: first byte and body. ConnectionError when the peer has closed."""
        first, shift, left = self._exactly(1)[0], 0, 0
        while True:
            byte = self._exactly(1)[0]
            left |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first, self._exactly(left)

    def is_closed(self, within_s: float = WAIT_S) -> bool:
        """Whether the broker closes the connection in time; what it still sends is thrown away."""
        until = time.monotonic() + within_s
        while (left := until - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65536):
                    return True
            except TimeoutError:
                return False
            except ConnectionError:
                return True
        return False

    def _exactly(self, count: int) -> bytes:
        got = bytearray()
        while len(got) < count:
            chunk = self.socket.recv(count - len(got))
            if not chunk:
                raise ConnectionError("closed by the broker")
            got += chunk
        return bytes(got)


def is_hung_up(plug: socket.socket) -> bool:
    """Whether the other side has closed or reset the connection, as far as that shows without reading."""
    poll = select.poll()
    poll.register(plug, select.POLLRDHUP)
    return any(event & (select.POLLRDHUP | select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
