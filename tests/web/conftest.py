"""Fixtures of the web's tests: one broker and one web for a module, everything on loopback."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from glassline.accounts import People
from glassline.store import open_store
from tests.support.chromium import chromium
from tests.support.waiting import until

from .certificates import Certificate, make_certificate
from .people import make_people
from .processes import Mosquitto, Web
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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def tls_web(folder: Path, broker: Mosquitto, store_url: str, certificate: Certificate) -> Iterator[Web]:
    with Web(folder, broker=broker.address, store=store_url, id="web-tls", tls=certificate) as process:
        until(lambda: process.get("/health")["broker"]["connected"])
        yield process


@pytest.fixture(scope="module")
def people(folder: Path) -> People:
    return make_people(folder / "people.json")


@pytest.fixture(scope="module")
def guarded(folder: Path, broker: Mosquitto, store_url: str, people: People) -> Iterator[Web]:
    """A web at which people sign in."""
    with Web(folder, broker=broker.address, store=store_url, id="web-g", people=people.path) as process:
        yield process


@pytest.fixture(params=["plain", "tls"])
def any_web(request: pytest.FixtureRequest) -> Web:
    """What holds for one holds for the other."""
    return request.getfixturevalue({"plain": "web", "tls": "tls_web"}[request.param])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window of 1280 px. What a page may do on its clipboard is allowed."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Errors of our own scripts fail the test; an answer 4xx to a fetch, or a web that is away, does not."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert not errors


@pytest.fixture
def watched(web: Web, node: NodeLike, bridge: BridgeLike, page: Page) -> Page:
    """The page of a node that streams."""
    bridge.publish_health()
    node.keep_healthy()
    node.stream(10)
    page.goto(f"{web.url}/#{node.id}")
    expect(page.locator(".mark")).to_have_text("LIVE")
    return page


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[tuple[Mosquitto, Web]]:
    """A web that nobody else's cameras are at."""
    with Mosquitto(tmp_path) as broker, Web(tmp_path, broker=broker.address) as web:
        yield broker, web


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
