"""Notices that another program goes by this node's id: the broker lets in whoever came last, and throws the other off.

Then each connection comes about at once and is closed from over there a moment later, again and again. A broker that
starts anew refuses connections meanwhile, and one that nobody reaches closes none: neither is taken for a rival.
"""

import threading

from glassline.contract import Reason
from glassline.link import LinkState

SHORT_S = 5.0
TIMES = 4
WITHIN_S = 30.0
STILL_S = 20.0
"""Once it is known, connections may live longer: both sides wait longer and longer before they come again."""
LATELY_S = 60.0


class Rival:
    """Give it every change of the link's state; times are monotonic seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._up_s: float | None = None
        self._thrown_off_s: list[float] = []
        self._known_s: float | None = None

    def note(self, state: LinkState, now_s: float) -> None:
        """The link has changed."""
        with self._lock:
            if state.connected:
                self._up_s = now_s
            elif state.code is not Reason.BROKER_LOST or not state.closed_by_peer:
                self._up_s, self._thrown_off_s = None, []
            elif self._up_s is not None:
                self._note_thrown_off(now_s - self._up_s, now_s)
                self._up_s = None

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
