"""Listens at the broker for all that one account may hear: programs, their pictures, and replies to pings."""

import logging
import secrets
import threading
import time
from typing import Any, Self

import paho.mqtt.client as mqtt

from glassline.contract import ContractError, parse
from glassline.contract.messages import Command, Reply, decode
from glassline.contract.topics import Address, filter_of, topic_of
from glassline.link.client import KEEPALIVE_S, new_client

from .heard import Heard
from .machine import NODE, WEB
from .pictures import Pictures
from .way import Way

log = logging.getLogger(__name__)

PINGS = 2
PING_AGAIN_S = 2.0
MOST_PINGED = 50


class Listener:
    """A context manager. `hears_all` is False for a node's account, which may hear itself at most.

    Only a web's account sees pictures and may ping.
    """

    def __init__(self, way: Way, pictures: Pictures) -> None:
        (password,) = way.keys.passwords
        self.hears_all = way.program != NODE or password is None
        self.sees_pictures = way.program == WEB or password is None
        self.began_s: float | None = None
        self._way, self._pictures = way, pictures
        self._lock = threading.Lock()
        self._heard: dict[str, Heard] = {}
        self._watched: set[str] = set()
        self._pings: dict[str, list[tuple[str, float, float]]] = {}
        """By node: (id of the command, when it was sent on the monotonic clock and in Unix seconds)."""
        assert way.address is not None
        self._client = new_client(
            way.address,
            client_id=f"{way.id}.doctor-{secrets.token_hex(4)}",
            id=way.id,
            password=password,
            keys=way.keys,
        )

    def __enter__(self) -> Self:
        assert self._way.address is not None
        self._client.on_connect, self._client.on_message = self._on_connect, self._on_message
        self._client.on_disconnect = self._on_disconnect
        try:
            self._client.connect(*self._way.address.place, KEEPALIVE_S)
        except OSError as error:
            log.debug("listening: %s", error)
            return self
        self._client.loop_start()
        return self

    def __exit__(self, *args: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def programs(self) -> dict[str, Heard]:
        """What was heard so far, by id."""
        with self._lock:
            return dict(self._heard)

    def listened_s(self, now_s: float) -> float:
        """For how long anything could be heard without a break."""
        return 0.0 if self.began_s is None else now_s - self.began_s

    def watch(self, ids: set[str]) -> None:
        """See the pictures of these nodes from now on, too."""
        if self.sees_pictures and self.began_s is not None and (new := ids - self._watched):
            self._watched |= new
            self._client.subscribe([(filter_of("frame", id), 0) for id in new])

    def ping(self, now_s: float) -> None:
        """Ping the nodes that are there, again where no reply has come."""
        if not self.sees_pictures or self.began_s is None:
            return
        for one in list(self.programs().values())[:MOST_PINGED]:
            sent = self._pings.setdefault(one.id, [])
            due = not sent or now_s - sent[-1][1] > PING_AGAIN_S
            if one.is_node and one.status == "online" and one.pinged_offset_s is None and due and len(sent) < PINGS:
                command = Command(id=f"doctor-{secrets.token_hex(4)}")
                sent.append((command.id, time.monotonic(), time.time()))
                self._client.publish(topic_of("cmd", one.id, "ping"), command.to_json(), qos=1)

    def is_pinged(self, id: str, now_s: float) -> bool:
        """Whether the clock of a node is known, or no reply is to be expected any more."""
        sent = self._pings.get(id, [])
        known = self.programs().get(id)
        given_up = len(sent) >= PINGS and now_s - sent[-1][1] > PING_AGAIN_S
        return not self.sees_pictures or given_up or (known is not None and known.pinged_offset_s is not None)

    def _on_connect(self, client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            return
        id = "+" if self.hears_all else self._way.id
        client.subscribe([(filter_of("status", id), 1), (filter_of("info", id), 1), (filter_of("health", id), 0)])
        if self.sees_pictures:
            client.subscribe(filter_of("reply", rest="ping"), 1)
        self.began_s = time.monotonic()

    def _on_disconnect(self, client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        self.began_s = None

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        now_s, now_unix = time.monotonic(), time.time()
        try:
            address, payload = parse(message.topic), bytes(message.payload)
            match address.kind:
                case "frame" if not message.retain:
                    self._pictures.at_broker(address.id, payload)
                case "reply" if not message.retain:
                    self._on_reply(address, decode(Reply, payload), now_unix)
                case "status" | "info" | "health":
                    with self._lock:
                        heard = self._heard.setdefault(address.id, Heard(address.id))
                        heard.take(address, payload, retained=message.retain, now_s=now_s)
        except (ContractError, UnicodeDecodeError) as error:
            log.debug("refused: %s", error)

    def _on_reply(self, address: Address, reply: Reply, now_unix: float) -> None:
        """The node's clock, at the middle of the round trip."""
        for id, _, sent_unix in self._pings.get(address.id, []):
            if id == reply.id:
                with self._lock:
                    middle = (sent_unix + now_unix) / 2
                    self._heard[address.id].pinged_offset_s = reply.ts.timestamp() - middle
