"""Listens at the broker for the status, info and health of all programs that one account may hear."""

import logging
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal, Self

import paho.mqtt.client as mqtt

from glassline.contract import ContractError, parse
from glassline.contract.messages import Health, Info, decode, decode_status
from glassline.contract.topics import filter_of
from glassline.link.client import KEEPALIVE_S, new_client

from .machine import NODE
from .way import Way

log = logging.getLogger(__name__)


@dataclass
class Heard:
    """One program; instants are on the monotonic clock, None: never. A retained status has no instant."""

    id: str
    status: Literal["online", "offline"] | None = None
    status_at_s: float | None = None
    info: Info | None = None
    health: Health | None = None
    health_at_s: float | None = None


class Listener:
    """A context manager. `hears_all` is False for a node's account, which may hear itself at most."""

    def __init__(self, way: Way) -> None:
        (password,) = way.keys.passwords
        self.hears_all = way.program != NODE or password is None
        self.began_s: float | None = None
        self._way = way
        self._lock = threading.Lock()
        self._heard: dict[str, Heard] = {}
        assert way.address is not None
        self._client = new_client(
            way.address,
            client_id=f"{way.id}.doctor-{secrets.token_hex(4)}",
            id=way.id,
            password=password,
            tls=way.keys.context() if way.address.tls else None,
        )

    def __enter__(self) -> Self:
        assert self._way.address is not None
        self._client.on_connect, self._client.on_message = self._on_connect, self._on_message
        self._client.on_disconnect = self._on_disconnect
        try:
            self._client.connect(self._way.address.host, self._way.address.port, KEEPALIVE_S)
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

    def _on_connect(self, client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        if not code.is_failure:
            id = "+" if self.hears_all else self._way.id
            client.subscribe([(filter_of("status", id), 1), (filter_of("info", id), 1), (filter_of("health", id), 0)])
            self.began_s = time.monotonic()

    def _on_disconnect(self, client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        self.began_s = None

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        now_s = time.monotonic()
        try:
            self._take(message, now_s)
        except ContractError as error:
            log.debug("refused: %s", error)

    def _take(self, message: mqtt.MQTTMessage, now_s: float) -> None:
        address, payload = parse(message.topic), bytes(message.payload)
        with self._lock:
            heard = self._heard.setdefault(address.id, Heard(address.id))
            match address.kind:
                case "status":
                    heard.status = decode_status(payload)
                    heard.status_at_s = None if message.retain else now_s
                case "info":
                    heard.info = decode(Info, payload)
                case "health" if not message.retain:
                    heard.health, heard.health_at_s = decode(Health, payload), now_s
