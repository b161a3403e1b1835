"""When devices were heard, from the wire to the store."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

import bridge.attendance
import bridge.writer
from bridge.attendance import MAX_DEVICES, MAX_WAITING, Attendance
from glassline.contract import parse, topic_of
from glassline.program import Tally
from glassline.store import Heard
from glassline.store.sqlite import SqliteStore
from tests.bridge.harness import node, running_bridge
from tests.support.embedded_broker import RunningBroker
from tests.support.waiting import until

LONG = timedelta(days=1)


class Clock:
    """Stands still until it is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s, self.ahead_s = 1000.0, 0.0
        monkeypatch.setattr(bridge.attendance, "time", self)
        monkeypatch.setattr(bridge.attendance, "datetime", self)

    def monotonic(self) -> float:
        return self.now_s

    def now(self, zone: object) -> datetime:
        return datetime.fromtimestamp(self.now_s + self.ahead_s, UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def attendance() -> Attendance:
    return Attendance(own_id="bridge-1", tally=Tally(log=logging.getLogger("test")))


def hear(attendance: Attendance, device_id: str, *, retained: bool = False) -> None:
    attendance.on_health(parse(f"glass/v1/{device_id}/health"), b"", retained)


def spans(heard: list[Heard]) -> list[tuple[str, float, float]]:
    return [(one.device_id, one.began_at.timestamp(), one.last_at.timestamp()) for one in heard]


def test_who_goes_on_is_one_and_who_falls_silent_begins_anew(attendance: Attendance, clock: Clock) -> None:
    for clock.now_s in (1000.0, 1005.0, 1020.0, 1036.0, 1040.0):
        hear(attendance, "pi-1")
    assert spans(attendance.take()) == [("pi-1", 1000, 1020), ("pi-1", 1036, 1040)]
    assert attendance.take() == []
    clock.now_s = 1045.0
    hear(attendance, "pi-1")
    assert spans(attendance.take()) == [("pi-1", 1036, 1045)]


@pytest.mark.parametrize("set_by_s", [172_800.0, -172_800.0])
def test_a_clock_that_is_set_makes_nobody_heard_for_longer(
    attendance: Attendance, clock: Clock, set_by_s: float
) -> None:
    for clock.now_s in (1000.0, 1005.0):
        hear(attendance, "pi-1")
    clock.ahead_s = set_by_s
    for clock.now_s in (1010.0, 1015.0):
        hear(attendance, "pi-1")
    after = set_by_s + 1010
    assert spans(attendance.take()) == [("pi-1", 1000, 1005), ("pi-1", after, after + 5)]


def test_what_is_retained_is_no_sign_of_life(attendance: Attendance) -> None:
    hear(attendance, "pi-1", retained=True)
    assert attendance.take() == []


def test_what_could_not_be_noted_is_told_again_in_its_order(attendance: Attendance, clock: Clock) -> None:
    hear(attendance, "pi-1")
    taken = attendance.take()
    attendance.put_back(taken)
    clock.now_s = 1005.0
    hear(attendance, "pi-1")
    assert spans(attendance.take()) == [("pi-1", 1000, 1000), ("pi-1", 1000, 1005)]


def test_what_waits_is_bounded_and_so_are_those_who_are_heard(attendance: Attendance, clock: Clock) -> None:
    for number in range(MAX_DEVICES + 100):
        hear(attendance, f"made-up-{number}")
    assert len(attendance.take()) == MAX_DEVICES
    clock.now_s += 20
    assert attendance.take() == []
    hear(attendance, "pi-1")
    assert [one.device_id for one in attendance.take()] == ["pi-1"], "who fell silent made room"
    for _ in range(MAX_WAITING + 100):
        clock.now_s += 20
        hear(attendance, "pi-1")
    assert len(attendance.take()) <= MAX_WAITING + 1


def test_a_bridge_notes_who_speaks_and_that_it_listened(
    broker: RunningBroker, store: SqliteStore, shelf: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge.writer, "ATTEND_EVERY_S", 0.3)

    def noted() -> dict[str, Heard]:
        now = datetime.now(UTC)
        return {one.device_id: one for one in shelf.presence(now - LONG, now + LONG)}

    with running_bridge(broker, store), node(broker) as pi:

        def speak() -> None:
            pi.client.publish(topic_of("health", pi.id), b"{}", qos=0)

        speak()
        first = until(lambda: noted().keys() == {"bridge-1", "pi-1"} and noted())
        speak()
        until(lambda: noted()["pi-1"].last_at > first["pi-1"].last_at)
        speak()
        until(lambda: noted()["bridge-1"].last_at > first["bridge-1"].last_at)
    assert {one.heard_by for one in noted().values()} == {"bridge-1"}
    assert noted()["pi-1"].began_at == first["pi-1"].began_at
    now = datetime.now(UTC)
    assert len(shelf.presence(now - LONG, now + LONG)) == 2, "each is one, however often it is noted"


def test_a_bridge_that_ends_notes_the_rest(broker: RunningBroker, store: SqliteStore, shelf: SqliteStore) -> None:
    with running_bridge(broker, store, health_s=0.2):
        until(lambda: shelf.devices())
    now = datetime.now(UTC)
    [own] = shelf.presence(now - LONG, now + LONG)
    assert own.device_id == own.heard_by == "bridge-1"
