"""One browser's WebSocket: what waits to be written to it, and in which order."""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .channel import Channel
from .flow import Flow
from .wire import mark_message
from .wish import Wish

MAX_EVENTS = 300
MAX_CONTROLS = 64


class Overrun(Exception):
    """The peer makes us answer faster than it reads; it is dropped."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture framed once for all who get it, without and with a mark behind it."""

    plain: bytes
    marked: bytes
    number: int
    """What the mark says."""


class Viewer:
    """Belongs to the fan-out's writer thread, except for `wanted`, which its reader replaces as a whole.

    Order on the wire: what was begun is finished, then control frames (handshake, pong, close), then events, then
    the newest picture of each device in turn, as the flow allows. `numbers` are for marks.
    """

    def __init__(self, *, channel: Channel, numbers: Iterator[int], now_s: float) -> None:
        self.channel = channel
        self.session = ""
        """The key of the session that lets it watch, where people sign in."""
        self.wanted: Mapping[str, Wish] = {}
        """By device that is watched."""
        self.out: bytes | memoryview | None = None
        self.begun_s = now_s
        """When what is going out was begun."""
        self.flow = Flow(now_s)
        self.waiting = 0
        """What of the socket the selector waits for."""
        self.held = False
        """A picture waits until those before it have arrived."""
        self.leaving_s: float | None = None
        """When it is cut off, once it was told to go."""
        self.closing = False
        self.gone = False
        self.flushed = threading.Event()
        self.detached = threading.Event()
        self.skipped = 0
        self._numbers = numbers
        self._controls: deque[bytes] = deque()
        self._events: deque[bytes] = deque()
        self._pictures: dict[str, Shot] = {}

    def watch(self, wanted: Mapping[str, float]) -> set[str]:
        """Change what is watched, as fps by device; return the devices that are new. Called by the reader."""
        before, wishes = self.wanted, {}
        for device_id, fps in wanted.items():
            wish = before.get(device_id)
            if wish is None:
                wish = Wish(fps)
            else:
                wish.change(fps)
            wishes[device_id] = wish
        self.wanted = wishes
        return wishes.keys() - before.keys()

    def add_control(self, data: bytes) -> None:
        """Queue bytes of the WebSocket's own protocol."""
        if len(self._controls) >= MAX_CONTROLS:
            raise Overrun(f"more than {MAX_CONTROLS} control frames wait to be read")
        self._controls.append(data)

    def add_event(self, message: bytes, resync: bytes) -> None:
        """Queue an event; where too many wait they give way to `resync`, which tells the page to read anew."""
        if len(self._events) >= MAX_EVENTS:
            self._events.clear()
            self._events.append(resync)
            return
        self._events.append(message)

    def add_picture(self, device_id: str, shot: Shot, now_s: float) -> bool:
        """Offer a picture: it replaces the one of that device that still waits. False if it is not wanted now."""
        wish = self.wanted.get(device_id)
        if wish is None or not wish.admits(now_s):
            return False
        wish.offered(now_s, self.flow.busy_s)
        if device_id in self._pictures:
            self.skipped += 1
            wish.skipped()
            self.flow.strain(now_s)
        elif wish.is_held:
            self.flow.strain(now_s)
        self._pictures[device_id] = shot
        return True

    def next_message(self, now_s: float) -> bytes | None:
        """Take what goes out next, or None when nothing may go."""
        if self._controls:
            return self._controls.popleft()
        if self.closing:
            return None
        if self._events:
            return self._events.popleft()
        self.held = False
        while self._pictures:
            if not self.flow.room(now_s):
                self.held = True
                return self.new_mark(now_s) if self.flow.is_stuck() else None
            device_id = next(iter(self._pictures))
            shot = self._pictures.pop(device_id)
            wish = self.wanted.get(device_id)
            if wish is not None:
                wish.sent()
                return self._begin(shot, now_s)
        return None

    def new_mark(self, now_s: float) -> bytes:
        """A mark by itself."""
        number = next(self._numbers)
        self.flow.mark(number, now_s)
        return mark_message(number)

    def _begin(self, shot: Shot, now_s: float) -> bytes:
        self.flow.picture(now_s)
        if not self.flow.wants_mark(now_s):
            return shot.plain
        self.flow.mark(shot.number, now_s)
        return shot.marked
