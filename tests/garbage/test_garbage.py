"""The table, row by row against the running chain; and each control, which shows the harm where nobody guards."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.chromium import chromium

from .chain import Chain
from .page import page as printed
from .rows import Row
from .table import ROWS

NOT_ERRORS = ("ERR_CONNECTION_", "404", "409", "could not be decoded")
COUNTED_S = 30
"""Programs tell their counts each 5 s, a busy machine later."""
HARMS = {row.control.__name__: row for row in ROWS if row.control is not None}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser, chain: Chain) -> Iterator[Page]:
    """A page that is open on the web while everything is thrown; whatever breaks in it fails the session."""
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{chain.web.url}/#pi-good")
    yield page
    assert not errors


@pytest.fixture
def blank(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with Chain(tmp_path_factory.mktemp("garbage")) as chain:
        yield chain


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_garbage_is_kept_out(row: Row, chain: Chain, page: Page) -> None:
    before = {where: chain.counts(where[0])[where[1]] for where in row.counted}
    row.throw(chain)
    for program, kind in row.counted:
        _wait_for_count(chain, program, kind, before[program, kind])
    if row.check is not None:
        row.check(chain, page)
    chain.check_all_is_well()
    chain.check_nothing_foreign_is_stored()
    chain.check_memory()
    assert page.evaluate("window.pwned === undefined")
    for program, kind in row.counted:
        _check_log(chain, program, kind)


def _wait_for_count(chain: Chain, program: str, kind: str, before: int) -> None:
    end_s = time.monotonic() + COUNTED_S
    while chain.counts(program)[kind] <= before:
        assert time.monotonic() < end_s, f"{program} counts no {kind}: {dict(chain.counts(program))}"
        time.sleep(0.05)


def _check_log(chain: Chain, program: str, kind: str) -> None:
    """Told at least once, and at most once a minute (and once more at its ends)."""
    if program == "broker" or not kind.startswith(("refused", "clocks")):
        return
    lines = chain.log_of(program).count(f"[{kind}]")
    assert 1 <= lines <= 2 + (time.monotonic() - chain.began_s) / 60


@pytest.mark.parametrize("harm", HARMS, ids=str)
def test_without_a_guard_it_harms(harm: str, blank: Page, tmp_path: Path) -> None:
    control = HARMS[harm].control
    assert control is not None
    control(blank, tmp_path)


def test_the_table_is_long_and_says_what_it_does() -> None:
    assert len(ROWS) >= 40
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert all(bool(row.control) == bool(row.harm) for row in ROWS)


def test_the_page_of_the_table_is_the_table(request: pytest.FixtureRequest) -> None:
    kept = (request.config.rootpath / "docs/garbage.md").read_text()
    assert kept == printed(), "run: make docs"
