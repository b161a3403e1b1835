"""A viewer's WebSocket, read as cheaply as can be: the head of each message, and its payload thrown away unseen."""

import os
import socket
import sys
import time
import zlib
from array import array

HEAD_BYTES = 320
"""Enough of a picture's message to hold the number of the frame: frame header, device id, SOI, APP0, metadata."""
TRASH = memoryview(bytearray(1 << 20))
_DISCARD = socket.MSG_TRUNC if sys.platform == "linux" else 0
"""On Linux TCP throws bytes away without copying them; elsewhere they are read."""
_SEQ = b'"seq":'
_END_OF_MESSAGE = b"\x00\x00\xff\xff"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
COMPRESSED = 0x40


class ProtocolError(Exception):
    """What came is no WebSocket message that these viewers expect."""


class Stream:
    """One viewer. `seqs` and `arrived_s` are the frames it got whole, and when (Unix seconds)."""

    def __init__(self, sock: socket.socket, head: bytes = b"") -> None:
        self.sock = sock
        self.seqs = array("q")
        self.arrived_s = array("d")
        self.open = True
        self._head = head
        self._left = 0
        self._seq: int | None = None

    def read(self) -> None:
        """Take some of what is there: at most one head and one payload."""
        try:
            if not self._left:
                data = self.sock.recv(HEAD_BYTES)
                if not data:
                    self.open = False
                    return
                self._head += data
                self._parse()
            if self._left:
                got = self._take(self._left)
                self._left -= got
                self.open = got > 0
                if not self._left:
                    self._done()
        except BlockingIOError:
            return
        except OSError:
            self.open = False

    def _parse(self) -> None:
        """Take whole messages out of the head, until one begins whose payload is still to come."""
        while (size := message_size(self._head)) is not None:
            start, length = size
            have = len(self._head) - start
            first, part = self._head[0], self._head[start : start + length]
            if first & 0x0F in (PING, CLOSE):
                if have < length:
                    return
                if first & 0x0F == CLOSE:
                    self.open = False
                    return
                self.sock.send(client_message(PONG, part))
            elif have < min(length, HEAD_BYTES // 2):
                return
            else:
                self._begin(first, part)
            if have < length:
                self._head, self._left = b"", length - have
                return
            self._head = self._head[start + length :]
            self._done()

    def _begin(self, first: int, part: bytes) -> None:
        """A data message begins: its first byte, and what is there of its payload."""
        if first & COMPRESSED:
            raise ProtocolError("expected a message that is not compressed")
        self._seq = seq_in(part) if first & 0x0F == BINARY else None

    def _take(self, count: int) -> int:
        """Take up to `count` more bytes of the payload; how many were there."""
        return self.sock.recv_into(TRASH, min(count, len(TRASH)), _DISCARD)

    def _done(self) -> None:
        if self._seq is not None:
            self.seqs.append(self._seq)
            self.arrived_s.append(time.time())
            self._seq = None


class InflatingStream(Stream):
    """A viewer whose server compresses (RFC 7692), as browsers let it: each message builds on those before it."""

    def __init__(self, sock: socket.socket, head: bytes = b"") -> None:
        super().__init__(sock, head)
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._plain: bytes | None = None

    def _begin(self, first: int, part: bytes) -> None:
        if not first & COMPRESSED:
            super()._begin(first, part)
        else:
            self._plain = b""
            self._inflate(part)

    def _take(self, count: int) -> int:
        if self._plain is None:
            return super()._take(count)
        got = self.sock.recv_into(TRASH, min(count, len(TRASH)))
        self._inflate(TRASH[:got])
        return got

    def _inflate(self, data: bytes | memoryview) -> None:
        assert self._plain is not None
        plain = self._inflater.decompress(data)
        if len(self._plain) < HEAD_BYTES:
            self._plain += plain[:HEAD_BYTES]

    def _done(self) -> None:
        if self._plain is not None:
            self._inflate(_END_OF_MESSAGE)
            self._seq, self._plain = seq_in(self._plain), None
        super()._done()


def message_size(head: bytes) -> tuple[int, int] | None:
    """(bytes of the frame header, bytes of the payload) of a server's message, or None if more is needed."""
    if len(head) < 2:
        return None
    if head[0] & 0xB0 != 0x80 or head[1] & 0x80:
        raise ProtocolError(f"expected a whole, unmasked message, got {head[:2].hex(' ')}")
    if head[1] < 126:
        return 2, head[1]
    width = 2 if head[1] == 126 else 8
    return None if len(head) < 2 + width else (2 + width, int.from_bytes(head[2 : 2 + width], "big"))


def seq_in(head: bytes) -> int:
    """The number of the frame whose metadata begins in `head`."""
    at = head.find(_SEQ) + len(_SEQ)
    end = at
    while head[end : end + 1].isdigit():
        end += 1
    if at < len(_SEQ) or end == at:
        raise ProtocolError(f"expected the metadata of a frame, got {head[:80]!r}")
    return int(head[at:end])


def client_message(opcode: int, payload: bytes) -> bytes:
    """A short message from a viewer, masked as the protocol wants it."""
    if len(payload) > 125:
        raise ValueError(f"expected at most 125 bytes, got {len(payload)}")
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked
