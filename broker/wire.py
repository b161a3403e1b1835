"""Packets off the socket and onto it: amqtt's codecs behind a check of the size."""

import asyncio
from collections.abc import Callable
from typing import Any

from amqtt.adapters import BufferReader
from amqtt.errors import AMQTTError, CodecError, MQTTError, NoDataError
from amqtt.mqtt import packet_class
from amqtt.mqtt.packet import PUBLISH, MQTTFixedHeader
from amqtt.mqtt.publish import PublishPacket

from .limits import Limits

_CHUNK_BYTES = 65_536


class ProtocolError(Exception):
    """The peer broke the protocol or a limit: the connection ends. `kind` is the name under which it is counted."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


async def read_header(reader: asyncio.StreamReader) -> MQTTFixedHeader:
    """Read type, flags and length of the next packet, and nothing more."""
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return MQTTFixedHeader(first >> 4, first & 0x0F, length)
        shift += 7
        if shift > 21:
            raise ProtocolError("malformed", "sent a packet whose length takes more than four bytes")


def is_tls_hello(header: MQTTFixedHeader) -> bool:
    """Whether this is the beginning of a TLS handshake (0x16 0x03): read as MQTT, a CONNECT with impossible flags."""
    return (header.packet_type, header.flags, header.remaining_length) == (1, 6, 3)


async def read_packet(
    reader: asyncio.StreamReader, header: MQTTFixedHeader, max_bytes: int, heard: Callable[[], None]
) -> Any:
    """Read and decode the packet behind `header`; `heard` is called as its bytes come in.

    Raises ProtocolError before reading a packet larger than `max_bytes`, and for one that cannot be decoded.
    """
    left = header.remaining_length
    if left > max_bytes:
        raise ProtocolError("oversize", f"announced a packet of {left} bytes, at most {max_bytes} are taken")
    chunks: list[bytes] = []
    while left:
        chunk = await reader.read(min(left, _CHUNK_BYTES))
        if not chunk:
            raise asyncio.IncompleteReadError(b"", left)
        chunks.append(chunk)
        left -= len(chunk)
        heard()
    try:
        return await packet_class(header).from_stream(BufferReader(b"".join(chunks)), fixed_header=header)
    except (AMQTTError, CodecError, MQTTError, NoDataError, ValueError, IndexError) as error:
        raise ProtocolError("malformed", f"sent a packet that is not MQTT 3.1.1: {error}") from None


def max_bytes(header: MQTTFixedHeader, limits: Limits) -> int:
    """The size allowed to a packet of this kind once a client is admitted."""
    return limits.publish_bytes if header.packet_type == PUBLISH else limits.control_bytes


class Message:
    """A message on its way to its receivers. At QoS 0 all of them get the same bytes, encoded once."""

    __slots__ = ("_encoded", "payload", "qos", "topic")

    def __init__(self, topic: str, payload: bytes, qos: int) -> None:
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self._encoded: bytes | None = None

    @property
    def size_bytes(self) -> int:
        return len(self.topic) + len(self.payload) + 16

    def encode(self, *, packet_id: int | None, retain: bool) -> bytes:
        """The PUBLISH packet; QoS 1 when there is a `packet_id`, else QoS 0."""
        if packet_id is None and not retain:
            if self._encoded is None:
                self._encoded = self._build(None, False)
            return self._encoded
        return self._build(packet_id, retain)

    def _build(self, packet_id: int | None, retain: bool) -> bytes:
        qos = 0 if packet_id is None else 1
        encoded: bytes = PublishPacket.build(self.topic, self.payload, packet_id, False, qos, retain).to_bytes()
        return encoded
