"""How often something happens, for cameras of many and detectors of few pictures a second."""

import time

import pytest

from pi_node.rate import Rate


class Day:
    def __init__(self, monkeypatch):
        self.now_s, self.rate = 1000.0, Rate()
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)

    def count(self, per_s, seconds):
        for _ in range(int(per_s * seconds)):
            self.now_s += 1 / per_s
            self.rate.count()


@pytest.fixture
def day(monkeypatch):
    return Day(monkeypatch)


@pytest.mark.parametrize("per_s", [0.1, 0.4, 1, 1.4, 2, 10, 60])
def test_a_rate_is_told_however_low_it_is(day, per_s):
    day.count(per_s, 60)
    assert abs(day.rate.per_s() / per_s - 1) < 0.001
    day.now_s += 0.9 / per_s
    assert abs(day.rate.per_s() / per_s - 1) < 0.001, "the next one is not due yet"


@pytest.mark.parametrize(("per_s", "after_s"), [(0.1, 20.1), (1, 2.1), (10, 2.1), (60, 2.1)])
def test_what_has_stopped_happens_no_more(day, per_s, after_s):
    day.count(per_s, 60)
    day.now_s += after_s
    assert day.rate.per_s() == 0


def test_of_fewer_than_three_no_rate_is_told(day):
    day.count(1, 2)
    assert day.rate.per_s() == 0
