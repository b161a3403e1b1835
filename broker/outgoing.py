"""What waits to be sent to one client: bounded, and the newest QoS 0 messages win.

A message goes straight to the socket while that takes it. Otherwise it waits: at QoS 0 the oldest gives way when the
bound is reached (they are live pictures); at QoS 1 nothing may be skipped, so a client that lets the bound be reached
is to be dropped, and its sender learns from missing receipts that it must send again.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from .limits import Limits
from .wire import Message

_SOCKET_BYTES = 65_536
"""How much may lie in the socket's own buffer before messages wait here, where they can still be skipped."""


class Outgoing:
    """The way out to one client. Used from the event loop's thread only."""

    def __init__(self, *, writer: asyncio.StreamWriter, limits: Limits, count: Callable[[str], None]) -> None:
        self._writer = writer
        self._limits = limits
        self._count = count
        self._live: deque[tuple[Message, bool]] = deque()
        self._assured: deque[tuple[Message, bool]] = deque()
        self._live_bytes = self._assured_bytes = 0
        self._inflight: set[int] = set()
        self._packet_id = 0
        self._wake = asyncio.Event()
        self._handed_bytes = self._acknowledged = 0
        self._moved = (0, 0)
        self._moved_at: float | None = None

    @property
    def overfull(self) -> bool:
        """Whether QoS 1 messages wait beyond the bound: the client is too slow to keep."""
        return self._assured_bytes > self._limits.waiting_bytes

    def control(self, packet: bytes) -> None:
        """Send an answer (CONNACK, PUBACK, PINGRESP …) at once: it never waits behind messages."""
        self._write(packet)

    async def room(self) -> None:
        """Return once answers may be produced again: a client that reads none is not listened to either."""
        if self._writer.transport.get_write_buffer_size() > self._limits.waiting_bytes:
            await self._writer.drain()

    def publish(self, message: Message, qos: int, *, retain: bool = False) -> None:
        """Send or queue `message` at `qos` 0 or 1; `retain` marks a retained one given to a new subscriber."""
        if qos == 0:
            if self._free and not self._live:
                self._write(message.encode(packet_id=None, retain=retain))
            else:
                self._queue_live(message, retain)
        elif self._free and not self._assured and len(self._inflight) < self._limits.inflight:
            self._write(message.encode(packet_id=self._next_packet_id(), retain=retain))
        else:
            self._assured.append((message, retain))
            self._assured_bytes += message.size_bytes
            self._wake.set()

    def acknowledge(self, packet_id: int) -> None:
        """The client has taken the QoS 1 message `packet_id`."""
        self._inflight.discard(packet_id)
        self._acknowledged += 1
        if self._assured:
            self._wake.set()

    async def run(self) -> None:
        """Send what waits as the socket takes it, QoS 1 first; ends by cancellation or with the connection."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while message := self._take():
                self._write(message)
                await self._writer.drain()

    def stalled_s(self, now: float) -> float:
        """For how long something has been waiting while the client took nothing."""
        in_socket = self._writer.transport.get_write_buffer_size()
        moved = (self._handed_bytes - in_socket, self._acknowledged)
        waiting = in_socket or self._live or self._assured
        if self._moved_at is None or not waiting or moved != self._moved:
            self._moved, self._moved_at = moved, now
        return now - self._moved_at

    def forgive(self, pause_s: float) -> None:
        """Do not hold a pause of the broker itself against the client."""
        if self._moved_at is not None:
            self._moved_at += pause_s

    @property
    def _free(self) -> bool:
        return self._writer.transport.get_write_buffer_size() < _SOCKET_BYTES

    def _write(self, packet: bytes) -> None:
        if not self._writer.transport.is_closing():  # asyncio would log every write to one that is gone
            self._handed_bytes += len(packet)
            self._writer.write(packet)

    def _queue_live(self, message: Message, retain: bool) -> None:
        self._live.append((message, retain))
        self._live_bytes += message.size_bytes
        while self._live_bytes > self._limits.waiting_bytes:
            oldest, _ = self._live.popleft()
            self._live_bytes -= oldest.size_bytes
            self._count("skipped_qos0")
        self._wake.set()

    def _take(self) -> bytes | None:
        if self._assured and len(self._inflight) < self._limits.inflight:
            message, retain = self._assured.popleft()
            self._assured_bytes -= message.size_bytes
            return message.encode(packet_id=self._next_packet_id(), retain=retain)
        if self._live:
            message, retain = self._live.popleft()
            self._live_bytes -= message.size_bytes
            return message.encode(packet_id=None, retain=retain)
        return None

    def _next_packet_id(self) -> int:
        while True:
            self._packet_id = self._packet_id % 65535 + 1
            if self._packet_id not in self._inflight:
                self._inflight.add(self._packet_id)
                return self._packet_id
