"""Guessing passwords is slow: by address, by name, and by how many are compared at once.

A comparison (argon2) costs a tenth of a second and 64 MB on purpose. However many come, memory here is fixed: names and
addresses share slots by a keyed hash, which nobody outside can aim at.
"""

import hashlib
import math
import secrets
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from glassline.accounts import Person
from glassline.accounts.people import name_key
from glassline.program import network_of
from glassline.store import SignInLimitError, StoreError

from .directory import Directory

SLOTS = 4096
AT_ONCE = 2
MAX_WAITING = 10
WAIT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How many wrong passwords at once, and then one each so many seconds: from an address, and for a name.

    A name recovers faster than an address fails, so that one address alone locks nobody out.
    """

    address_burst: int
    address_every_s: float
    name_burst: int
    name_every_s: float


OURS = Pace(address_burst=10, address_every_s=20.0, name_burst=20, name_every_s=12.0)
OF_PROJECT = Pace(address_burst=5, address_every_s=60.0, name_burst=10, name_every_s=30.0)
"""A Supabase project takes 30 in 5 minutes from all of us together: whoever guesses leaves 20 of them to others."""


class TooManyError(Exception):
    """Too many wrong passwords; `wait_s` until another may be tried."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many wrong passwords: wait {math.ceil(wait_s)} s")
        self.wait_s = wait_s


class BusyError(Exception):
    """Too many sign in at this instant."""


class Meter:
    """Lets `burst` through at once and then one each `every_s`, for each slot (the generic cell rate algorithm)."""

    def __init__(self, *, burst: int, every_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s, self._room_s, self._clock = every_s, (burst - 1) * every_s, clock
        self._paid_s = array("d", [0.0]) * SLOTS
        self._key = secrets.token_bytes(16)

    def wait_s(self, who: str) -> float:
        """How long until `who` may again; 0: now."""
        return max(0.0, self._paid_s[self._slot(who)] - self._clock() - self._room_s)

    def take(self, who: str) -> None:
        """Count one."""
        slot = self._slot(who)
        self._paid_s[slot] = max(self._paid_s[slot], self._clock()) + self._every_s

    def give_back(self, who: str) -> None:
        """Count one less."""
        self._paid_s[self._slot(who)] -= self._every_s

    def _slot(self, who: str) -> int:
        digest = hashlib.blake2b(who.encode("utf-8", "surrogatepass"), key=self._key, digest_size=4).digest()
        return int.from_bytes(digest, "big") % SLOTS


class Attempts:
    """Compares passwords, no faster than the meters allow; what was right is not counted."""

    def __init__(
        self, people: Directory, *, pace: Pace = OURS, clock: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self._people = people
        self._lock = threading.Lock()
        self._addresses = Meter(burst=pace.address_burst, every_s=pace.address_every_s, clock=clock)
        self._names = Meter(burst=pace.name_burst, every_s=pace.name_every_s, clock=clock)
        self._hashing = threading.Semaphore(AT_ONCE)
        self._waiting = threading.Semaphore(AT_ONCE + MAX_WAITING)

    def verify(self, name: str, password: str, address: str) -> Person | None:
        """Who it is, or None where name or password is wrong; TooManyError, BusyError, StoreError.

        Whom the store refuses for its own limit has tried: else it would be asked without end.
        """
        by_address, by_name = (self._addresses, network_of(address)), (self._names, name_key(name))
        metered = (by_address, by_name)
        with self._lock:
            wait_s = max(meter.wait_s(who) for meter, who in metered)
            if wait_s > 0:
                raise TooManyError(wait_s)
            for meter, who in metered:
                meter.take(who)
        try:
            with self.room():
                person = self._people.verify(name, password, address=address)
        except SignInLimitError:
            self._give_back((by_name,))
            raise
        except (BusyError, StoreError):
            self._give_back(metered)
            raise
        if person is not None:
            self._give_back(metered)
        return person

    @contextmanager
    def room(self) -> Iterator[None]:
        """For comparing or hashing one password; BusyError where too many wait."""
        if not self._waiting.acquire(blocking=False):
            raise BusyError
        try:
            if not self._hashing.acquire(timeout=WAIT_S):
                raise BusyError
            try:
                yield
            finally:
                self._hashing.release()
        finally:
            self._waiting.release()

    def _give_back(self, metered: tuple[tuple[Meter, str], ...]) -> None:
        with self._lock:
            for meter, who in metered:
                meter.give_back(who)
