"""A network with hosts of its own."""

from collections.abc import Iterator

import pytest

from tests.support.lan import Lan


@pytest.fixture
def lan() -> Iterator[Lan]:
    with Lan() as made:
        yield made
