"""Commands to nodes over MQTT, and the wait for their replies."""

import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from glassline.contract import ContractError, from_unix
from glassline.contract.messages import Command, Reply, decode
from glassline.contract.topics import Address
from glassline.link import Link

from .hub import Hub

CommandName = Literal["ping", "snapshot", "config", "restart", "doctor", "model"]
COMMANDS: tuple[CommandName, ...] = get_args(CommandName)
MAX_WAITING = 100


class TooLargeError(Exception):
    """The command is more than a node takes; the text says how much."""


class NotSentError(Exception):
    """The command could not be sent; the text says why."""


class NoReplyError(Exception):
    """The node did not answer in time."""


@dataclass
class _Waiting:
    device_id: str
    name: str
    answered: threading.Event = field(default_factory=threading.Event)
    reply: Reply | None = None


class Commands:
    """Sends commands; `on_reply` is fed by the link's network thread."""

    def __init__(self, *, hub: Hub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}

    def on_reply(self, address: Address, payload: bytes, retained: bool) -> None:
        """Take a reply; those that nobody here waits for belong to others."""
        reply = decode(Reply, payload)
        with self._lock:
            waiting = self._waiting.get(reply.id)
        if waiting is not None and not retained and (waiting.device_id, waiting.name) == (address.id, address.rest):
            waiting.reply = reply
            waiting.answered.set()

    def send(
        self, link: Link | None, device_id: str, name: CommandName, args: Mapping[str, Any], *, timeout_s: float
    ) -> tuple[Reply, float]:
        """Send a command and wait: the reply and the round trip in s. TooLargeError, NotSentError, NoReplyError."""
        command = Command(id=uuid.uuid4().hex, args=dict(args), ts=self._node_time(device_id), ttl_s=timeout_s)
        waiting = _Waiting(device_id, name)
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                raise NotSentError(f"{MAX_WAITING} commands wait for their answers already")
            self._waiting[command.id] = waiting
        try:
            began_s = time.monotonic()
            if not _publish(link, command, device_id, name):
                raise NotSentError("there is no connection to the broker")
            if not waiting.answered.wait(timeout_s) or waiting.reply is None:
                raise NoReplyError(f"no answer to {name} came from {device_id} within {timeout_s:.0f} s")
            return waiting.reply, time.monotonic() - began_s
        finally:
            with self._lock:
                del self._waiting[command.id]

    def _node_time(self, device_id: str) -> datetime | None:
        """Now, on the node's own clock as its messages show it: whether an order is void is for that clock to say."""
        program = self._hub.get(device_id)
        if program is None or not program.clock.boot:
            return None
        return from_unix(time.monotonic() - program.clock.least_s)


def _publish(link: Link | None, command: Command, device_id: str, name: str) -> bool:
    try:
        return link is not None and link.publish("cmd", command.to_json(), id=device_id, rest=name)
    except ContractError as error:
        raise TooLargeError(str(error)) from None
