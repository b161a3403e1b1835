"""Brokers that several tests share."""

from collections.abc import Iterator

import pytest

from glassline.contract import Role
from tests.support.embedded_broker import RunningBroker, embedded_broker
from tests.support.mosquitto import mosquitto

ROLES = {
    "pi-1": Role.NODE,
    "pi-2": Role.NODE,
    "bridge-1": Role.BRIDGE,
    "web-1": Role.WEB,
    "web-2": Role.WEB,
    "eyes": Role.OBSERVER,
    "watcher": Role.OBSERVER,
}


@pytest.fixture
def guarded() -> Iterator[RunningBroker]:
    """The embedded broker with accounts."""
    with embedded_broker(ROLES) as running:
        yield running


@pytest.fixture
def open_broker() -> Iterator[RunningBroker]:
    """The embedded broker without accounts."""
    with embedded_broker() as running:
        yield running


@pytest.fixture(scope="module", params=["embedded", "mosquitto"])
def any_broker(request: pytest.FixtureRequest) -> Iterator[RunningBroker]:
    """Each of the brokers that keep the contract's roles, with the same accounts."""
    with (embedded_broker if request.param == "embedded" else mosquitto)(ROLES) as running:
        yield running
