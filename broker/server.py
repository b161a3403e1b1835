"""The broker itself: amqtt's, with connections admitted, replaced, watched and ended by our rules."""

import asyncio
import logging
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from amqtt.broker import Broker, Server
from amqtt.contexts import BrokerConfig
from amqtt.mqtt.connack import CONNECTION_ACCEPTED, ConnackPacket
from amqtt.mqtt.packet import CONNECT

from glassline.accounts import Accounts
from glassline.program import Tally, log_frame

from .admission import Admission, Admissions, RefusedError
from .client import Client
from .limits import Limits
from .router import Router
from .wire import Message, ProtocolError, read_header, read_packet

_log = logging.getLogger(__name__)
_WATCH_EVERY_S = 1.0


class GlassBroker(Broker):  # type: ignore[misc]  # amqtt has no type information
    """An MQTT 3.1.1 broker on `listeners` (bound sockets). `accounts` None lets everybody do everything.

    Make and run it inside an event loop: `start()`, then `shutdown()`.
    """

    def __init__(
        self, *, listeners: Sequence[socket.socket], accounts: Accounts | None, limits: Limits | None = None
    ) -> None:
        super().__init__(BrokerConfig(plugins={}))
        self.limits = limits or Limits()
        self.tally = Tally(log=_log)
        self.router: Router[Client] = Router(retained_bytes=self.limits.retained_bytes)
        self._sockets = listeners
        self._accounts = accounts
        self._hashing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argon2")
        self._admissions = Admissions(accounts=accounts, executor=self._hashing)
        self._clients: dict[tuple[str, str], Client] = {}
        self._connections: set[asyncio.Task[Any]] = set()
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen."""
        await super().start()
        self._watching = asyncio.create_task(self._watch_always())

    async def shutdown(self) -> None:
        """Stop listening and end every connection; nobody is left to read a will."""
        for server in self._servers.values():
            server.instance.close()
        endings = [task for task in (self._watching, *self._connections) if task]
        for task in endings:
            task.cancel()
        for client in self._clients.values():
            client.gone = True
            client.abort()
        await asyncio.gather(*endings, return_exceptions=True)
        self._hashing.shutdown(wait=False, cancel_futures=True)
        await super().shutdown()

    async def _start_listeners(self) -> None:
        for plug in self._sockets:
            name = str(plug.getsockname())
            self._servers[name] = Server(name, await asyncio.start_server(self._connected, sock=plug, backlog=128))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from accept to close."""
        task = asyncio.current_task()
        assert task is not None
        address = (writer.get_extra_info("peername") or ("?",))[0]
        if len(self._connections) >= self.limits.connections:
            sentence = f"{address} turned away: {self.limits.connections} connections are open (max_connections)"
            self.tally.note("refused_full", sentence, who=address)
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            _notice_dead_peers(writer)
            if admission := await self._admit(reader, writer, address):
                await self._serve(admission, reader, writer, address)
        except asyncio.CancelledError:
            writer.transport.abort()
        except Exception as error:  # noqa: BLE001  # a fault in serving one client must not end the others
            sentence = f"a fault of the broker ended the connection from {address}"
            self.tally.note("faults", sentence, who=address, error=error)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _admit(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> Admission | None:
        """Read and judge the CONNECT; None after a refusal, which is answered, counted and logged here."""
        try:
            async with asyncio.timeout(self.limits.connect_s):
                header = await read_header(reader)
                if header.packet_type != CONNECT:
                    raise ProtocolError("malformed", "did not begin with a CONNECT of MQTT")
                connect = await read_packet(reader, header, self.limits.connect_bytes, lambda: None)
                return await self._admissions.judge(connect)
        except RefusedError as refusal:
            writer.write(ConnackPacket.build(0, refusal.code).to_bytes())
            self._refuse(refusal.kind, address, str(refusal))
        except ProtocolError as error:
            self._refuse(error.kind, address, str(error))
        except TimeoutError:
            self._refuse("refused_silent", address, f"was not admitted within {self.limits.connect_s:g} s")
        except (asyncio.IncompleteReadError, ConnectionError):
            self.tally.count("gone_before_connect")
        return None

    def _refuse(self, kind: str, address: str, sentence: str) -> None:
        self.tally.note(kind, f"{address} refused: {sentence}", who=address)

    async def _serve(
        self, admission: Admission, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> None:
        client = Client(hub=self, admission=admission, reader=reader, writer=writer)
        if old := self._clients.get(client.key):
            self.end(old, f"replaced by a new connection from {address}")
        self._clients[client.key] = client
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
            if client.outgoing.overfull:
                waiting = self.limits.waiting_bytes
                self._drop(client, "dropped_slow", f"more than {waiting} bytes at QoS 1 were waiting for it")
            if message.topic.endswith("/frame"):
                log_frame("out", f"{message.topic} to {client.client_id}", None, len(message.payload))

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

    async def _watch_always(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            now = time.monotonic()
            if (pause_s := now - last - _WATCH_EVERY_S) > _WATCH_EVERY_S:
                _log.warning("the broker stood still for %.1f s; nobody is held to that time", pause_s)
                self.forgive(pause_s)
            last = now
            self.watch(now)
            self.tally.report()


def _notice_dead_peers(writer: asyncio.StreamWriter) -> None:
    """Let the kernel probe an idle connection: the only way to lose a dead client that asked for no keepalive."""
    plug = writer.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            plug.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
