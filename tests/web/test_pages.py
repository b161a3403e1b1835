"""What every page keeps, each that is in the table of pages: nobody is barred, it fits, it is small, it is our own.

A page is new here as soon as it is in `web.pages.PAGES`. Where more belongs to it than its own address, or it is ready
only when something is there, `ADDRESSES` and `READY` say so; `OPENS` are dialogs, looked at like pages.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from web.pages import PAGES, STATIC, modules_of

from .accessible import barriers
from .people import ROLES, enter
from .processes import Web
from .publishers import BOX, BridgeLike, NodeLike
from .shots import shoot

SIZES = ((360, 760), (1280, 900), (2560, 1300))
SCHEMES = ("light", "dark")
MOST_BYTES = 200_000
MOST_REQUESTS = 25
ADDRESSES = {"defects": ("/defects", "/defects/{event}"), "devices": ("/devices", "/devices/{device}")}
READY = {
    "live": ".mark.live",
    "defects": "main img, main canvas",
    "figures": "main svg.icon, main svg",
    "devices": "main",
    "people": "main h2, main h1",
}
WIDER = """(width) => document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll("*")]
  .filter((one) => one.getBoundingClientRect().right > width + 1)
  .map((one) => one.outerHTML.slice(0, 120)).slice(0, 5)"""
LABELS = """() => [...document.querySelectorAll(".ways a:not([hidden]) span")].flatMap((label) => {
  const words = document.createRange();
  words.selectNodeContents(label);
  const { left, right } = words.getBoundingClientRect();
  return [left, right];
})"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
THUMBNAIL = re.compile(r"/api/defects/[^/]+/image")
_LATER = re.compile(r'import\("(\.[^"]+)"\)')


@pytest.fixture(scope="module")
def filled(guarded: Web, broker: object, bridge: BridgeLike) -> Iterator[dict[str, str]]:
    """Two cameras that stream and have found something; what stands for names in addresses."""
    url = f"mqtt://127.0.0.1:{bridge.link.address.port}"
    with NodeLike(url, "line-1") as node, NodeLike(url, "line-2") as other:
        for one in (node, other):
            one.keep_healthy()
            one.obey(boxes=[BOX])
        bridge.keep_healthy()
        events = [bridge.store_find(node, label=label) for label in ("scratch", "crack", "bubble", "chip", "stain")]
        anna = enter(guarded, "anna")
        for event, status in ((events[0], "reviewed"), (events[1], "resolved")):
            review = {"status": status, "note": "edge polished", "version": 0}
            assert anna.post(f"/api/defects/{event}/review", json=review).status_code == 200
        anna.close()
        yield {"event": events[2], "device": node.id}


@pytest.fixture
def signed_in(browser: Browser, guarded: Web) -> Iterator[Callable[[str], BrowserContext]]:
    """A browser in which somebody is signed in, by name."""
    contexts = []

    def make(name: str) -> BrowserContext:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        contexts.append(context)
        context.set_default_timeout(20_000)
        person = enter(guarded, name)
        cookies = [(one.name, str(one.value)) for one in person.cookies.jar]
        person.close()
        context.add_cookies([{"name": key, "value": value, "url": guarded.url} for key, value in cookies])
        return context

    yield make
    for context in contexts:
        context.close()


def _open(context: BrowserContext, web: Web, name: str, path: str) -> Page:
    page = context.new_page()
    page.goto(f"{web.url}{path}")
    expect(page.locator("#account")).to_be_visible()
    page.locator(READY.get(name, "main > *")).first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    return page


def _addresses() -> list[tuple[str, str]]:
    return [(name, path) for name, page in PAGES.items() for path in ADDRESSES.get(name, (page.path,))]


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize(("name", "path"), _addresses())
def test_nobody_is_barred_from_a_page_and_it_fits(
    guarded: Web, filled: dict[str, str], signed_in: Callable[[str], BrowserContext], name: str, path: str, who: str
) -> None:
    page = _open(signed_in(who), guarded, name, path.format(**filled))
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(SETTLED)
            assert page.evaluate(WIDER, width) == []
            if who == "boss":
                shoot(page, f"page{path.replace('/', '-').replace('{', '').replace('}', '')}-{width}-{scheme}")
            assert barriers(page) == [], (scheme, width)


@pytest.mark.parametrize("width", [320, 360])
def test_the_ways_to_the_pages_stand_apart_on_a_phone(
    guarded: Web, filled: dict[str, str], signed_in: Callable[[str], BrowserContext], width: int
) -> None:
    page = _open(signed_in("boss"), guarded, "diagnose", "/diagnose")
    page.set_viewport_size({"width": width, "height": 640})
    edges = [0, *page.evaluate(LABELS), width]
    assert all(right - left >= 4 for left, right in zip(edges[::2], edges[1::2], strict=True)), edges
    shoot(page, f"ways-{width}")
    assert page.evaluate("() => document.querySelector('h1').getBoundingClientRect().left") >= 8


