"""Every attack succeeds at a broker that asks nobody who he is, and fails at ours and at mosquitto with our files."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassline.contract.rates import BURST_S
from glassline.contract.topics import SPECS
from tests.support.clients import connected
from tests.support.embedded_broker import RunningBroker
from tests.support.links import listener
from tests.web.processes import Mosquitto

from .attacks import ATTACKS

MARK = ("glass/v1/pi-1/probe", b"mark")
AT_ONCE = round(SPECS["health"].max_per_s * BURST_S)


@pytest.fixture(scope="module")
def unprotected() -> Iterator[RunningBroker]:
    """mosquitto with nothing but a listener."""
    with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:
        yield RunningBroker(port=broker.port)


@pytest.mark.parametrize("attack", ATTACKS)
def test_control_it_succeeds_where_nobody_is_asked(attack: str, unprotected: RunningBroker) -> None:
    assert ATTACKS[attack](unprotected)


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_fails(attack: str, any_broker: RunningBroker) -> None:
    assert not ATTACKS[attack](any_broker)


def flood(at: RunningBroker, count: int) -> None:
    """As a node that says how it is, far too often."""
    with connected(at, "pi-1") as attacker:
        for _ in range(count):
            attacker.client.publish("glass/v1/pi-1/health", b"{}", 0)
        attacker.publish(*MARK)


def test_control_a_flood_reaches_a_plain_client_whole(unprotected: RunningBroker) -> None:
    with connected(unprotected, "web-1") as web:
        web.subscribe("glass/v1/pi-1/#", qos=0)
        flood(unprotected, 3 * AT_ONCE)
        assert sum(topic == "glass/v1/pi-1/health" for topic, *_ in web.until(*MARK)) == 3 * AT_ONCE


def test_a_flood_is_cut_before_it_reaches_a_program(any_broker: RunningBroker) -> None:
    with listener(any_broker) as heard:
        flood(any_broker, 3 * AT_ONCE)
        assert heard.wait_for(lambda kind, _id, payload, _r: (kind, payload) == ("probe", b"mark"))
        assert AT_ONCE <= heard.count("health") <= 2 * AT_ONCE
