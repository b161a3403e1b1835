"""Those who read: pages and a subscriber that note the number of every frame they get."""

import contextlib
import json
import selectors
import socket
import threading
from collections import defaultdict
from typing import Self

import paho.mqtt.client as paho

from glassline.contract import parse
from glassline.contract.topics import filter_of
from workbench.bench.reading import TEXT, Stream, client_message, seq_in
from workbench.bench.viewers import handshake

from .line import NODES, Line

HEAD_BYTES = 400
MAX_FPS = 30


class Page(Stream):
    """A WebSocket that watches all devices; `got` holds the numbers of the frames by device."""

    def __init__(self, sock: socket.socket, head: bytes) -> None:
        super().__init__(sock, head)
        self.got: defaultdict[str, set[int]] = defaultdict(set)
        self._device = ""

    def _begin(self, first: int, part: bytes) -> None:
        super()._begin(first, part)
        self._device = part[1 : 1 + part[0]].decode(errors="replace")

    def _done(self) -> None:
        if self._seq is not None:
            self.got[self._device].add(self._seq)
            self._seq = None


class Pages:
    """Some pages on a thread of their own."""

    def __init__(self, line: Line, count: int) -> None:
        self.pages: list[Page] = []
        self._port, self._count = line.web_port, count
        self._selector = selectors.DefaultSelector()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        for _ in range(self._count):
            sock = socket.create_connection(("127.0.0.1", self._port), 30)
            _, head = handshake(sock, self._port, plain=False)
            sock.sendall(client_message(TEXT, json.dumps({"watch": NODES, "max_fps": MAX_FPS}).encode()))
            sock.setblocking(False)
            self.pages.append(Page(sock, head))
            self._selector.register(sock, selectors.EVENT_READ, self.pages[-1])
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        self._thread.join(5)
        for page in self.pages:
            page.sock.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            for key, _ in self._selector.select(0.2):
                key.data.read()
                if not key.data.open:
                    self._selector.unregister(key.fileobj)


class Subscriber:
    """An MQTT client that takes every frame at QoS 1."""

    def __init__(self, line: Line, id: str) -> None:
        self.got: defaultdict[str, set[int]] = defaultdict(set)
        self.disconnects = 0
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=id, protocol=paho.MQTTv311)
        self._client.username_pw_set(id, line.broker.passwords[id])
        self._client.on_connect = lambda client, *_: client.subscribe(filter_of("frame"), 1)
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect
        self._port = line.broker.port

    def _on_message(self, client: object, userdata: object, message: paho.MQTTMessage) -> None:
        self.got[parse(message.topic).id].add(seq_in(message.payload[:HEAD_BYTES]))

    def _on_disconnect(self, *_: object) -> None:
        self.disconnects += 1

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port, 30)
        self._client.loop_start()
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self._client.disconnect()
        self._client.loop_stop()