@pytest.mark.parametrize("opens", ["help", "detail", "region", "grid", "full"])
def test_nobody_is_barred_from_what_opens_over_the_live_picture(
    guarded: Web, filled: dict[str, str], signed_in: Callable[[str], BrowserContext], opens: str
) -> None:
    page = _open(signed_in("boss"), guarded, "live", "/")
    press = {"help": "?", "region": "r", "grid": "g", "full": "f"}
    if opens == "detail":
        page.locator(".card").first.click()
        expect(page.get_by_role("dialog").get_by_label("Note")).to_be_visible()
    else:
        page.keyboard.press(press[opens])
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(SETTLED)
            shoot(page, f"live-{opens}-{width}-{scheme}")
            assert barriers(page) == [], (scheme, width)


@pytest.mark.parametrize(
    ("name", "path"), [*((name, page.path) for name, page in PAGES.items()), ("devices", "/devices/{device}#settings")]
)
def test_a_page_is_small_and_comes_from_this_web_alone(
    guarded: Web, filled: dict[str, str], signed_in: Callable[[str], BrowserContext], name: str, path: str
) -> None:
    context, answers = signed_in("boss"), list[Response]()
    context.on("response", lambda answer: answers.append(answer))
    _open(context, guarded, name, path.format(**filled))
    urls = [answer.url for answer in answers]
    assert all(url.startswith((guarded.url, "blob:")) for url in urls)
    asked = [url for url in urls if not url.startswith("blob:") and not THUMBNAIL.search(url)]
    code = sum(len(answer.body()) for answer in answers if "/static/" in answer.url)
    print(f"{path}: {len(asked)} requests, {code} bytes of code and styles at load, {_all_code(name)} with all of it")
    assert len(asked) <= MOST_REQUESTS, [url.removeprefix(guarded.url) for url in asked]
    assert _all_code(name) <= MOST_BYTES


def _all_code(name: str) -> int:
    """Bytes of all scripts and styles of a page, those that it fetches later too."""
    scripts = {STATIC / name / "page.js"}
    waiting = list(scripts)
    while waiting:
        script = waiting.pop()
        of = str(script.relative_to(STATIC))
        found = [STATIC / module.removeprefix("/static/") for module in modules_of(of)]
        found += [(script.parent / later).resolve() for later in _LATER.findall(script.read_text())]
        waiting += [one for one in found if one not in scripts]
        scripts |= set(found)
    styles = {STATIC / "styles" / f"{style}.css" for style in ("base", *PAGES[name].styles, name)}
    styles |= {
        STATIC / "styles" / style for one in scripts for style in re.findall(r"styles/(\w+\.css)", one.read_text())
    }
    return sum(Path(one).stat().st_size for one in scripts | styles)


def test_a_page_is_told_beside_it_that_it_is_cut_off(
    guarded: Web, filled: dict[str, str], signed_in: Callable[[str], BrowserContext]
) -> None:
    context = signed_in("boss")
    page = _open(context, guarded, "defects", "/defects")
    context.set_offline(True)
    notice = page.get_by_role("status", name="Connection")
    expect(notice).to_contain_text(re.compile(r"Not connected since \d\d:\d\d:\d\d"))
    expect(notice).to_contain_text("Trying again")
    expect(notice).to_have_attribute("data-code", "you.offline")
    shoot(page, "cut-off-1280")
    assert barriers(page) == []
    context.set_offline(False)
    expect(notice).to_be_hidden()


def test_on_paper_stands_what_is_to_be_read_and_no_button(
    guarded: Web, filled: dict[str, str], signed_in: Callable[[str], BrowserContext]
) -> None:
    page = _open(signed_in("boss"), guarded, "live", "/")
    page.emulate_media(media="print", color_scheme="dark")
    for away in (".top", ".bar", "#devices"):
        expect(page.locator(away)).to_be_hidden()
    for there in ("#stage canvas", "#recent .card", "#facts"):
        expect(page.locator(there).first).to_be_visible()
    light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert light == "rgb(255, 255, 255)"
    shoot(page, "live-print", full_page=True)


@pytest.mark.parametrize("path", ["devices/%ZZ", "devices/%", "devices/%FF", "devices/UP", "defects/%ZZ", "defects/1"])
def test_an_address_that_can_name_nothing_is_no_page(guarded: Web, page: Page, path: str) -> None:
    answer = page.goto(f"{guarded.url}/{path}")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading")).to_contain_text("There is no such page: expected")
    expect(page.get_by_text("web.no_page")).to_be_visible()
