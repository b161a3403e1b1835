"""One thread that writes to every viewer's socket without ever blocking; nobody else writes to them.

Everything for a viewer goes through it: pictures, events, and the protocol's own frames. A message that was begun is
finished first, whatever else waits. A slow viewer gets fewer pictures, always the newest; one that accepts nothing
for `stall_s` is dropped.
"""

import logging
import selectors
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from wsproto.frame_protocol import CloseReason

from .viewer import Overrun, Viewer, tune
from .wire import close_message, event_message

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 1.0
DETACH_TIMEOUT_S = 5.0


class Fanout:
    """See the module. `intake` runs on the writer thread whenever `wake` was called: it offers new pictures."""

    def __init__(self, *, stall_s: float, intake: Callable[[], None]) -> None:
        self.counters: Counter[str] = Counter()
        self._stall_s, self._intake = stall_s, intake
        self._resync = event_message({"type": "resync"})
        self._attached: set[Viewer] = set()
        self._roll: tuple[Viewer, ...] = ()
        self._inbox: deque[Callable[[], object]] = deque()
        self._selector: selectors.BaseSelector
        self._bell: socket.socket
        self._ringer: socket.socket
        self._rung = True
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="fanout", daemon=True)

    # -- from any thread ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to write."""
        self._selector = selectors.DefaultSelector()
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._rung = False
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye to all viewers and end; at most about a second."""
        self._call(self._say_goodbye)
        self._thread.join(DETACH_TIMEOUT_S)

    def wake(self) -> None:
        """Make the writer thread look: cheap, and many calls are one."""
        if not self._rung:
            self._rung = True
            try:
                self._ringer.send(b"!")
            except OSError as error:
                log.debug("the writer thread is awake or gone: %s", error)

    def attach(self, sock: socket.socket) -> Viewer:
        """Take over the writing side of `sock`; until `detach` nobody else may write to it or close it.

        Only the protocol's own frames go out until `admit`: nothing may come before the handshake's answer.
        """
        tune(sock)
        viewer = Viewer(sock)
        self._call(lambda: self._attached.add(viewer))
        return viewer

    def admit(self, viewer: Viewer) -> None:
        """From now on it gets events and what it watches."""
        self._call(lambda: self._admit(viewer))

    def control(self, viewer: Viewer, data: bytes) -> None:
        """Send bytes of the WebSocket's own protocol."""
        self._call(lambda: self._send_control(viewer, data))

    def tell(self, viewer: Viewer, event: dict[str, Any]) -> None:
        """Send one viewer an event."""
        message = event_message(event)
        self._call(lambda: self._send_event(viewer, message))

    def post(self, event: dict[str, Any], *, device_id: str | None = None) -> None:
        """Send an event to every viewer, or to those who watch `device_id`."""
        if not self._roll:
            return
        message = event_message(event)

        def send() -> None:
            for viewer in self._roll:
                if device_id is None or device_id in viewer.wanted:
                    self._send_event(viewer, message)

        self._call(send)

    def show(self, viewer: Viewer, device_id: str, message: bytes) -> None:
        """Send one viewer a picture that is there already."""
        self._call(lambda: self._offer(viewer, device_id, message, time.monotonic()))

    def detach(self, viewer: Viewer, *, flush_s: float = 0.5) -> None:
        """Give the socket back: what waits of the protocol's own frames goes out first, for at most `flush_s`."""

        def close() -> None:
            viewer.closing = True
            self._flush(viewer)

        self._call(close)
        viewer.flushed.wait(flush_s)
        self._call(lambda: self._dismiss(viewer))
        if not viewer.detached.wait(DETACH_TIMEOUT_S) and self._thread.is_alive():
            log.error("the writer thread did not give a viewer back within %.0f s", DETACH_TIMEOUT_S)

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        """Everybody who is connected now."""
        return self._roll

    def _call(self, command: Callable[[], object]) -> None:
        self._inbox.append(command)
        self.wake()

    # -- on the writer thread ----------------------------------------------------------------------------------

    def picture(self, device_id: str, message: bytes) -> int:
        """Offer a framed picture to all who watch that device; how many took it. On the writer thread only."""
        now_s = time.monotonic()
        return sum(self._offer(viewer, device_id, message, now_s) for viewer in self._roll)

    def _run(self) -> None:
        tidy_at_s = time.monotonic() + HOUSEKEEPING_S
        while not self._stopping:
            try:
                for key, _ in self._selector.select(HOUSEKEEPING_S):
                    if key.data is None:
                        self._bell.recv(64)
                    else:
                        self._flush(key.data)
                self._rung = False
                for _ in range(len(self._inbox)):
                    self._inbox.popleft()()
                self._intake()
                if time.monotonic() >= tidy_at_s:
                    tidy_at_s = time.monotonic() + HOUSEKEEPING_S
                    self._drop_stalled()
            except Exception:
                self.counters["writer_failed"] += 1
                log.exception("while writing to viewers")
        for viewer in tuple(self._attached):
            self._dismiss(viewer)
        self._selector.close()
        self._bell.close()
        self._ringer.close()

    def _admit(self, viewer: Viewer) -> None:
        if not viewer.gone:
            self._roll = (*self._roll, viewer)

    def _send_control(self, viewer: Viewer, data: bytes) -> None:
        if viewer.gone:
            return
        try:
            viewer.add_control(data)
        except Overrun as error:
            log.info("a viewer is dropped: %s", error)
            self._drop(viewer)
        self._flush(viewer)

    def _send_event(self, viewer: Viewer, message: bytes) -> None:
        if not viewer.gone:
            viewer.add_event(message, self._resync)
            self._flush(viewer)

    def _offer(self, viewer: Viewer, device_id: str, message: bytes, now_s: float) -> bool:
        if viewer.gone or not viewer.add_picture(device_id, message, now_s):
            return False
        self._flush(viewer)
        return True

    def _flush(self, viewer: Viewer) -> None:
        """Write until nothing waits or the socket takes no more."""
        while not viewer.gone:
            if viewer.out is None:
                message = viewer.next_message()
                if message is None:
                    self._wait_for(viewer, False)
                    if viewer.closing:
                        viewer.flushed.set()
                    return
                viewer.out = memoryview(message)
            try:
                sent = viewer.sock.send(viewer.out, socket.MSG_DONTWAIT)
            except BlockingIOError:
                viewer.blocked_since_s = viewer.blocked_since_s or time.monotonic()
                self._wait_for(viewer, True)
                return
            except OSError as error:
                log.debug("a viewer left: %s", error)
                self._drop(viewer)
                return
            viewer.blocked_since_s = None
            viewer.out = viewer.out[sent:] if sent < len(viewer.out) else None

    def _wait_for(self, viewer: Viewer, wanted: bool) -> None:
        if wanted and not viewer.waiting:
            self._selector.register(viewer.sock, selectors.EVENT_WRITE, viewer)
        elif viewer.waiting and not wanted:
            self._selector.unregister(viewer.sock)
        viewer.waiting = wanted

    def _drop_stalled(self) -> None:
        limit_s = time.monotonic() - self._stall_s
        for viewer in tuple(self._attached):
            if viewer.blocked_since_s is not None and viewer.blocked_since_s < limit_s:
                self.counters["viewers_stalled"] += 1
                log.info("a viewer is dropped: it accepted nothing for %.0f s", self._stall_s)
                self._drop(viewer)

    def _drop(self, viewer: Viewer) -> None:
        """Stop writing and wake its reader, which then gives the socket back."""
        if viewer.gone:
            return
        self._let_go(viewer)
        _hang_up(viewer)

    def _let_go(self, viewer: Viewer) -> None:
        self._wait_for(viewer, False)
        viewer.gone, viewer.out = True, None
        viewer.flushed.set()
        self._attached.discard(viewer)
        self._roll = tuple(other for other in self._roll if other is not viewer)
        self.counters["pictures_skipped"] += viewer.skipped

    def _dismiss(self, viewer: Viewer) -> None:
        if not viewer.gone:
            self._let_go(viewer)
            _hang_up(viewer)
        viewer.detached.set()

    def _say_goodbye(self) -> None:
        goodbye = close_message(CloseReason.GOING_AWAY, "the web stops")
        for viewer in tuple(self._attached):
            self._send_control(viewer, goodbye)
        self._stopping = True


def _hang_up(viewer: Viewer) -> None:
    try:
        viewer.sock.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        log.debug("hanging up: %s", error)
