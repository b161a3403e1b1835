"""Notices that another program goes by this node's id: the broker lets in whoever came last, and throws the other off.

Then each connection comes about at once and is closed from over there a moment later, again and again, while the broker
goes on: right after a close it still takes connections. One that starts anew does not, nor one that cannot be reached.
"""

import socket
import threading
import time
from collections.abc import Callable

from glassline.contract import Reason
from glassline.link import BrokerAddress, LinkState, Sought

SHORT_S = 10.0
TIMES = 4
WITHIN_S = 60.0
STILL_S = 20.0
"""Once it is known, connections may live longer: both sides wait longer and longer before they come again."""
LATELY_S = 60.0
ENDING_S, PATIENCE_S, WAITING_S = 0.1, 0.5, 0.3
"""For a broker that ends to close its port as well, for a connection to come about, and for it to be closed again."""


class Rival:
    """Give it every change of the link's state; times are monotonic seconds.

    `broker_is_there` is asked after a short connection was closed, and may take a second.
    """

    def __init__(self, *, broker_is_there: Callable[[], bool]) -> None:
        self._broker_is_there = broker_is_there
        self._lock = threading.Lock()
        self._up_s: float | None = None
        self._thrown_off_s: list[float] = []
        self._known_s: float | None = None

    def note(self, state: LinkState, now_s: float) -> None:
        """The link has changed."""
        up_s, self._up_s = self._up_s, now_s if state.connected else None
        if state.connected:
            return
        closed = state.code is Reason.BROKER_LOST and state.closed_by_peer and up_s is not None
        lived_s = now_s - up_s if up_s is not None else 0.0
        thrown_off = closed and (lived_s >= STILL_S or self._broker_is_there())
        with self._lock:
            if thrown_off:
                self._note_thrown_off(lived_s, now_s)
            else:
                self._thrown_off_s = []

    def _note_thrown_off(self, lived_s: float, now_s: float) -> None:
        if lived_s < SHORT_S:
            recent = [at_s for at_s in self._thrown_off_s if now_s - at_s < WITHIN_S]
            self._thrown_off_s = [*recent, now_s]
        if len(self._thrown_off_s) >= TIMES or (self._is_known(now_s) and lived_s < STILL_S):
            self._known_s = now_s

    def reason(self, now_s: float) -> Reason | None:
        """`node.twice` while it is so, and for a minute after its last sign."""
        with self._lock:
            return Reason.NODE_TWICE if self._is_known(now_s) else None

    def _is_known(self, now_s: float) -> bool:
        return self._known_s is not None and now_s - self._known_s < LATELY_S


def is_there(address: BrokerAddress | Sought) -> bool:
    """Whether something at `address` takes a connection, and then waits to be spoken to, as brokers do."""
    if isinstance(address, Sought):
        return False
    time.sleep(ENDING_S)
    try:
        plug = socket.create_connection(address.place, PATIENCE_S)
    except OSError:
        return False
    with plug:
        plug.settimeout(WAITING_S)
        try:
            plug.recv(1)
        except TimeoutError:
            return True
        except OSError:
            return False
    return False
