"""Requests while they are read: nobody may take long over sending one, and no address may have many under way.

Each holds a thread. Requests that are begun and never ended would take all threads, and the page from everybody.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from glassline.program import SPEAK_FOR_MANY, Tally, network_of

from .channel import hang_up

READ_S = 15.0

_here = threading.local()


@dataclass(frozen=True)
class _Reading:
    conn: Any
    address: str
    since_s: float


class Readings:
    """`most` at once for one address; None: a proxy speaks for all. Belongs to gunicorn's threads, one request each."""

    def __init__(self, *, most: int | None, tally: Tally, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._tally, self._clock = most, tally, clock
        self._lock = threading.Lock()
        self._by_thread: dict[int, _Reading] = {}
        self._by_address: Counter[str] = Counter()

    def begin(self, conn: Any) -> bool:
        """This thread begins to read from a gunicorn connection; False: no more of that address."""
        address = network_of(str(conn.client[0]) if isinstance(conn.client, tuple) else "")
        with self._lock:
            if self._most and self._by_address[address] >= self._most and address not in SPEAK_FOR_MANY:
                self._tally.note("refused_http_too_many_begun", "one address begins too many requests", who=address)
                return False
            self._by_thread[threading.get_ident()] = _Reading(conn, address, self._clock())
            self._by_address[address] += 1
            _here.readings = self
            return True

    def done(self) -> None:
        """The request of this thread is read, or has ended."""
        with self._lock:
            reading = self._by_thread.pop(threading.get_ident(), None)
            if reading is not None:
                self._by_address[reading.address] -= 1
                self._by_address += Counter()  # forgets those at 0

    def cut(self) -> None:
        """Hang up on whoever takes too long. Call it every second."""
        with self._lock:
            late = [one for one in self._by_thread.values() if self._clock() - one.since_s > READ_S]
            for one in late:
                self._tally.note(
                    "refused_http_too_slow", f"a request took over {READ_S:.0f} s to send", who=one.address
                )
                hang_up(one.conn.sock)


def request_is_read() -> None:
    """All of this thread's request has come; what it takes from now on is ours."""
    readings = getattr(_here, "readings", None)
    if readings is not None:
        readings.done()
