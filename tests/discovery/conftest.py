"""A network with hosts of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lan import Host, Lan

from .site import Site


@pytest.fixture
def lan() -> Iterator[Lan]:
    with Lan() as made:
        yield made


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server, a.local, at which pi-1 is enrolled."""
    folder = tmp_path_factory.mktemp("founded") / "a"
    with Lan() as lan:
        Site(lan.host("10.9.0.2"), folder, name="a.local").credentials("pi-1")
    return folder


@pytest.fixture
def site(lan: Lan, founded: Path, tmp_path: Path) -> Site:
    """That server, on a host of this test's network; nothing runs there yet."""
    shutil.copytree(founded, tmp_path / "a")
    return Site(lan.host("10.9.0.2"), tmp_path / "a", name="a.local", more='site = "Hall A"')


@pytest.fixture
def node(lan: Lan) -> Host:
    return lan.host("10.9.0.3")
