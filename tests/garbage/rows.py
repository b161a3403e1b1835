"""What a row of the table is, and the ways in which one throws its garbage."""

import json
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.client import connect

from glassline.contract.topics import topic_of
from tests.support.clients import packet, text
from tests.support.waiting import until

from .chain import GOOD, Chain
from .controls import Control

Act = Callable[[Chain], None]
Where = tuple[str, str]
"""(program, name under which it is counted)."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of garbage at one entrance, what keeps it out, and what it does where nothing does."""

    entrance: str
    sent: str
    throw: Act
    holds: str
    counted: Sequence[Where] = ()
    check: Callable[[Chain, Any], None] | None = None
    """Beyond what is checked after every row; its second argument is a browser's page that is open on the web."""
    guard: str
    control: Control | None = None
    harm: str = ""

    @property
    def name(self) -> str:
        return f"{self.entrance}: {self.sent}"


def mqtt(
    kind: Any, *payloads: bytes | Callable[[], bytes], id: str = GOOD, rest: str = "", retain: bool = False
) -> Act:
    """Publish on a topic of the contract, as anybody may at the open broker."""

    def throw(chain: Chain) -> None:
        for payload in payloads:
            chain.stranger.say(
                topic_of(kind, id, rest), payload if isinstance(payload, bytes) else payload(), retain=retain
            )

    return throw


def http(method: str, path: str, code: str, **request: Any) -> Act:
    """Ask the web, which must refuse with this code."""

    def throw(chain: Chain) -> None:
        answer = chain.web.http.request(method, path, **request)
        assert answer.json()["error"]["code"] == code, answer.text
        assert "Traceback" not in answer.text

    return throw


def raw_http(*requests: bytes, begins: bytes | tuple[bytes, ...] = b"HTTP/1.1 4") -> Act:
    """Send bytes that no HTTP library would."""

    def throw(chain: Chain) -> None:
        host = b"127.0.0.1:%d" % chain.web.port
        for request in requests:
            answer = chain.raw_http(request.replace(b"HOST", host))
            assert answer.startswith(begins), answer[:200]

    return throw


def half_open(data: bytes, count: int, *, broker: bool) -> Act:
    """Begin on many connections and go on with none; they stay open while a healthy client comes."""

    def throw(chain: Chain) -> None:
        port = chain.port if broker else chain.web.port
        plugs = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(count)]
        try:
            for plug in plugs:
                plug.sendall(data)
            if broker:
                with socket.create_connection(("127.0.0.1", chain.guarded.port), 10) as plug:
                    plug.sendall(data)
                    plug.settimeout(10)
                    assert plug.recv(1) == b"", "it is ended"
            chain.check_all_is_well()
        finally:
            for plug in plugs:
                plug.close()

    return throw


def websocket(*messages: str | bytes, closes: int | None = None) -> Act:
    """Say something over /live; `closes`: the code with which the web ends it. Without, it must answer a ping."""

    def throw(chain: Chain) -> None:
        url = f"ws://127.0.0.1:{chain.web.port}/live"
        with connect(url, max_size=None, compression=None, close_timeout=2) as socket:
            try:
                for message in messages:
                    socket.send(message)
                if closes is None:
                    socket.send('{"ping": 77}')
                end_s = time.monotonic() + 20
                while '"ping":77' not in str(socket.recv(timeout=10)):
                    assert time.monotonic() < end_s, "neither answered nor ended"
                ended = None
            except ConnectionClosed as error:
                ended = error.rcvd.code if error.rcvd else 0
            # Bytes that nobody reads any more reset the connection, which may overtake the close in front of it.
            assert ended == closes or (ended == 0 and closes == CloseCode.MESSAGE_TOO_BIG)

    return throw


def raw_websocket(frames: bytes, *, answer: bytes = b"\x88") -> Act:
    """Send bytes after the handshake; `answer` is how what comes back must begin somewhere (a close frame)."""

    def throw(chain: Chain) -> None:
        head = (
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{chain.web.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", chain.web.port), 10) as plug:
            plug.sendall(head.encode())
            assert plug.recv(4096).startswith(b"HTTP/1.1 101")
            plug.sendall(frames)
            end_s, got = time.monotonic() + 30, b""
            while answer not in got and (data := plug.recv(65536)):
                got += data
                assert time.monotonic() < end_s, "nothing of that kind is answered"

    return throw


def masked(first: int, payload: bytes = b"") -> bytes:
    """A WebSocket frame of a client, masked with zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([first]) + length + bytes(4) + payload


def packets(*garbage: bytes, login: str | None = None, closes: bool = True) -> Act:
    """Send bytes to both brokers, before a CONNECT or after `login`; `closes`: they end the connection."""

    def throw(chain: Chain) -> None:
        for one in garbage:
            guarded, open_one = chain.raw_mqtt()
            with guarded, open_one:
                for raw, at in ((guarded, chain.guarded), (open_one, None)):
                    if login and at:
                        assert raw.login(at, login) == 0
                    elif login:
                        raw.send(packet(0x10, text("MQTT") + b"\x04\x02\0\0" + text("raw")))
                        assert raw.connack() == 0
                    try:
                        raw.send(one)
                    except ConnectionError:
                        assert closes
                    if closes:
                        assert raw.is_closed(5), f"still open after {one[:40]!r}"
                    else:
                        raw.send(b"\xc0\0")
                        until(lambda raw=raw: raw.receive()[0] == 0xD0, what="it still answers a ping")

    return throw


def crowd(number: int, *of: tuple[Any, bytes]) -> Act:
    """So many made-up devices say these (kind, payload); ID in a payload stands for the name."""

    def throw(chain: Chain) -> None:
        names = (f"made-up-{at}" for at in range(number))
        chain.stranger.say_all(
            [(topic_of(kind, id), payload.replace(b"ID", id.encode())) for id in names for kind, payload in of]
        )

    return throw


def as_json(value: Any) -> bytes:
    """JSON as Python writes it: with NaN where it stands."""
    return json.dumps(value).encode()
