"""Fixtures of the web's tests: one broker and one web for a module, everything on loopback."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassline.store import open_store

from .processes import Mosquitto, Web, until
from .publishers import BridgeLike, NodeLike


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[Mosquitto]:
    with Mosquitto(folder) as mosquitto:
        yield mosquitto


@pytest.fixture(scope="module")
def store_url(folder: Path) -> str:
    return f"sqlite:{folder}/glassline.db"


@pytest.fixture(scope="module")
def web(folder: Path, broker: Mosquitto, store_url: str) -> Iterator[Web]:
    with Web(folder, broker=broker.address, store=store_url) as process:
        until(lambda: process.get("/health")["broker"]["connected"])
        yield process


_numbers = itertools.count(1)


@pytest.fixture
def node(broker: Mosquitto, web: Web) -> Iterator[NodeLike]:
    """A new name for every test: nothing of an earlier one speaks for it."""
    with NodeLike(broker.address, f"pi-{next(_numbers)}") as publisher:
        yield publisher


@pytest.fixture(scope="module")
def bridge(broker: Mosquitto, store_url: str, web: Web) -> Iterator[BridgeLike]:
    with BridgeLike(broker.address, open_store(store_url)) as publisher:
        yield publisher
