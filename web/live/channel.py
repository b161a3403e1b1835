"""A viewer's socket, plain or under TLS, for one thread that writes without ever blocking and one that reads.

Two threads may not be inside OpenSSL with one connection at the same time, and its socket does not know MSG_DONTWAIT:
under TLS a lock is held inside OpenSSL only, and who has to wait does so outside.
"""

import logging
import select
import socket
import ssl
import struct
from selectors import EVENT_READ, EVENT_WRITE
from threading import Lock
from typing import Protocol

log = logging.getLogger(__name__)

SEND_AHEAD_BYTES = 32_768
RECORD_BYTES = 16_384
READ_BYTES = 2048
"""A viewer's thread holds so much memory while it waits, and what viewers say is short."""
_POLL = {EVENT_READ: select.POLLIN, EVENT_WRITE: select.POLLOUT}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Channel(Protocol):
    """What the fan-out and the conversation need of a connection."""

    blocked_on: int
    """What to wait for when `send` took nothing: EVENT_WRITE or EVENT_READ of `selectors`."""

    def send(self, data: bytes | memoryview) -> int:
        """Write without blocking: the bytes taken. After 0 offer the same bytes again. OSError: it is gone."""
        ...

    def recv(self) -> bytes:
        """Wait for bytes and return them, none at the end. OSError: it is gone."""
        ...

    def fileno(self) -> int:
        """For a selector."""
        ...

    def hang_up(self, *, reset: bool = False) -> None:
        """End the connection and wake its reader; closing is left to the web server. `reset`: what waits is let go."""


def open_channel(sock: socket.socket) -> Channel:
    """A channel over a socket that gunicorn took; only the channel may be used from then on."""
    _tune(sock)
    return TlsChannel(sock) if isinstance(sock, ssl.SSLSocket) else PlainChannel(sock)


class PlainChannel:
    """TCP: the kernel keeps a reader and a writer apart."""

    blocked_on = EVENT_WRITE

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send(self, data: bytes | memoryview) -> int:
        try:
            return self._sock.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def recv(self) -> bytes:
        return self._sock.recv(READ_BYTES)

    def fileno(self) -> int:
        return self._sock.fileno()

    def hang_up(self, *, reset: bool = False) -> None:
        hang_up(self._sock, reset=reset)


class TlsChannel:
    """TLS: one record at a time, so that progress shows and at most one waits half written inside OpenSSL."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        sock.setblocking(False)
        self.blocked_on = EVENT_WRITE
        self._sock, self._lock = sock, Lock()

    def send(self, data: bytes | memoryview) -> int:
        with self._lock:
            try:
                return self._sock.send(memoryview(data)[:RECORD_BYTES])
            except ssl.SSLWantWriteError:
                self.blocked_on = EVENT_WRITE
            except ssl.SSLWantReadError:
                self.blocked_on = EVENT_READ
        return 0

    def recv(self) -> bytes:
        """A whole record at once: what OpenSSL has decrypted and kept would show on no selector."""
        while True:
            with self._lock:
                try:
                    return self._sock.recv(RECORD_BYTES)
                except ssl.SSLWantReadError:
                    event = EVENT_READ
                except ssl.SSLWantWriteError:
                    event = EVENT_WRITE
                except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                    return b""
            poll = select.poll()
            poll.register(self._sock.fileno(), _POLL[event])
            poll.poll()

    def fileno(self) -> int:
        return self._sock.fileno()

    def hang_up(self, *, reset: bool = False) -> None:
        hang_up(self._sock, reset=reset)


def _tune(sock: socket.socket) -> None:
    """Keep the kernel from hoarding: bytes wait here, where newer ones replace them, not in the socket."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    send_ahead = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if send_ahead is not None:
        sock.setsockopt(socket.IPPROTO_TCP, send_ahead, SEND_AHEAD_BYTES)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * SEND_AHEAD_BYTES)


def hang_up(sock: socket.socket, *, reset: bool = False) -> None:
    """By the plain socket's own shutdown: an SSLSocket's takes its TLS away under the reader's feet."""
    try:
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError as error:
        log.debug("hanging up: %s", error)
