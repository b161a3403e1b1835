"""A viewer's WebSocket, read as cheaply as can be: the head of each message, and its payload thrown away unseen."""

import os
import socket
import sys
import time
from array import array

HEAD_BYTES = 320
"""Enough of a picture's message to hold the number of the frame: frame header, device id, SOI, APP0, metadata."""
_TRASH = memoryview(bytearray(1 << 20))
_DISCARD = socket.MSG_TRUNC if sys.platform == "linux" else 0
"""On Linux TCP throws bytes away without copying them; elsewhere they are read."""
_SEQ = b'"seq":'
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


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
                got = self.sock.recv_into(_TRASH, min(self._left, len(_TRASH)), _DISCARD)
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
            opcode = self._head[0] & 0x0F
            if opcode == BINARY:
                if have < min(length, HEAD_BYTES // 2):
                    return
                self._seq = seq_in(self._head[start : start + HEAD_BYTES])
            elif have < length and opcode != TEXT:
                return
            elif opcode == PING:
                self.sock.send(_pong(self._head[start : start + length]))
            elif opcode == CLOSE:
                self.open = False
                return
            if have < length:
                self._head, self._left = b"", length - have
                return
            self._head = self._head[start + length :]
            self._done()

    def _done(self) -> None:
        if self._seq is not None:
            self.seqs.append(self._seq)
            self.arrived_s.append(time.time())
            self._seq = None


def message_size(head: bytes) -> tuple[int, int] | None:
    """(bytes of the frame header, bytes of the payload) of a server's message, or None if more is needed."""
    if len(head) < 2:
        return None
    if head[0] & 0xF0 != 0x80 or head[1] & 0x80:
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


def _pong(payload: bytes) -> bytes:
    return client_message(10, payload)


def client_message(opcode: int, payload: bytes) -> bytes:
    """A short message from a viewer, masked as the protocol wants it."""
    if len(payload) > 125:
        raise ValueError(f"expected at most 125 bytes, got {len(payload)}")
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked
