from collections.abc import Iterator
from pathlib import Path

import pytest

from glassline.store import Store, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "glass.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:{path}") as opened:
        yield opened
