"""One program's connection to the broker.

    link = Link(address=BrokerAddress.parse("mqtt://server"), id="pi-1", password=None, boot=new_boot(), birth=info)
    link.on(filter_of("cmd", "pi-1"), on_command)
    with link:
        link.publish("health", health.to_json())

The will, `status` and `info` are the link's own business. It reconnects for ever, with a jittered back-off, and each
connection is a new client: nothing is queued while there is none, and nothing old goes out afterwards. A broker that is
sought is looked for anew for each connection.
"""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from glassline.contract import ContractError, Reason, from_unix, topic_of
from glassline.contract.messages import Info
from glassline.contract.topics import SPECS, Address, Kind
from glassline.program import Tally

from .access import Access, Keys
from .address import BrokerAddress, Sought
from .client import KEEPALIVE_S, client_id_of, hang_up, new_client
from .entry import NOT_AUTHORISED, is_let_in
from .failures import CONNACK_REFUSED, Failure, explain, explain_connack, explain_other_role, explain_silence
from .finding import NotFoundError
from .incoming import Handler, Incoming
from .standing import Standing
from .state import EnvelopeFields, LinkState, Sent
from .whereabouts import Whereabouts

log = logging.getLogger(__name__)

BACKOFF_S = (0.5, 8.0)
CONNACK_TIMEOUT_S = 10.0
ACCEPTED = 0
UNSPECIFIED = 128
"""What paho says when the socket was closed under it."""


