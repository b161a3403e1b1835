"""The way to the broker, on which one picture goes at a time: a live one, or one of a defect.

Two at once would only delay each other, and neither would say how fast the link is. A picture of a defect cannot be
cut into pieces: while it is on the way the live picture stands still, but when its turn comes it is the newest.
"""

import threading
import time
from typing import Literal

from glassline.contract.messages import Probe
from glassline.link import Link, Sent

from .speed import Speed

ACK_TIMEOUT_S = 300.0
"""However slow the link: while it lives, the picture on the way is waited for. A dead one is found by keepalive."""
PROBE_TIMEOUT_S = 10.0
AFTER_YOU_S = 0.15
"""So long at most a second picture of a defect waits for a live one between, and no longer than the first took."""


class Way:
    """Tells `speed` what it sees. Any thread may send, in its turn:

    with way.turn():
        way.send("frame", jpeg)
    """

    def __init__(self, *, link: Link, speed: Speed) -> None:
        self._link, self._speed = link, speed
        self._turn = threading.Lock()
        self._frame_went = threading.Event()
        self._evidence_took_s = 0.0

    def turn(self) -> threading.Lock:
        """Waits until no picture is on the way, and keeps others waiting."""
        return self._turn

    def let_live_go_first(self) -> None:
        """Wait a moment for a live picture, if none has gone since the last picture of a defect."""
        self._frame_went.wait(min(AFTER_YOU_S, self._evidence_took_s))

    def send(self, kind: Literal["frame", "evidence"], jpeg: bytes) -> Sent:
        """Send a picture and wait until the broker has it."""
        began_s = time.monotonic()
        sent = self._link.publish_and_wait(kind, jpeg, timeout_s=ACK_TIMEOUT_S)
        now_s = time.monotonic()
        if kind == "frame":
            self._frame_went.set()
        else:
            self._frame_went.clear()
            self._evidence_took_s = now_s - began_s
        match sent:
            case Sent.ACKNOWLEDGED:
                self._speed.carried(len(jpeg), now_s - began_s, now_s)
            case Sent.LOST:
                self._speed.lost(len(jpeg), now_s - began_s, now_s)
        return sent

    def probe(self) -> None:
        """Measure how long a few bytes take."""
        began_s = time.monotonic()
        probe = Probe(nonce="latency").to_json()
        if self._link.publish_and_wait("probe", probe, timeout_s=PROBE_TIMEOUT_S) is Sent.ACKNOWLEDGED:
            self._speed.probed(time.monotonic() - began_s, time.monotonic())
