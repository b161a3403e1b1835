"""How often somebody may try: bursts, recovery, and memory that stays as it is."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glassline.accounts import Person
from web.people.attempts import (
    AT_ONCE,
    MAX_WAITING,
    OF_PROJECT,
    OURS,
    Attempts,
    BusyError,
    Meter,
    Pace,
    TooManyError,
)

from .people import SECRET, make_people


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_meter_lets_a_burst_through_and_then_one_at_a_time() -> None:
    clock = Clock()
    meter = Meter(burst=3, every_s=10, clock=clock)
    for _ in range(3):
        assert meter.wait_s("a") == 0
        meter.take("a")
    assert meter.wait_s("a") == 10
    clock.now_s += 10
    assert meter.wait_s("a") == 0
    meter.take("a")
    assert meter.wait_s("a") == 10
    clock.now_s += 1000
    for _ in range(3):
        assert meter.wait_s("a") == 0
        meter.take("a")
    assert meter.wait_s("a") == 10
    meter.give_back("a")
    assert meter.wait_s("a") == 0


def test_a_meter_holds_no_more_however_many_come() -> None:
    meter = Meter(burst=3, every_s=10)
    before = sys.getsizeof(meter._paid_s)
    for number in range(20_000):
        meter.take(f"name {number}")
    assert sys.getsizeof(meter._paid_s) == before


def test_who_shares_a_slot_is_not_the_same_in_the_next_process() -> None:
    names = [f"name {number}" for number in range(100)]
    one, other = (Meter(burst=1, every_s=1) for _ in range(2))
    assert [one._slot(name) for name in names] != [other._slot(name) for name in names]


def test_what_is_right_is_not_counted(tmp_path: Path) -> None:
    attempts = Attempts(make_people(tmp_path / "people.json"), clock=Clock())
    for _ in range(OURS.address_burst + 2):
        assert attempts.verify("anna", SECRET, "192.0.2.1") is not None


def test_an_address_is_stopped_whatever_names_it_tries_and_recovers(tmp_path: Path) -> None:
    clock = Clock()
    attempts = Attempts(make_people(tmp_path / "people.json"), clock=clock)
    for number in range(OURS.address_burst):
        assert attempts.verify(f"name {number}", "wrong one", "2001:db8::1") is None
    with pytest.raises(TooManyError) as stopped:
        attempts.verify("anna", SECRET, "2001:db8::ffff")
    assert stopped.value.wait_s == pytest.approx(OURS.address_every_s)
    assert attempts.verify("anna", SECRET, "2001:db8:0:1::1") is not None
    clock.now_s += OURS.address_every_s
    assert attempts.verify("anna", SECRET, "2001:db8::1") is not None


def test_a_name_is_guarded_against_many_addresses_and_spellings(tmp_path: Path) -> None:
    attempts = Attempts(make_people(tmp_path / "people.json"), clock=Clock())
    for number in range(OURS.name_burst):
        attempts.verify(("anna", "ANNA", "Anna")[number % 3], "wrong one", f"192.0.2.{number}")
    with pytest.raises(TooManyError):
        attempts.verify("anna", SECRET, "192.0.2.99")
    assert attempts.verify("vic", SECRET, "192.0.2.99") is not None


@pytest.mark.parametrize("pace", [OURS, OF_PROJECT])
def test_one_address_alone_never_locks_a_name(pace: Pace) -> None:
    assert pace.name_every_s < pace.address_every_s
    assert pace.name_burst > pace.address_burst


class SlowPeople:
    """Comparing takes until it is let go."""

    def __init__(self) -> None:
        self.go, self.at_once, self.most = threading.Event(), 0, 0
        self._lock = threading.Lock()

    def verify(self, name: str, password: str, *, address: str) -> Person | None:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.go.wait(10)
        with self._lock:
            self.at_once -= 1
        return None


def test_few_are_compared_at_once_few_wait_and_the_rest_is_sent_away_at_once() -> None:
    people = SlowPeople()
    attempts = Attempts(people)  # type: ignore[arg-type]
    many = 40
    with ThreadPoolExecutor(many) as pool:
        asked = [pool.submit(attempts.verify, f"name {n}", "wrong one", f"192.0.2.{n}") for n in range(many)]
        time.sleep(0.5)
        assert sum(one.done() for one in asked) == many - AT_ONCE - MAX_WAITING
        assert all(isinstance(one.exception(), BusyError) for one in asked if one.done())
        people.go.set()
    assert people.most == AT_ONCE
    assert sum(isinstance(one.exception(), BusyError) for one in asked) == many - AT_ONCE - MAX_WAITING
