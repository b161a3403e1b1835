"""Is this broker usable with this account? Resolves, connects, authenticates, and sees its own echo.

A broker acknowledges what it then forbids or forgets, so only the echo of what was published proves anything.
"""

import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

import paho.mqtt.client as mqtt

from glassline.contract import Reason, topic_of
from glassline.contract.messages import Probe
from glassline.program import SecretError

from .access import Access, Keys
from .address import BrokerAddress
from .client import KEEPALIVE_S, new_client
from .failures import explain, explain_connack, explain_silence


@dataclass(frozen=True)
class BrokerProbe:
    """What the probe found. `code` and `sentence` say what is wrong where `ok` is False; `password` was tried last."""

    ok: bool
    code: Reason | None
    sentence: str
    connect_ms: float | None = None
    echo_ms: float | None = None
    password: str | None = field(default=None, repr=False)


def probe_broker(
    address: BrokerAddress,
    *,
    id: str,
    password: str | None = None,
    ca_file: str | None = None,
    credentials: str | None = None,
    timeout_s: float = 4.0,
) -> BrokerProbe:
    """Probe the broker at `address` as the account `id`, beside the program that may run under it."""
    try:
        keys = Access(password=password, ca_file=ca_file, credentials=credentials).keys()
    except SecretError as error:
        return BrokerProbe(False, *explain(address, error))
    for tried in keys.passwords:
        found = replace(_probe(address, id, tried, keys, timeout_s), password=tried)
        if found.code is not Reason.BROKER_BAD_CREDENTIALS:
            break
    return found


def _probe(address: BrokerAddress, id: str, password: str | None, keys: Keys, timeout_s: float) -> BrokerProbe:
    client_id = f"{id}.doctor-{secrets.token_hex(4)}"
    step = _Steps(id)
    began = time.monotonic()
    try:
        tls = keys.context() if address.tls else None
        client = new_client(address, client_id=client_id, id=id, password=password, tls=tls)
        client.connect_timeout = timeout_s
        client.on_connect, client.on_disconnect = step.on_connect, step.on_disconnect
        client.on_message, client.on_subscribe = step.on_message, step.on_subscribe
        client.connect(address.host, address.port, KEEPALIVE_S)
    except Exception as error:  # noqa: BLE001 - whatever went wrong is the finding
        return BrokerProbe(False, *explain(address, error))
    client.loop_start()
    try:
        if not step.answered.wait(timeout_s):
            return BrokerProbe(False, *explain_silence(address, "accepts connections but does not speak MQTT"))
        if step.refused is not None:
            return BrokerProbe(False, *explain_connack(address, id, *step.refused))
        if not step.connected:
            return BrokerProbe(False, *explain_silence(address, "closed the connection before it spoke MQTT"))
        connect_ms = (time.monotonic() - began) * 1000
        if not step.echoed.wait(timeout_s):
            return BrokerProbe(
                False,
                Reason.BROKER_NO_ECHO,
                f"{address} let {id!r} in, but what it published never came back: its permissions are wrong",
                connect_ms,
            )
        return BrokerProbe(True, None, f"{address} works for {id!r}", connect_ms, step.echo_ms)
    finally:
        client.disconnect()
        client.loop_stop()


class _Steps:
    """Callbacks of the probe: connect, subscribe, publish, see the echo."""

    def __init__(self, id: str) -> None:
        self.topic = topic_of("probe", id)
        self.nonce = secrets.token_hex(8)
        self.answered, self.echoed = threading.Event(), threading.Event()
        self.connected, self.refused = False, None  # type: bool, tuple[int, str] | None
        self.sent_s, self.echo_ms = 0.0, 0.0

    def on_connect(self, client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        if code.is_failure:
            self.refused = (code.value, str(code))
        else:
            self.connected = True
            client.subscribe(self.topic, 1)
        self.answered.set()

    def on_disconnect(self, client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        self.answered.set()

    def on_subscribe(self, client: mqtt.Client, userdata: Any, mid: int, codes: Any, properties: Any) -> None:
        self.sent_s = time.monotonic()
        client.publish(self.topic, Probe(nonce=self.nonce).to_json(), qos=1)

    def on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        if self.nonce.encode() in message.payload:
            self.echo_ms = (time.monotonic() - self.sent_s) * 1000
            self.echoed.set()
