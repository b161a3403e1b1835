"""What flask-sock gets for a socket: it reads the channel, the fan-out writes, and the web server closes.

So the library's pongs and its close stand in line behind a picture that is half written, and under TLS too.
"""

import socket
from collections.abc import Callable, Iterator
from typing import Any

from wsproto.events import Event, Pong

from .channel import open_channel
from .fanout import Fanout
from .wire import read_mark


class ViewerSocket:
    """Stands in for the socket of one WebSocket connection."""

    def __init__(self, sock: socket.socket, fanout: Fanout) -> None:
        self._channel, self._fanout = open_channel(sock), fanout
        self._wake: Callable[[], None] | None = None
        self._closed = False
        self.viewer = fanout.attach(self._channel)

    def recv(self, size: int) -> bytes:
        return self._channel.recv()

    def send(self, data: bytes) -> int:
        """Nothing more is said to a viewer that was told to go."""
        if data and not self.viewer.closing:
            self._fanout.control(self.viewer, bytes(data))
        return len(data)

    def close(self) -> None:
        """Left to the web server, once the fan-out has let go: a closed number could be another viewer's next."""
        self._closed = True
        if self._wake is not None:
            self._wake()

    def attend(self, ws: Any) -> None:
        """Learn of the pongs that `ws` hears, and wake its reader at its end: it may be told before it is so."""
        ws.ws = _Overheard(ws.ws, lambda payload: self._fanout.answered(self.viewer, read_mark(payload)))
        self._wake = ws.event.set
        if self._closed:
            self._wake()


class _Overheard:
    """The library's protocol object; what pongs carry, which the library throws away, is told to `heard`."""

    def __init__(self, protocol: Any, heard: Callable[[bytes], None]) -> None:
        self._protocol, self._heard = protocol, heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)

    def events(self) -> Iterator[Event]:
        for event in self._protocol.events():
            if isinstance(event, Pong):
                self._heard(event.payload)
            yield event