class Link:
    """See the module. `birth` makes the `info` message anew for every connection.

    Handlers run on the network thread: they must be quick and hand over to a queue. What they raise never ends the
    connection: a ContractError is counted in `tally` as `refused_<topic kind>_<why>`, all else as `handler_failed`.
    What comes more often than the contract allows is dropped: a broker may not know the contract, and its accounts may
    be hostile. `on_refused(id, why)` is called for everything that is not taken from a program.
    `on_cleared(address)` is called where what a program left retained is cleared: somebody retired it.
    """

    def __init__(
        self,
        *,
        address: BrokerAddress | Sought,
        id: str,
        boot: str,
        birth: Callable[[], Info],
        password: str | None = None,
        ca_file: str | None = None,
        credentials: str | None = None,
        memory: Path | None = None,
        tally: Tally | None = None,
        on_refused: Callable[[str, str], None] = lambda id, why: None,
        on_cleared: Callable[[Address], None] = lambda address: None,
    ) -> None:
        """`memory`: a file in which the place of a broker that was sought is kept."""
        self.id, self.boot = id, boot
        self._news = threading.Event()
        self._where = Whereabouts(address, memory=memory, on_news=self._news.set)
        self.tally = tally or Tally(log=log)
        self._birth = birth
        self._access = Access(password=password, ca_file=ca_file, credentials=credentials)
        self._incoming = Incoming(tally=self.tally, on_refused=on_refused, on_cleared=on_cleared)
        self._on_up: list[Callable[[], None]] = []
        self._on_listening: list[Callable[[], None]] = []
        self._unanswered: set[int | None] = set()
        """The subscriptions of this connection that the broker has not acknowledged yet."""
        self._client: mqtt.Client | None = None
        self._standing = Standing(self._where.first)
        self._answered, self._ended = threading.Event(), threading.Event()
        self._answer: int | None = None
        """The code of this connection's CONNACK, once there is one."""
        self._stopping = threading.Event()
        self._birth_lock = threading.Lock()
        """Between `stop` and a connection that just came up: no `online` may follow the `offline`."""
        self._seq = 0
        self._seq_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def on(self, filter: str, handler: Handler, *, qos: int = 1, max_bytes: int | None = None) -> None:
        """Hand every message that `filter` matches to `handler(address, payload, retained)`. Call before `start`.

        One that is larger than the contract (or `max_bytes`) allows is refused before anybody looks into it.
        """
        self._incoming.on(filter, handler, qos=qos, max_bytes=max_bytes)

    def on_connected(self, callback: Callable[[], None]) -> None:
        """Call `callback` after every connect, when subscriptions and birth are out. Call before `start`."""
        self._on_up.append(callback)

    def on_listening(self, callback: Callable[[], None]) -> None:
        """Call `callback` after every connect, when the broker has acknowledged all subscriptions. Call before `start`.

        What is sent to them from now on arrives; what was sent since the last connection broke did not.
        """
        self._on_listening.append(callback)

    def on_change(self, callback: Callable[[LinkState], None]) -> None:
        """Call `callback` with every new state. It must be quick. Call before `start`."""
        self._standing.on_change = callback

    @property
    def counters(self) -> Counter[str]:
        """What was refused or failed, by name."""
        return self.tally.report()

    @property
    def address(self) -> BrokerAddress | Sought:
        """Where the broker is, or was when it was last found."""
        return self._where.address

    @property
    def state(self) -> LinkState:
        return self._standing.state

    def envelope(self) -> EnvelopeFields:
        """`ts`, `boot` and the next `seq` for a message that is made now."""
        with self._seq_lock:
            self._seq += 1
            return {"ts": from_unix(time.time()), "boot": self.boot, "seq": self._seq}

    def publish(self, kind: Kind, payload: bytes, *, id: str | None = None, rest: str = "") -> bool:
        """Send now, with the QoS and retain flag of the contract; False if that is not possible now."""
        return self._send(kind, payload, id, rest) is not None

    def publish_and_wait(self, kind: Kind, payload: bytes, *, timeout_s: float) -> Sent:
        """Send and wait for the broker's acknowledgement: the way to have one frame in flight and no more."""
        client = self._client
        info = self._send(kind, payload, None, "")
        if info is None or client is None:
            return Sent.NOT_CONNECTED
        until = time.monotonic() + timeout_s
        while not info.is_published():
            remaining = until - time.monotonic()
            if remaining <= 0 or self._client is not client:
                return Sent.LOST
            info.wait_for_publish(min(remaining, 0.25))
        return Sent.ACKNOWLEDGED

    def reannounce(self) -> None:
        """Send `info` again, since something in it changed."""
        self.publish("info", self._birth().to_json())

    def _send(self, kind: Kind, payload: bytes, id: str | None, rest: str) -> mqtt.MQTTMessageInfo | None:
        client, spec = self._client, SPECS[kind]
        if client is None or not self.state.connected:
            return None
        if len(payload) > spec.max_bytes:
            sentence = f"{kind}: expected at most {spec.max_bytes} bytes, got {len(payload)}"
            raise ContractError(sentence, why="too_large")
        info = client.publish(topic_of(kind, id or self.id, rest), payload, spec.qos, spec.retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.tally.count("publish_refused")
            return None
        return info

    # -- life cycle --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to connect, in the background."""
        where = self.address
        if isinstance(where, BrokerAddress) and not where.tls and not where.is_loopback:
            log.warning("what goes to %s can be read by all on the way, the password too; mqtts:// hides it", where)
        self._thread.start()

    def stop(self) -> None:
        """Say `offline`, or leave it to the will, and end within about 2 s even if the broker hangs."""
        with self._birth_lock:
            self._stopping.set()
        self._news.set()
        client = self._client
        if client is not None and self.publish_and_wait("status", b"offline", timeout_s=0.7) is Sent.ACKNOWLEDGED:
            client.disconnect()
            self._ended.wait(0.5)
        self._answered.set()
        self._ended.set()
        self._where.stop()
        if self._thread.is_alive():
            self._thread.join(3)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        delay_s = BACKOFF_S[0]
        while not self._stopping.is_set():
            began = time.monotonic()
            self._one_connection()
            if time.monotonic() - began > 2 * BACKOFF_S[1]:
                delay_s = BACKOFF_S[0]
            self._pause(delay_s * random.uniform(0.7, 1.3))
            delay_s = min(delay_s * 2, BACKOFF_S[1])

    def _pause(self, seconds: float) -> None:
        """News of a server end it early."""
        self._stopping.wait(min(seconds, BACKOFF_S[0]))
        self._news.wait(max(0.0, seconds - BACKOFF_S[0]))
        self._news.clear()

    def _one_connection(self) -> None:
        """Connect once and stay until it breaks; the state says how it went.

        Where there are two passwords, the other one is tried as soon as one is refused.
        """
        try:
            keys = self._access.keys()
            address = self._where.locate(keys)
            for password in keys.passwords:
                self._connect(address, keys, password)
                if self._answer not in CONNACK_REFUSED or self._stopping.is_set():
                    return
            self._down(*self._why_refused(address, keys, password))
        except NotFoundError as error:
            self._down(*error.failure)
        except Exception as error:  # noqa: BLE001 - whatever went wrong is the state, and is tried again
            self._down(*explain(self.address, error))

    def _why_refused(self, address: BrokerAddress, keys: Keys, password: str | None) -> Failure:
        """Whether the password is to blame, or the role: an account of another role may not leave this will."""
        if self._answer in NOT_AUTHORISED and is_let_in(address, id=self.id, password=password, keys=keys):
            return explain_other_role(address, self.id, self._birth().role)
        return explain_connack(address, self.id, self._answer or 0, "")

    def _connect(self, address: BrokerAddress, keys: Keys, password: str | None) -> None:
        self._answered.clear()
        self._ended.clear()
        self._answer = None
        if self._stopping.is_set():
            return
        client = self._new_client(address, keys, password)
        client.connect(*address.place, KEEPALIVE_S)
        self._client = client
        client.loop_start()
        closed = False
        if self._answered.wait(CONNACK_TIMEOUT_S):
            if self._answer == ACCEPTED:
                self._access.note_worked(password)
                self._where.worked()
            self._ended.wait()
            closed = True
        self._client = None
        hang_up(client)
        if self._answer is None and not self._stopping.is_set():
            self._down(*explain_silence(address, closed=closed))

    def _new_client(self, address: BrokerAddress, keys: Keys, password: str | None) -> mqtt.Client:
        client_id = client_id_of(self.id, password)
        client = new_client(address, client_id=client_id, id=self.id, password=password, keys=keys)
        client.will_set(topic_of("status", self.id), b"offline", qos=SPECS["status"].qos, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        return client

    def _down(
        self, code: Reason, sentence: str, facts: Mapping[str, str] | None = None, *, closed_by_peer: bool = False
    ) -> None:
        if not self._stopping.is_set():
            self._standing.down(code, sentence, facts, closed_by_peer=closed_by_peer)

    # -- callbacks, on paho's network thread --------------------------------------------------------------------

    def _on_connect(
        self, client: mqtt.Client, userdata: Any, flags: mqtt.ConnectFlags, code: ReasonCode, properties: Any
    ) -> None:
        self._answer = code.value
        self._answered.set()
        if code.is_failure:
            if code.value not in CONNACK_REFUSED:
                self._down(*explain_connack(self.address, self.id, code.value, str(code)))
            return
        try:
            with self._birth_lock:
                if self._stopping.is_set():
                    return
                self._standing.up(f"connected to {self.address}{self._where.found}")
                self._unanswered = {client.subscribe(filter, qos)[1] for filter, qos in self._incoming.filters}
                self.publish("status", b"online")
            self.publish("info", self._birth().to_json())
        except Exception as error:  # noqa: BLE001 - counted and logged by the tally
            self.tally.note("handler_failed", f"after connecting to {self.address}", error=error)
        else:
            self._call(self._on_up, f"after connecting to {self.address}")

    def _on_disconnect(
        self, client: mqtt.Client, userdata: Any, flags: mqtt.DisconnectFlags, code: ReasonCode, properties: Any
    ) -> None:
        if self.state.connected:
            closed = code.value == UNSPECIFIED
            how = "was closed from over there" if closed else f"broke: {code}"
            self._down(Reason.BROKER_LOST, f"the connection to {self.address} {how}", closed_by_peer=closed)
        self._answered.set()
        self._ended.set()

    def _on_subscribe(
        self, client: mqtt.Client, userdata: Any, mid: int, codes: list[ReasonCode], properties: Any
    ) -> None:
        if any(code.is_failure for code in codes):
            self.tally.count("subscribe_refused")
            log.error("%s refused a subscription of %s: is its account's role right?", self.address, self.id)
        self._unanswered.discard(mid)
        if not self._unanswered:
            self._call(self._on_listening, f"listening to {self.address}")

    def _call(self, callbacks: list[Callable[[], None]], when: str) -> None:
        for callback in callbacks:
            try:
                callback()
            except Exception as error:  # noqa: BLE001 - counted and logged by the tally
                self.tally.note("handler_failed", when, error=error)

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._incoming.take(message)
