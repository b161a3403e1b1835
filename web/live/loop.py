"""One thread that waits for sockets and for what others give it to do, and for neither longer than for the other."""

import logging
import selectors
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from .channel import Channel

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 1.0


class Loop(ABC):
    """What its thread does stands in whoever extends it. What goes wrong there is counted and does not end it."""

    def __init__(self, name: str) -> None:
        self.counters: Counter[str] = Counter()
        self._inbox: deque[Callable[[], object]] = deque()
        self._selector: selectors.BaseSelector
        self._bell: socket.socket
        self._ringer: socket.socket
        self._rung = True
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    # -- from any thread ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._selector = selectors.DefaultSelector()
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._rung = False
        self._thread.start()

    def wake(self) -> None:
        """Make the thread look: cheap, and many calls are one."""
        if not self._rung:
            self._rung = True
            try:
                self._ringer.send(b"!")
            except OSError as error:
                log.debug("the thread is awake or gone: %s", error)

    def _call(self, command: Callable[[], object]) -> None:
        """Have it done on the thread, behind all that was called before."""
        self._inbox.append(command)
        self.wake()

    # -- on the thread -----------------------------------------------------------------------------------------

    @abstractmethod
    def _ready(self, data: Any) -> None:
        """The socket is ready that was registered with `data`."""

    @abstractmethod
    def _looked(self) -> None:
        """All that was called is done."""

    @abstractmethod
    def _tidy(self, now_s: float) -> None:
        """Every second."""

    @abstractmethod
    def _over(self) -> None:
        """Last of all, once `_stopping` is set."""

    def _run(self) -> None:
        tidy_at_s = time.monotonic() + HOUSEKEEPING_S
        while not self._stopping:
            try:
                # What came without a ring is seen now: whoever waits for it has said so by now.
                for key, _ in self._selector.select(0 if self._inbox else HOUSEKEEPING_S):
                    if key.data is None:
                        self._bell.recv(64)
                    else:
                        self._ready(key.data)
                self._rung = False
                for _ in range(len(self._inbox)):
                    self._inbox.popleft()()
                self._looked()
                if time.monotonic() >= tidy_at_s:
                    tidy_at_s = time.monotonic() + HOUSEKEEPING_S
                    self._tidy(time.monotonic())
            except Exception:
                self.counters["writer_failed"] += 1
                log.exception("in the thread %s", self._thread.name)
        self._over()
        self._selector.close()
        self._bell.close()
        self._ringer.close()

    def _wait(self, channel: Channel, event: int, *, before: int, data: Any) -> None:
        """Have the selector tell when a socket is ready for `event` instead of for that `before`; 0: not at all."""
        if event == before:
            return
        if not before:
            self._selector.register(channel, event, data)
        elif event:
            self._selector.modify(channel, event, data)
        else:
            self._selector.unregister(channel)
