"""The limit: what any web written in this language pays at least.

`python -m workbench.bench.relay BROKER PORT` frames each picture once and gives it to every socket with one send that
does not block; what a socket did not take of it goes out when it can, and till then that viewer gets no other picture.
It checks nothing, knows nobody, and reads nothing after the handshake.
"""

import contextlib
import selectors
import socket
import sys
import threading
from dataclasses import dataclass

from wsproto.utilities import generate_accept_token

from web.live.wire import frame_message

from .newest import Newest
from .until_told import end_of_input


@dataclass(eq=False)
class Peer:
    """A viewer's socket, and what is left of a picture that was begun."""

    sock: socket.socket
    rest: memoryview | None = None


class Relay:
    """See the module."""

    def __init__(self, *, broker: str, port: int) -> None:
        self._peers: list[Peer] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self._bell, self._ringer = socket.socketpair()
        self._newest = Newest(broker=broker, client_id="relay", rang=self._ring)
        self._selector = selectors.DefaultSelector()

    def run(self, ending: threading.Event) -> None:
        """Relay until told to end."""
        self._selector.register(self._bell, selectors.EVENT_READ)
        threading.Thread(target=self._accept, daemon=True).start()
        with self._newest:
            while not ending.is_set():
                for key, _ in self._selector.select(0.5):
                    if key.data is None:
                        self._bell.recv(64)
                        self._show()
                    else:
                        self._finish(key.data)

    def _ring(self) -> None:
        self._ringer.send(b"!")

    def _show(self) -> None:
        frame = self._newest.take()
        if frame is None:
            return
        message = memoryview(frame_message(*frame))
        for peer in tuple(self._peers):
            if peer.rest is None:
                peer.rest = self._send(peer, message)
                if peer.rest is not None:
                    self._selector.register(peer.sock, selectors.EVENT_WRITE, peer)

    def _finish(self, peer: Peer) -> None:
        assert peer.rest is not None
        peer.rest = self._send(peer, peer.rest)
        if peer.rest is None:
            self._selector.unregister(peer.sock)

    def _send(self, peer: Peer, data: memoryview) -> memoryview | None:
        """One send; what is left, if anything."""
        try:
            sent = peer.sock.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return data
        except OSError:
            self._peers.remove(peer)
            return None
        return data[sent:] if sent < len(data) else None

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            with contextlib.suppress(OSError):
                sock.sendall(_answer(sock))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._peers.append(Peer(sock))


def _answer(sock: socket.socket) -> bytes:
    """The handshake's answer (RFC 6455, 4.2.2) to the request that is read from `sock`."""
    request = b""
    while b"\r\n\r\n" not in request:
        data = sock.recv(4096)
        if not data:
            raise ConnectionError("closed before the handshake was complete")
        request += data
    key = next(
        line.split(b":", 1)[1].strip() for line in request.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key")
    )
    accept = generate_accept_token(key)
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


if __name__ == "__main__":
    Relay(broker=sys.argv[1], port=int(sys.argv[2])).run(end_of_input())
