"""Another program with this node's id is told from brokers that start anew and from links that flap."""

import time
from contextlib import contextmanager

import pytest

from glassline.contract import Reason, Role
from glassline.link import LinkState
from pi_node.health.rival import LATELY_S, Rival, is_there
from tests.support.embedded_broker import broker_process, free_port
from tests.support.links import make_link
from tests.support.mosquitto import mosquitto
from tests.support.relay import Relay
from tests.support.waiting import until

ROLES = {"pi-1": Role.NODE}
UP = LinkState(True, 0, None, "")
THROWN_OFF = LinkState(False, 0, Reason.BROKER_LOST, "", closed_by_peer=True)
REFUSED = LinkState(False, 0, Reason.BROKER_REFUSED, "")
TIMED_OUT = LinkState(False, 0, Reason.BROKER_LOST, "")


class Watched:
    """A link of pi-1, and what is made of its history."""

    def __init__(self, url, password):
        self.states = []
        self.link = make_link(url, "pi-1", password)
        self.rival = Rival(broker_is_there=lambda: is_there(self.link.address))
        self.link.on_change(self._on_change)

    def _on_change(self, state):
        self.states.append(state)
        self.rival.note(state, time.monotonic())

    def knows(self):
        return self.rival.reason(time.monotonic()) is Reason.NODE_TWICE

    def times_up(self):
        return sum(state.connected for state in self.states)


@contextmanager
def watched(url, password=None):
    one = Watched(url, password)
    with one.link:
        yield one


@pytest.mark.parametrize("kind", [broker_process, mosquitto])
def test_two_links_of_one_id_know_of_each_other_and_forget_it_when_one_ends(kind):
    with kind(ROLES) as broker, watched(broker.url, broker.passwords["pi-1"]) as first:
        until(lambda: first.link.state.connected)
        time.sleep(1)
        assert not first.knows()
        began_s = time.monotonic()
        with watched(broker.url, broker.passwords["pi-1"]) as second:
            until(lambda: first.knows() and second.knows(), 45)
            print(f"known after {time.monotonic() - began_s:.1f} s")
            time.sleep(25)
            assert first.knows()
            assert second.knows()
        until(lambda: first.link.state.connected, 20)
        assert first.rival.reason(time.monotonic() + LATELY_S) is None


def test_a_broker_that_is_killed_and_started_again_and_again_is_no_rival():
    port = free_port()
    with watched(f"mqtt://127.0.0.1:{port}") as one:
        for life in range(6):
            with broker_process(port=port):
                until(lambda life=life: one.times_up() > life, 30)
                time.sleep(0.3)
        assert not one.knows()
        lost = [state for state in one.states if state.code is Reason.BROKER_LOST]
        assert len(lost) >= 5, "the broker closed no connection: nothing was tested"


def test_a_link_that_flaps_is_no_rival():
    with broker_process() as broker, Relay(broker.port) as way, watched(way.url) as one:
        for life in range(5):
            until(lambda life=life: one.times_up() > life, 30)
            time.sleep(0.2)
            way.cut()
            time.sleep(1.5)
            way.mend()
        assert not one.knows()


def history(rival, *changes):
    """Note (state, seconds until the next one) after the other; return when that ended."""
    now_s = 1000.0
    for state, lasted_s in changes:
        rival.note(state, now_s)
        now_s += lasted_s
    return now_s


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ([(UP, 1), (THROWN_OFF, 1)] * 4, True),
        ([(UP, 1), (THROWN_OFF, 1)] * 3, False),
        ([(UP, 9), (THROWN_OFF, 2)] * 4, True),
        ([(UP, 11), (THROWN_OFF, 1)] * 20, False),
        ([(UP, 1), (THROWN_OFF, 20)] * 20, False),
        ([(UP, 1), (TIMED_OUT, 1)] * 20, False),
        ([(UP, 1), (THROWN_OFF, 0.1), (REFUSED, 1)] * 20, False),
        ([(UP, 300), (THROWN_OFF, 1)] * 20, False),
        ([(UP, 1), (THROWN_OFF, 1)] * 4 + [(UP, 9), (THROWN_OFF, 8)] * 30, True),
        ([(UP, 1), (THROWN_OFF, 1)] * 4 + [(UP, 65)], False),
    ],
)
def test_how_often_and_how_soon_it_must_be_thrown_off(changes, known):
    rival = Rival(broker_is_there=lambda: True)
    now_s = history(rival, *changes)
    assert (rival.reason(now_s) is Reason.NODE_TWICE) is known


def test_a_broker_that_is_gone_after_each_close_is_no_rival():
    rival = Rival(broker_is_there=lambda: False)
    now_s = history(rival, *[(UP, 1), (THROWN_OFF, 1)] * 20)
    assert rival.reason(now_s) is None
