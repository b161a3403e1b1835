"""Is this broker usable with this account? Walks the way step by step: name, port, TLS, password, permission.

A broker acknowledges what it then forbids or forgets, so only the echo of what was published proves anything.
"""

import secrets
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import paho.mqtt.client as mqtt

from glassline.contract import Reason, topic_of
from glassline.contract.messages import Probe
from glassline.program import CertificateError, SecretError, holders_of, is_own_address

from .access import Access, Keys
from .address import BrokerAddress
from .client import KEEPALIVE_S, new_client
from .failures import Failure, explain, explain_connack, explain_silence
from .steps import Reached, Step, certificate_of, is_name_fault, names_offered, reach, resolve


@dataclass(frozen=True)
class BrokerProbe:
    """What the probe found. `code`, `sentence` and `facts` say what is wrong where `ok` is False.

    `steps` are those that were taken, the last of them the one that failed; `password` was tried last.
    """

    ok: bool
    code: Reason | None
    sentence: str
    connect_ms: float | None = None
    echo_ms: float | None = None
    password: str | None = field(default=None, repr=False)
    steps: tuple[Step, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def probe_broker(
    address: BrokerAddress,
    *,
    id: str,
    password: str | None = None,
    ca_file: str | None = None,
    credentials: str | None = None,
    timeout_s: float = 4.0,
) -> BrokerProbe:
    """Probe the broker at `address` as the account `id`, beside the program that may run under it.

    `timeout_s` is for each step.
    """
    walk = _Walk(address, timeout_s)
    try:
        keys = Access(password=password, ca_file=ca_file, credentials=credentials).keys()
        walk.to_the_door(keys)
    except (OSError, SecretError, CertificateError) as error:
        return walk.failed(explain(address, error))
    for tried in keys.passwords:
        found = replace(walk.enter(id, tried, keys), password=tried)
        if found.code is not Reason.BROKER_BAD_CREDENTIALS:
            break
    return found


class _Walk:
    """One walk: the steps so far."""

    def __init__(self, address: BrokerAddress, timeout_s: float) -> None:
        self._address, self._timeout_s = address, timeout_s
        self._steps: list[Step] = []
        self._reached: list[Reached] = []

    def failed(self, failure: Failure, *more: Step) -> BrokerProbe:
        """The walk ends here."""
        facts = dict(failure.facts)
        if failure.code is Reason.BROKER_REFUSED and (elsewhere := self._listens_elsewhere()):
            facts |= {"elsewhere": elsewhere, "listens_elsewhere": "yes"}
        return BrokerProbe(
            False, failure.code, failure.sentence, steps=(*self._steps, *more), facts=facts
        )  # fmt: skip

    def to_the_door(self, keys: Keys) -> None:
        """Resolve, connect, and do the TLS handshake; what goes wrong is raised, with its step noted."""
        address, began_s = self._address, time.monotonic()
        tls = keys.context(address.host) if address.tls else None
        try:
            ips = resolve(address, self._timeout_s)
        except socket.gaierror as error:
            self._note("name", False, f"{address.host}: {error.strerror}")
            raise
        self._note("name", True, ", ".join(ips), began_s)
        self._reached = reach(ips, address.port, self._timeout_s)
        open_ones = [one for one in self._reached if one.error is None]
        says = "; ".join(map(str, self._reached))
        if not open_ones:
            self._note("port", False, f"{address.port}: {says}")
            raise self._reached[0].error or OSError(says)
        self._steps.append(Step(name="port", ok=True, says=f"{address.port}: {says}", ms=open_ones[0].ms))
        if tls is not None:
            self._handshake(tls, open_ones[0].ip)

    def _handshake(self, tls: ssl.SSLContext, ip: str) -> None:
        address, began_s = self._address, time.monotonic()
        try:
            says = certificate_of(address, ip, tls, self._timeout_s)
        except OSError as error:
            offered = names_offered(address, ip, tls, self._timeout_s) if is_name_fault(error) else ""
            self._note("tls", False, offered or "no handshake came about")
            raise
        self._note("tls", True, says, began_s)

    def enter(self, id: str, password: str | None, keys: Keys) -> BrokerProbe:
        """Sign in and see one's own echo."""
        address, timeout_s = self._address, self._timeout_s
        step, began_s = _Callbacks(id), time.monotonic()
        as_whom = f"{id} {'with a' if password is not None else 'without a'} password"
        try:
            client = _client(address, id, password, keys, step, timeout_s)
            client.connect(*address.place, KEEPALIVE_S)
        except Exception as error:  # noqa: BLE001 - whatever went wrong is the finding
            return self.failed(explain(address, error), Step(name="password", ok=False, says="no answer"))
        client.loop_start()
        try:
            answered = step.answered.wait(timeout_s)
            if not answered or not (step.connected or step.refused):
                no_mqtt = Step(name="password", ok=False, says="no answer in MQTT")
                return self.failed(explain_silence(address, closed=answered), no_mqtt)
            if step.refused is not None:
                refused = Step(name="password", ok=False, says=f"{as_whom} is refused")
                return self.failed(explain_connack(address, id, *step.refused), refused)
            connect_ms = (time.monotonic() - began_s) * 1000
            let_in = Step(name="password", ok=True, says=f"{as_whom} is let in", ms=connect_ms)
            if not step.echoed.wait(timeout_s):
                sentence = f"{address} let {id!r} in, but what it published never came back: its permissions are wrong"
                silent = Step(name="permission", ok=False, says="what it publishes never comes back")
                return self.failed(Failure(Reason.BROKER_NO_ECHO, sentence), let_in, silent)
            echo = Step(name="permission", ok=True, says="what it publishes comes back", ms=step.echo_ms)
            steps = (*self._steps, let_in, echo)
            return BrokerProbe(True, None, f"{address} works for {id!r}", connect_ms, step.echo_ms, steps=steps)
        finally:
            client.disconnect()
            client.loop_stop()

    def _note(self, name: Any, ok: bool, says: str, began_s: float | None = None) -> None:
        ms = None if began_s is None else (time.monotonic() - began_s) * 1000
        self._steps.append(Step(name=name, ok=ok, says=says, ms=ms))

    def _listens_elsewhere(self) -> str:
        """Where on this machine something listens on that port, if the address is of this machine; empty: nowhere."""
        if not any(is_own_address(one.ip) for one in self._reached):
            return ""
        return ", ".join(dict.fromkeys(f"{one.host} ({one.program})" for one in holders_of(self._address.port)))


def _client(
    address: BrokerAddress, id: str, password: str | None, keys: Keys, step: "_Callbacks", timeout_s: float
) -> mqtt.Client:
    client_id = f"{id}.doctor-{secrets.token_hex(4)}"
    client = new_client(address, client_id=client_id, id=id, password=password, keys=keys)
    client.connect_timeout = timeout_s
    client.on_connect, client.on_disconnect = step.on_connect, step.on_disconnect
    client.on_message, client.on_subscribe = step.on_message, step.on_subscribe
    return client


class _Callbacks:
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
