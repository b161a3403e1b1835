"""Requests under way: nobody may take long over sending one or over taking its answer, and no address may have many.

Each holds a thread. Requests that are begun and never ended, and answers that are never fetched, would take all
threads, and the page from everybody. What we take to find the answer has no limit here.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from glassline.program import SPEAK_FOR_MANY, Tally, network_of

from .live.channel import hang_up

READ_S = 15.0
SEND_S = 30.0

_here = threading.local()


@dataclass
class _UnderWay:
    conn: Any
    address: str
    late_s: float
    """When the other side has taken too long; infinity while it is our turn."""
    sending: bool = False


class Readings:
    """`most` at once for one address. Belongs to gunicorn's threads, one request each."""

    def __init__(self, *, most: int, tally: Tally, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._tally, self._clock = most, tally, clock
        self._lock = threading.Lock()
        self._by_thread: dict[int, _UnderWay] = {}
        self._by_address: Counter[str] = Counter()

    def begin(self, conn: Any) -> bool:
        """This thread begins to read from a gunicorn connection; False: no more of that address."""
        address = network_of(str(conn.client[0]) if isinstance(conn.client, tuple) else "")
        with self._lock:
            if self._by_address[address] >= self._most and address not in SPEAK_FOR_MANY:
                self._tally.note("refused_http_too_many_begun", "one address begins too many requests", who=address)
                return False
            self._by_thread[threading.get_ident()] = _UnderWay(conn, address, self._clock() + READ_S)
            self._by_address[address] += 1
            _here.readings = self
            return True

    def read(self) -> None:
        """All of this thread's request has come."""
        self._late(float("inf"), sending=False)

    def answer(self, within_s: float) -> None:
        """This thread begins to send its answer."""
        self._late(self._clock() + within_s, sending=True)

    def _late(self, late_s: float, *, sending: bool) -> None:
        with self._lock:
            if (one := self._by_thread.get(threading.get_ident())) is not None:
                one.late_s, one.sending = late_s, sending

    def done(self) -> None:
        """The request of this thread has ended, or somebody else sees to its connection."""
        with self._lock:
            one = self._by_thread.pop(threading.get_ident(), None)
            if one is not None:
                self._by_address[one.address] -= 1
                self._by_address += Counter()  # forgets those at 0

    def cut(self) -> None:
        """Hang up on whoever takes too long. Call it every second."""
        with self._lock:
            for one in [one for one in self._by_thread.values() if self._clock() > one.late_s]:
                if one.sending:
                    sentence = "an answer was not taken in time"
                    self._tally.note("dropped_http_slow_reader", sentence, who=one.address)
                else:
                    sentence = f"a request took over {READ_S:.0f} s to send"
                    self._tally.note("refused_http_too_slow", sentence, who=one.address)
                hang_up(one.conn.sock, reset=one.sending)


def request_is_read() -> None:
    """All of this thread's request has come; what it takes from now on is ours."""
    if (readings := _readings()) is not None:
        readings.read()


def answer_begins(within_s: float) -> None:
    """This thread's answer is found; what it takes from now on is the other side's, which has so long."""
    if (readings := _readings()) is not None:
        readings.answer(within_s)


def connection_is_taken() -> None:
    """Somebody else sees to this thread's connection from now on."""
    if (readings := _readings()) is not None:
        readings.done()


def _readings() -> Readings | None:
    return getattr(_here, "readings", None)
