from collections.abc import Iterator
from pathlib import Path

import pytest

from glassline.store.sqlite import SqliteStore
from tests.bridge.harness import ROLES
from tests.support.embedded_broker import RunningBroker, embedded_broker
from tests.support.mosquitto import mosquitto


@pytest.fixture(scope="module", params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Iterator[RunningBroker]:
    """Both brokers, with accounts and the contract's permissions."""
    with (embedded_broker if request.param == "embedded" else mosquitto)(ROLES) as running:
        yield running


@pytest.fixture(scope="module")
def one_broker() -> Iterator[RunningBroker]:
    """For what does not depend on the broker."""
    with mosquitto(ROLES) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    """The bridge opens and closes it."""
    return SqliteStore(tmp_path / "glass.db", busy_timeout_s=0.1)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[SqliteStore]:
    """A second connection to the same file, as web has it."""
    with SqliteStore(tmp_path / "glass.db") as opened:
        yield opened
