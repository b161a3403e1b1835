"""The reading side of one viewer's WebSocket, by wsproto: the handshake, then what the page says until it goes."""

import logging
from collections.abc import Callable

from werkzeug.datastructures import Headers
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import ProtocolError

from .channel import Channel
from .fanout import Fanout
from .viewer import Viewer
from .wire import read_mark

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 8192
MAX_MISTAKES = 10
NEEDED = ("Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
"""No extensions: compressing JPEGs costs memory and time, and saves nothing."""


class HandshakeError(Exception):
    """What was asked for is no WebSocket."""


class Conversation:
    """Reads on the caller's thread; everything that is to be written goes through the fan-out."""

    _channel: Channel
    _viewer: Viewer
    _fanout: Fanout

    def __init__(self, headers: Headers) -> None:
        """Read the handshake; HandshakeError."""
        self._protocol = WSConnection(ConnectionType.SERVER)
        try:
            self._protocol.initiate_upgrade_connection(
                [(name.encode(), headers.get(name, "").encode("latin-1")) for name in NEEDED], "/"
            )
            asked = [event for event in self._protocol.events() if isinstance(event, Request)]
        except (ProtocolError, ValueError) as error:
            raise HandshakeError(str(error)) from None
        if not asked:
            raise HandshakeError("no upgrade is asked for")
        self._text = ""
        self._mistakes = 0

    def accept(self, *, channel: Channel, viewer: Viewer, fanout: Fanout) -> None:
        """Answer the handshake."""
        self._channel, self._viewer, self._fanout = channel, viewer, fanout
        fanout.control(viewer, self._protocol.send(AcceptConnection()))

    def run(self, take: Callable[[str | None], bool]) -> None:
        """Give `take` every text, and None for every message that is none, until either side ends."""
        while True:
            try:
                data = self._channel.recv()
            except OSError as error:
                log.debug("a viewer left: %s", error)
                return
            if not data:
                return
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                if not self._do(event, take):
                    return

    def _do(self, event: Event, take: Callable[[str | None], bool]) -> bool:
        match event:
            case Pong():
                self._fanout.answered(self._viewer, read_mark(event.payload))
            case Ping():
                self._answer(event.response())
            case CloseConnection():
                self._answer(event.response())
                return False
            case TextMessage():
                return self._collect(event, take)
            case BytesMessage() if event.message_finished:
                return self._judge(take(None))
        return True

    def _collect(self, event: TextMessage, take: Callable[[str | None], bool]) -> bool:
        self._text += event.data
        if len(self._text) > MAX_MESSAGE_BYTES:
            self._answer(
                CloseConnection(CloseReason.MESSAGE_TOO_BIG, f"expected at most {MAX_MESSAGE_BYTES} characters")
            )
            return False
        if not event.message_finished:
            return True
        text, self._text = self._text, ""
        return self._judge(take(text))

    def _judge(self, made_sense: bool) -> bool:
        self._mistakes += not made_sense
        if self._mistakes >= MAX_MISTAKES:
            self._answer(CloseConnection(CloseReason.POLICY_VIOLATION, "too much of what was said made no sense"))
            return False
        return True

    def _answer(self, event: Event) -> None:
        """Nothing more is said to a viewer that was told to go."""
        if not self._viewer.closing:
            self._fanout.control(self._viewer, self._protocol.send(event))
