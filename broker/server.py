"""The broker itself: amqtt's, with connections admitted, replaced, watched and ended by our rules."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig
from amqtt.mqtt.connack import BAD_USERNAME_PASSWORD, CONNECTION_ACCEPTED, SERVER_UNAVAILABLE, ConnackPacket
from amqtt.mqtt.packet import CONNECT

from glassline.accounts import Accounts
from glassline.contract.rates import Rates
from glassline.program import CertificateError, Tally, log_frame

from .admission import Admission, Admissions, RefusedError
from .client import Client
from .doors import Door, handshake_sentence, open_streams
from .limits import Limits
from .newcomers import Newcomers
from .report import Report
from .router import Router
from .wire import Message, ProtocolError, is_tls_hello, read_header, read_packet
from .wrongs import Wrongs

_log = logging.getLogger(__name__)
_WATCH_EVERY_S = 1.0
_ACCEPT_AGAIN_S = 0.5


class GlassBroker(Broker):  # type: ignore[misc]  # amqtt has no type information
    """An MQTT 3.1.1 broker behind `doors`. `accounts` None lets everybody do everything.

    Make and run it inside an event loop: `start()`, then `shutdown()`.
    """

    def __init__(
        self,
        *,
        doors: Sequence[Door],
        accounts: Accounts | None,
        limits: Limits | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(BrokerConfig(plugins={}))
        self.limits = limits or Limits()
        self.tally = Tally(log=_log)
        self.router: Router[Client] = Router(retained_bytes=self.limits.retained_bytes)
        self.rates = Rates()
        self.wrongs = Wrongs()
        self._report = None if id is None else Report(id=id, tally=self.tally, wrongs=self.wrongs)
        self._doors = doors
        self._accepting: list[asyncio.Task[None]] = []
        self._accounts = accounts
        self._hashing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argon2")
        self._admissions = Admissions(accounts=accounts, executor=self._hashing)
        self._clients: dict[tuple[str, str], Client] = {}
        self._connections: set[asyncio.Task[Any]] = set()
        self._newcomers = Newcomers(most=self.limits.newcomers)
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen."""
        await super().start()
        for message in self._report.birth() if self._report else ():
            self.router.retain(message)
        self._watching = asyncio.create_task(self._watch_always())

    async def shutdown(self) -> None:
        """Stop listening and end every connection; nobody is left to read a will."""
        endings = [task for task in (self._watching, *self._accepting, *self._connections) if task]
        for task in endings:
            task.cancel()
        for client in self._clients.values():
            client.gone = True
            client.abort()
        await asyncio.gather(*endings, return_exceptions=True)
        self._hashing.shutdown(wait=False, cancel_futures=True)
        await super().shutdown()

    async def _start_listeners(self) -> None:
        self._accepting = [asyncio.create_task(self._accept(door)) for door in self._doors]

    async def _accept(self, door: Door) -> None:
        """Take connections for ever. They are counted from here on, so that none hides in its TLS handshake."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                plug, peer = await loop.sock_accept(door.socket)
            except OSError as error:
                self.tally.note("accept_failed", f"no connection can be taken: {error.strerror}")
                await asyncio.sleep(_ACCEPT_AGAIN_S)
                continue
            if not self._has_room(peer[0]):
                plug.close()
                continue
            task = asyncio.create_task(self._connected(plug, door, peer[0]))
            self._connections.add(task)
            self._newcomers.add(task, peer[0])
            task.add_done_callback(self._connections.discard)
            task.add_done_callback(self._newcomers.discard)

    def _has_room(self, address: str) -> bool:
        """Whether one more connection may be open; if not, that is counted and logged here."""
        if len(self._connections) >= self.limits.connections:
            kind, why = "refused_full", f"{self.limits.connections} connections are open (max_connections)"
        elif self._newcomers.full(address):
            kind, why = "refused_address_full", f"{self.limits.newcomers} of its connections are not admitted yet"
        else:
            return True
        self.tally.note(kind, f"{address} turned away: {why}", who=address)
        return False

    async def _connected(self, plug: socket.socket, door: Door, address: str) -> None:
        """One connection from accept to close."""
        try:
            _notice_dead_peers(plug)
            reader, writer = await open_streams(plug, door, self.limits.connect_s)
        except ssl.SSLError as error:
            self._refuse("refused_tls", address, handshake_sentence(error))
            return
        except ConnectionAbortedError:
            self._refuse("refused_silent", address, f"did not begin TLS within {self.limits.connect_s:g} s")
            return
        except OSError:
            self.tally.count("gone_before_connect")
            return
        try:
            if admission := await self._admit(reader, writer, address):
                await self._serve(admission, reader, writer, address)
        except asyncio.CancelledError:
            writer.transport.abort()
        except Exception as error:  # noqa: BLE001  # a fault in serving one client must not end the others
            sentence = f"a fault of the broker ended the connection from {address}"
            self.tally.note("faults", sentence, who=address, error=error)
        finally:
            writer.close()

    async def _admit(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> Admission | None:
        """Read and judge the CONNECT; None after a refusal, which is answered, counted and logged here."""
        try:
            async with asyncio.timeout(self.limits.connect_s):
                header = await read_header(reader)
                if is_tls_hello(header):
                    raise ProtocolError(
                        "refused_tls", "speaks TLS, and this port does not: it is mqtt://, not mqtts://"
                    )
                if header.packet_type != CONNECT:
                    raise ProtocolError("malformed", "did not begin with a CONNECT of MQTT")
                connect = await read_packet(reader, header, self.limits.connect_bytes, lambda: None)
                admission = await self._admissions.judge(connect)
                self._check_room_of(admission)
                return admission
        except RefusedError as refusal:
            self._refuse(refusal.kind, address, str(refusal))
            if refusal.account is not None and refusal.code == BAD_USERNAME_PASSWORD:
                self.wrongs.turned_away(refusal.account)
            elif refusal.account is not None:
                self.wrongs.not_taken(refusal.account, forbidden=True)
            writer.write(ConnackPacket.build(0, refusal.code).to_bytes())
        except ProtocolError as error:
            self._refuse(error.kind, address, str(error))
        except ssl.SSLError as error:
            self._refuse("refused_tls", address, handshake_sentence(error))
        except TimeoutError:
            self._refuse("refused_silent", address, f"was not admitted within {self.limits.connect_s:g} s")
        except (asyncio.IncompleteReadError, OSError):
            self.tally.count("gone_before_connect")
        return None

    def _check_room_of(self, admission: Admission) -> None:
        """RefusedError if the account has as many connections as it may, unless this one replaces one of them."""
        account, most = admission.account, self.limits.account_connections
        if account.role is None or (account.id, admission.client_id) in self._clients:
            return
        if sum(id == account.id for id, _ in self._clients) >= most:
            sentence = f"the account {account.id} has {most} connections already: end one, or make another account"
            raise RefusedError("refused_account_full", SERVER_UNAVAILABLE, sentence)

    def _refuse(self, kind: str, address: str, sentence: str) -> None:
        self.tally.note(kind, f"{address} refused: {sentence}", who=address)

    async def _serve(
        self, admission: Admission, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> None:
        client = Client(hub=self, admission=admission, reader=reader, writer=writer)
        if old := self._clients.get(client.key):
            self.end(old, f"replaced by a new connection from {address}")
        self._clients[client.key] = client
        self._newcomers.discard(asyncio.current_task())
        role = client.account.role or "anybody"
        _log.info("%s connected from %s (%s, keepalive %d s)", client.client_id, address, role, client.keepalive_s)
        client.outgoing.control(ConnackPacket.build(0, CONNECTION_ACCEPTED).to_bytes())
        why = "a fault of the broker"
        try:
            why = await client.run()
        finally:
            self.end(client, why)

    def end(self, client: Client, why: str, *, reset: bool = False) -> None:
        """End a connection once and for all: nothing of it is served any more, and its will, if left, is sent."""
        if client.gone:
            return
        client.gone = True
        self.router.forget(client)
        if self._clients.get(client.key) is client:
            del self._clients[client.key]
        client.abort(reset=reset)
        _log.info("%s disconnected: %s", client.client_id, why)
        if will := client.will:
            if will.retain:
                self.router.retain(will.message)
            self.deliver(will.message)

    def deliver(self, message: Message) -> None:
        """Give `message` to everybody who subscribed to its topic."""
        for client, qos in self.router.receivers(message.topic):
            if client.gone:
                continue
            client.outgoing.publish(message, min(qos, message.qos))
            self.keep(client)
            if message.topic.endswith("/frame"):
                log_frame("out", f"{message.topic} to {client.client_id}", None, len(message.payload))

    def keep(self, client: Client) -> bool:
        """Whether `client` stays: it is dropped if too much waits for it."""
        if client.outgoing.overfull:
            waiting = self.limits.waiting_bytes
            self._drop(client, "dropped_slow", f"more than {waiting} bytes at QoS 1 were waiting for it")
        return not client.gone

    def watch(self, now: float) -> None:
        """End every connection that is silent or stalled, or whose account is gone. `now` is monotonic, in s."""
        for client in list(self._clients.values()):
            if why := self._fault(client, now):
                self._drop(client, *why)

    def _drop(self, client: Client, kind: str, sentence: str) -> None:
        self.tally.note(kind, f"{client.client_id} is dropped: {sentence}", who=client.client_id)
        self.end(client, sentence, reset=True)

    def _fault(self, client: Client, now: float) -> tuple[str, str] | None:
        silent_s = now - client.heard_at
        if client.keepalive_s and silent_s > client.keepalive_s * self.limits.keepalive_factor:
            return "dropped_silent", f"silent for {silent_s:.0f} s at a keepalive of {client.keepalive_s} s"
        if client.outgoing.stalled_s(now) > self.limits.stall_s:
            return "dropped_stalled", f"took none of the messages waiting for it for {self.limits.stall_s:g} s"
        if self._accounts and self._accounts.stamp(client.account.id) != client.account.stamp:
            return "dropped_account", f"the account {client.account.id} was removed or changed"
        return None

    def forgive(self, pause_s: float) -> None:
        """Add a pause of the broker itself to everybody's time: what they sent meanwhile was not read yet."""
        for client in self._clients.values():
            client.heard_at += pause_s
            client.outgoing.forgive(pause_s)

    def _renew_certificates(self) -> None:
        """New connections see what is in the files now; those that are open go on."""
        for certificate in {door.certificate for door in self._doors if door.certificate}:
            try:
                if certificate.refresh():
                    _log.info("the certificate was renewed")
            except CertificateError as error:
                _log.error("the certificate as it was stays in use: %s", error)

    async def _watch_always(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            now = time.monotonic()
            if (pause_s := now - last - _WATCH_EVERY_S) > _WATCH_EVERY_S:
                _log.warning("the broker stood still for %.1f s; nobody is held to that time", pause_s)
                self.forgive(pause_s)
            last = now
            self._renew_certificates()
            self.watch(now)
            if self._report and (health := self._report.health(now)):
                self.deliver(health)
            self.tally.report()


def _notice_dead_peers(plug: socket.socket) -> None:
    """Let the kernel probe an idle connection: the only way to lose a dead client that asked for no keepalive."""
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            plug.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
