"""One thread that writes to every viewer's socket without ever blocking; nobody else writes to them.

Everything for a viewer goes through it: pictures, events, and the protocol's own frames. A message that was begun is
finished first, whatever else waits. A slow viewer gets fewer pictures, always the newest; one that takes longer than
`stall_s` for one message, or for saying that it got it, is told so where possible and dropped.
"""

import itertools
import logging
import time
from collections.abc import Callable
from typing import Any

from wsproto.frame_protocol import CloseReason

from .channel import Channel
from .loop import Loop
from .viewer import Overrun, Shot, Viewer
from .wire import STALLED, close_message, event_message, mark_message

log = logging.getLogger(__name__)

DETACH_TIMEOUT_S = 5.0
IDLE_MARK_S = 20.0
SILENT_S = 60.0
FAREWELL_S = 1.0


class Fanout(Loop):
    """See the module. `intake` runs on the writer thread whenever `wake` was called: it offers new pictures."""

    def __init__(self, *, stall_s: float, intake: Callable[[], None]) -> None:
        super().__init__("fanout")
        self._stall_s, self._intake = stall_s, intake
        self._resync = event_message({"type": "resync"})
        self._numbers = itertools.count(1)
        self._attached: set[Viewer] = set()
        self._roll: tuple[Viewer, ...] = ()

    # -- from any thread ---------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Say goodbye to all viewers and end; at most about a second."""
        self._call(self._say_goodbye)
        self._thread.join(DETACH_TIMEOUT_S)

    def attach(self, channel: Channel) -> Viewer:
        """Take over the writing side of `channel`; until `detach` nobody else may write to it or close it.

        Only the protocol's own frames go out until `admit`: nothing may come before the handshake's answer.
        """
        viewer = Viewer(channel=channel, numbers=self._numbers, now_s=time.monotonic())
        self._call(lambda: self._attached.add(viewer))
        return viewer

    def admit(self, viewer: Viewer, greeting: dict[str, Any]) -> None:
        """From now on it gets events, the greeting first, and what it watches."""
        message = event_message(greeting)
        self._call(lambda: self._admit(viewer, message))

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
        self._call(lambda: self._offer((viewer,), device_id, message))

    def answered(self, viewer: Viewer, number: int) -> None:
        """A viewer answered a mark. The writer thread is woken only if that makes room for a picture that waits."""
        now_s = time.monotonic()
        self._inbox.append(lambda: self._take_answer(viewer, number, now_s))
        if viewer.held:
            self.wake()

    def send_away(self, viewer: Viewer, code: int, why: str) -> None:
        """Tell a viewer to go and why; it gets nothing more."""
        self._call(lambda: self._send_away(viewer, code, why))

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

    # -- on the writer thread ----------------------------------------------------------------------------------

    def picture(self, device_id: str, message: bytes) -> int:
        """Offer a framed picture to all who watch that device; how many took it. On the writer thread only."""
        return self._offer(self._roll, device_id, message)

    def _ready(self, data: Viewer) -> None:
        self._flush(data)

    def _looked(self) -> None:
        self._intake()

    def _over(self) -> None:
        for viewer in tuple(self._attached):
            self._dismiss(viewer)

    def _admit(self, viewer: Viewer, message: bytes) -> None:
        if viewer.gone:
            return
        self._roll = (*self._roll, viewer)
        self._send_event(viewer, message + viewer.new_mark(time.monotonic()))

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

    def _take_answer(self, viewer: Viewer, number: int, now_s: float) -> None:
        viewer.flow.answer(number, now_s)
        if viewer.held:
            self._flush(viewer)

    def _offer(self, viewers: tuple[Viewer, ...], device_id: str, message: bytes) -> int:
        now_s, number = time.monotonic(), next(self._numbers)
        shot = Shot(message, message + mark_message(number), number)
        taken = 0
        for viewer in viewers:
            if viewer.add_picture(device_id, shot, now_s):
                taken += 1
                if viewer.out is None:
                    self._flush(viewer)
        return taken

    def _flush(self, viewer: Viewer) -> None:
        """Write until nothing may go or the socket takes no more."""
        now_s = time.monotonic()
        while not viewer.gone:
            data = viewer.out
            if data is None:
                data = viewer.out = viewer.next_message(now_s)
                if data is None:
                    self._wait_for(viewer, 0)
                    if viewer.closing:
                        viewer.flushed.set()
                    return
                viewer.begun_s = now_s
            try:
                sent = viewer.channel.send(data)
            except OSError as error:
                log.debug("a viewer left: %s", error)
                self._drop(viewer)
                return
            if sent == len(data):
                viewer.out = None
                viewer.flow.written(now_s)
            elif sent:
                viewer.out = memoryview(data)[sent:]
            else:
                self._wait_for(viewer, viewer.channel.blocked_on)
                return

    def _wait_for(self, viewer: Viewer, event: int) -> None:
        """Have the selector tell when the socket is ready for `event`; 0: not at all."""
        self._wait(viewer.channel, event, before=viewer.waiting, data=viewer)
        viewer.waiting = event

    def _tidy(self, now_s: float) -> None:
        for viewer in tuple(self._attached):
            unanswered_s = viewer.flow.unanswered_s(now_s)
            if viewer.leaving_s is not None:
                if now_s >= viewer.leaving_s:
                    self._drop(viewer)
            elif viewer.out is not None and now_s - viewer.begun_s > self._stall_s:
                self._let_stalled_go(viewer, f"it took longer than {self._stall_s:.0f} s for one message")
            elif unanswered_s > (self._stall_s if viewer.flow.answers else SILENT_S):
                self._let_stalled_go(viewer, f"nothing arrived there for {unanswered_s:.0f} s")
            elif viewer.flow.idle_s(now_s) > IDLE_MARK_S and not unanswered_s:
                self._send_control(viewer, viewer.new_mark(now_s))

    def _let_stalled_go(self, viewer: Viewer, why: str) -> None:
        self.counters["viewers_stalled"] += 1
        self._send_away(viewer, STALLED, why)

    def _send_away(self, viewer: Viewer, code: int, why: str) -> None:
        """Tell a viewer why it is dropped, if what it has begun to take ends in time."""
        if viewer.gone or viewer.leaving_s is not None:
            return
        log.info("a viewer is dropped: %s", why)
        viewer.leaving_s, viewer.closing = time.monotonic() + FAREWELL_S, True
        self._send_control(viewer, close_message(code, why))

    def _drop(self, viewer: Viewer) -> None:
        """Stop writing and wake its reader, which then gives the socket back."""
        if viewer.gone:
            return
        half_written = viewer.out is not None
        self._let_go(viewer)
        viewer.channel.hang_up(reset=half_written)

    def _let_go(self, viewer: Viewer) -> None:
        self._wait_for(viewer, 0)
        viewer.gone, viewer.out = True, None
        viewer.flushed.set()
        self._attached.discard(viewer)
        self._roll = tuple(other for other in self._roll if other is not viewer)
        self.counters["pictures_skipped"] += viewer.skipped

    def _dismiss(self, viewer: Viewer) -> None:
        if not viewer.gone:
            self._let_go(viewer)
            viewer.channel.hang_up()
        viewer.detached.set()

    def _say_goodbye(self) -> None:
        goodbye = close_message(CloseReason.GOING_AWAY, "the web stops")
        for viewer in tuple(self._attached):
            self._send_control(viewer, goodbye)
        self._stopping = True
