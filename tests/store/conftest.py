from collections.abc import Iterator
from pathlib import Path

import pytest

from glassline.store import Store
from tests.store.inside import Inside, SqliteInside, SupabaseInside
from tests.support.postgres import MISSING as POSTGRES_MISSING
from tests.support.postgres import LocalPostgres, programs
from workbench.supabase import MISSING, LocalSupabase, installed

SERVERS = {"supabase": "local_supabase", "postgres": "postgres_supabase"}


@pytest.fixture(scope="session")
def local_supabase(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSupabase]:
    if not installed():
        pytest.skip(MISSING)
    with LocalSupabase(tmp_path_factory.mktemp("supabase")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_supabase(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSupabase]:
    if not installed():
        pytest.skip(MISSING)
    if programs() is None:
        pytest.skip(POSTGRES_MISSING)
    with (
        LocalPostgres() as postgres,
        LocalSupabase(tmp_path_factory.mktemp("postgres"), database_url=postgres.url) as server,
    ):
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "glass.db"


@pytest.fixture(params=["sqlite", "supabase", "postgres"])
def inside(request: pytest.FixtureRequest, path: Path) -> Iterator[Inside]:
    """Where the store of a test lies. What every store must do is tested on each: `supabase` is a project on an
    embedded PostgreSQL, `postgres` one on Debian's.
    """
    if request.param == "sqlite":
        yield SqliteInside(path)
        return
    place = SupabaseInside(request.getfixturevalue(SERVERS[request.param]))
    yield place
    place.close()


@pytest.fixture
def store(inside: Inside) -> Iterator[Store]:
    with inside.store() as opened:
        yield opened
