"""One admitted connection: reads its packets in order, answers them, and hands its messages on."""

import asyncio
import logging
import socket
import struct
import time
from typing import Any, Protocol

from amqtt.mqtt import packet as kinds
from amqtt.mqtt.pingresp import PingRespPacket
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.pubcomp import PubcompPacket
from amqtt.mqtt.pubrec import PubrecPacket
from amqtt.mqtt.suback import SubackPacket
from amqtt.mqtt.unsuback import UnsubackPacket

from glassline.contract.rates import Rates
from glassline.program import Tally, log_frame, shown

from .admission import Admission
from .limits import Limits
from .outgoing import Outgoing
from .permissions import Ruling, may_publish, may_subscribe
from .router import Router
from .wire import Message, ProtocolError, max_bytes, read_header, read_packet
from .wrongs import Wrongs

_log = logging.getLogger(__name__)
_REFUSED = 0x80
_PACKETS_IN_A_ROW = 100


class Hub(Protocol):
    """What a client needs of the broker it is connected to."""

    router: "Router[Client]"
    tally: Tally
    limits: Limits
    rates: Rates
    wrongs: Wrongs

    def deliver(self, message: Message) -> None:
        """Give `message` to everybody who subscribed to its topic."""

    def keep(self, client: "Client") -> bool:
        """Whether `client` stays: it is dropped if too much waits for it."""


class Client:
    """A connection from its CONNACK to its end. Used from the event loop's thread only."""

    def __init__(
        self, *, hub: Hub, admission: Admission, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.account = admission.account
        self.client_id = admission.client_id
        self.will = admission.will
        self.keepalive_s = admission.keepalive_s
        self.heard_at = time.monotonic()
        self.gone = False
        self.outgoing = Outgoing(writer=writer, limits=hub.limits, count=hub.tally.count)
        self._hub = hub
        self._reader = reader
        self._writer = writer
        self._half_received: set[int] = set()

    @property
    def key(self) -> tuple[str, str]:
        """Under what the broker knows the connection: two accounts can never take each other's place."""
        return self.account.id, self.client_id

    def heard(self) -> None:
        """Note that the client is alive."""
        self.heard_at = time.monotonic()

    async def run(self) -> str:
        """Serve the client until it goes; return why. A goodbye (DISCONNECT) discards its will."""
        sending = asyncio.create_task(self.outgoing.run())
        try:
            return await self._receive()
        except ProtocolError as error:
            self._hub.tally.note(error.kind, f"{self.client_id} {error}: connection closed", who=self.client_id)
            return str(error)
        except (asyncio.IncompleteReadError, OSError) as error:
            return "the connection broke" if isinstance(error, OSError) else "closed without a goodbye"
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _receive(self) -> str:
        served = 0
        while not self.gone:
            header = await read_header(self._reader)
            self.heard()
            packet = await read_packet(self._reader, header, max_bytes(header, self._hub.limits), self.heard)
            if self.gone:
                break
            if header.packet_type == kinds.DISCONNECT:
                self.will = None
                return "said goodbye"
            self._serve(header.packet_type, packet)
            await self.outgoing.room()
            served += 1
            if served % _PACKETS_IN_A_ROW == 0:
                await asyncio.sleep(0)
        return "ended"

    def _serve(self, kind: int, packet: Any) -> None:
        match kind:
            case kinds.PUBLISH:
                self._on_publish(packet)
            case kinds.PUBACK:
                self.outgoing.acknowledge(packet.packet_id)
            case kinds.PINGREQ:
                self.outgoing.control(PingRespPacket.build().to_bytes())
            case kinds.SUBSCRIBE:
                self._on_subscribe(packet)
            case kinds.UNSUBSCRIBE:
                for filter in packet.payload.topics:
                    self._hub.router.unsubscribe(self, filter)
                self.outgoing.control(UnsubackPacket.build(packet.variable_header.packet_id).to_bytes())
            case kinds.PUBREL:
                self._half_received.discard(packet.packet_id)
                self.outgoing.control(PubcompPacket.build(packet.packet_id).to_bytes())
            case _:
                raise ProtocolError("malformed", f"sent a packet of type {kind}, which no client may send now")

    def _on_publish(self, packet: Any) -> None:
        """Hand the message on and acknowledge it. A denied one is acknowledged too: MQTT 3.1.1 has no other answer."""
        qos, packet_id = packet.qos, packet.packet_id
        if qos > 2 or (qos and not packet_id):
            raise ProtocolError("malformed", f"sent a PUBLISH with QoS {qos} and packet id {packet_id}")
        if packet_id not in self._half_received:
            self._hand_on(Message(packet.topic_name, packet.data, min(qos, 1)), retain=packet.retain_flag)
        if qos == 1:
            self.outgoing.control(PubackPacket.build(packet_id).to_bytes())
        elif qos == 2:
            self._half_received.add(packet_id)
            self.outgoing.control(PubrecPacket.build(packet_id).to_bytes())

    def _hand_on(self, message: Message, *, retain: bool) -> None:
        ruling = may_publish(self.account.role, self.account.id, message.topic)
        topic = shown(message.topic, limit=80)
        if not ruling.allowed:
            self._complain("denied_publish", f"may not publish to {topic!r}: dropped", forbidden=True)
            return
        if len(message.payload) > ruling.max_bytes:
            sizes = f"{len(message.payload)} bytes to {topic}, at most {ruling.max_bytes} are taken"
            self._complain("denied_oversize", f"sent {sizes}: dropped")
            return
        if self.account.role is not None and not self._in_rate(ruling, len(message.payload)):
            self._complain("denied_rate", f"sends more to {topic} than may come: dropped")
            return
        if ruling.kind == "frame":
            log_frame("in", self.account.id, None, len(message.payload))
        if retain and not ruling.retain:
            self._complain("denied_retain", f"asked to retain {topic}: sent on, not kept")
        elif retain and not self._hub.router.retain(message):
            self._complain("retained_full", f"found no room to retain {topic}: sent on, not kept")
        self._hub.deliver(message)

    def _in_rate(self, ruling: Ruling, size_bytes: int) -> bool:
        """Whether the account keeps to the contract's rate for these topics, and to its bytes in all."""
        now_s, rates, limits = time.monotonic(), self._hub.rates, self._hub.limits
        return rates.admit(ruling.counts_for, per_s=ruling.max_per_s, now_s=now_s) and rates.admit(
            self.account, per_s=limits.account_bytes_per_s, now_s=now_s, amount=size_bytes
        )

    def _complain(self, kind: str, sentence: str, *, forbidden: bool = False) -> None:
        self._hub.tally.note(kind, f"{self.client_id} {sentence}", who=self.client_id)
        if self.account.role is not None:
            # A tool that looks around in a program's name leaves no will, and says nothing about the program.
            self._hub.wrongs.not_taken(self.account.id, forbidden=forbidden and self.will is not None)

    def _on_subscribe(self, packet: Any) -> None:
        """Each filter counts once, however often the packet names it: what is retained is sent for each."""
        router, topics = self._hub.router, packet.payload.topics
        if packet.fixed_header.flags != 0b0010 or not topics or any(qos > 2 for _, qos in topics):
            raise ProtocolError("malformed", "sent a SUBSCRIBE without filters or with an unknown QoS")
        codes = {filter: self._subscribe(filter, min(qos, 1)) for filter, qos in dict(topics).items()}
        answer = [codes[filter] for filter, _ in topics]
        self.outgoing.control(SubackPacket.build(packet.variable_header.packet_id, answer).to_bytes())
        for filter, granted in codes.items():
            for message in router.retained(filter) if granted != _REFUSED else ():
                self.outgoing.publish(message, min(message.qos, granted), retain=True)
                if not self._hub.keep(self):
                    return

    def _subscribe(self, filter: str, qos: int) -> int:
        router, limits = self._hub.router, self._hub.limits
        short = len(filter) <= limits.filter_characters
        if not short or not may_subscribe(self.account.role, self.account.id, filter):
            what = f"may not subscribe to {shown(filter, limit=80)!r}: refused"
            self._complain("denied_subscribe", what, forbidden=short)
            return _REFUSED
        if router.subscriptions(self) >= limits.subscriptions:
            self._complain("too_many_subscriptions", f"has {limits.subscriptions} subscriptions: one more refused")
            return _REFUSED
        router.subscribe(self, filter, qos)
        return qos

    def abort(self, *, reset: bool = False) -> None:
        """Close the socket now, whatever is still waiting here. `reset`: what waits in the kernel goes too.

        Without it megabytes that nobody fetches would stay there for minutes, and a client that does not read would
        never learn of its end, which comes behind them.
        """
        transport = self._writer.transport
        if reset and not transport.is_closing():
            linger = struct.pack("ii", 1, 0)
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
