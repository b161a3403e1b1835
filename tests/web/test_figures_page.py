"""The page /figures, "Today", in a real Chromium: what is counted, pushed, linked, said. It opens in a zone of noon."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from glassline.contract import new_event_id
from glassline.store import open_store
from glassline.store.figures import Heard
from tests.store.samples import detection_item, make_detection
from tests.support.waiting import until

from .late import drop_sockets, keep_sockets
from .processes import Web
from .publishers import BridgeLike, NodeLike
from .shots import shoot

WIDTHS = (360, 1280, 2560)


@pytest.fixture(scope="module")
def zone() -> str:
    """One in which it is about noon: midnight is far away, whenever these tests run."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


@pytest.fixture(scope="module")
def midnight(zone: str) -> datetime:
    return datetime.now(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def history(web: Web, bridge: BridgeLike, store_url: str, midnight: datetime) -> None:
    """Two cameras' finds of today, yesterday and last week; one was a false alarm. And who was there when."""
    found = [
        ("line-a", "scratch", 9.5, 3), ("line-a", "crack", 9.6, 1), ("line-b", "bubble", 10.2, 2),
        ("line-a", "scratch", -15, 2), ("line-b", "chip", -24 * 3 + 8, 4),
    ]  # fmt: skip
    with open_store(store_url) as store:
        ids = []
        for device, label, hour, count in found:
            at = midnight + timedelta(hours=hour)
            made = [make_detection(new_event_id(), label=label, first_at=at) for _ in range(count)]
            store.apply([detection_item(one, device) for one in made])
            ids.append(made[0].event_id)
        store.review(ids[0], status="resolved", note=None, by="ada", version=0, false_alarm="dirt")
        for device in ("line-a", "line-b", "bridge-1"):
            store.remember(device, role="node" if device != "bridge-1" else "bridge", status="online", info=None)
        _backdate(store_url, midnight - timedelta(days=2))
        there = midnight + timedelta(hours=1), midnight + timedelta(hours=5)
        spans = {"bridge-1": there, "line-a": there, "line-b": (there[0], midnight + timedelta(hours=4))}
        store.attend(
            [
                Heard(device_id=device, heard_by="bridge-1", began_at=began, last_at=last)
                for device, (began, last) in spans.items()
            ]
        )


def _backdate(store_url: str, first_seen_at: datetime) -> None:
    """The devices have been known for a while."""
    with sqlite3.connect(store_url.partition(":")[2]) as database:
        database.execute("UPDATE devices SET first_seen_at = ?", (first_seen_at.astimezone(UTC).isoformat(),))


@pytest.fixture
def at_noon(browser: Browser, zone: str) -> Iterator[Callable[..., BrowserContext]]:
    """Windows of a given size and colour scheme."""
    opened: list[BrowserContext] = []

    def open_context(width: int = 1280, scheme: str = "light") -> BrowserContext:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            timezone_id=zone,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        context.set_default_timeout(20_000)
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()


@pytest.fixture
def today(at_noon: Callable[..., BrowserContext], web: Web, history: None) -> Iterator[Page]:
    """The page as it opens; what it threw fails the test."""
    page = at_noon().new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{web.url}/figures")
    expect(_total(page, "Waiting for review")).not_to_contain_text("–")
    yield page
    assert not errors


def _total(page: Page, name: str) -> Locator:
    return page.locator(".total", has=page.locator(".total-name", has_text=re.compile(f"^{name}$")))


def _found(page: Page) -> int:
    return int(_total(page, "Found").locator("strong").inner_text().replace(",", ""))


def _listed(web: Web, link: Locator) -> int:
    """How many defects the address of a link stands for."""
    path, query = urlsplit(link.get_attribute("href") or "")[2:4]
    assert path == "/defects"
    answer = web.http.get("/api/defects", params=parse_qsl(query))
    assert answer.status_code == 200, answer.text
    wanted = [value for name, value in parse_qsl(query) if name == "status"]
    return sum(count for status, count in answer.json()["counts"].items() if not wanted or status in wanted)


def test_every_hour_is_a_bar_of_its_own_that_says_what_is_in_it(today: Page, web: Web) -> None:
    bars = today.locator(".column .whole")
    expect(bars).to_have_count(24)
    bar = today.get_by_role("link", name=re.compile(r"09:00–10:00: 4 defects, of them 3 scratch, 1 crack$"))
    expect(bar).to_have_count(1)
    assert _listed(web, bar) == 4
    part = today.get_by_role("link", name=re.compile(r"09:00–10:00: 1 crack$"))
    assert _listed(web, part) == 1
    assert _listed(web, today.get_by_role("link", name=re.compile(r"^bubble: 2 defects"))) == 2


def test_totals_are_compared_with_yesterday_by_this_time(today: Page, web: Web) -> None:
    found = _found(today)
    assert found >= 6
    expect(_total(today, "Found")).to_contain_text(f"{found - 2} more than yesterday by this time")
    assert _listed(web, _total(today, "Found")) == found
    assert _listed(web, _total(today, "Reviewed")) == 1
    expect(_total(today, "False alarms").locator("strong")).to_have_text("1")
    assert _listed(web, _total(today, "False alarms")) == 1
    expect(today.locator("#false-alarms")).to_contain_text("1 of ")
    waits = _total(today, "Waiting for review")
    expect(waits).to_contain_text("The oldest waits for 3 days")
    assert _listed(web, waits) == int(waits.locator("strong").inner_text())


def test_a_new_defect_is_counted_at_once_without_asking_again(today: Page, node: NodeLike, bridge: BridgeLike) -> None:
    asked: list[str] = []
    today.on("request", lambda request: asked.append(request.url) if "/api/figures" in request.url else None)
    before = _found(today)
    detection = node.detection(label="crack")
    node.publish_detection(detection)
    expect(_total(today, "Found").locator("strong")).to_have_text(str(before + 1), timeout=2000)
    bridge.commit(node.id, detection)
    bridge.receipt(node.id, detection)
    node.publish_detection(node.detection(event_id=detection.event_id, rev=1, label="crack"))
    today.wait_for_timeout(500)
    assert _found(today) == before + 1
    assert not asked


def test_what_is_refused_is_counted_no_more(today: Page, node: NodeLike, bridge: BridgeLike) -> None:
    before = _found(today)
    detection = node.detection(label="stain")
    node.publish_detection(detection)
    expect(_total(today, "Found").locator("strong")).to_have_text(str(before + 1))
    bridge.receipt(node.id, detection, row="rejected", error="made up")
    expect(_total(today, "Found").locator("strong")).to_have_text(str(before))


def test_what_was_stored_while_nothing_was_heard_is_counted_once(
    at_noon: Callable[..., BrowserContext], web: Web, history: None, node: NodeLike, bridge: BridgeLike
) -> None:
    page = at_noon().new_page()
    keep_sockets(page)
    page.goto(f"{web.url}/figures")
    expect(_total(page, "Waiting for review")).not_to_contain_text("–")
    before = _found(page)
    detection = node.detection(label="stain")
    node.publish_detection(detection)
    expect(_total(page, "Found").locator("strong")).to_have_text(str(before + 1))
    bridge.commit(node.id, detection)
    with page.expect_response("**/api/figures*"), page.expect_response("**/api/figures*"):
        drop_sockets(page)
    page.wait_for_timeout(500)
    expect(_total(page, "Found").locator("strong")).to_have_text(str(before + 1))


def test_filters_range_and_colours_stand_in_the_address(today: Page, web: Web) -> None:
    today.get_by_role("button", name="7 days").click()
    expect(today.locator(".column")).to_have_count(7)
    expect(today.get_by_role("link", name=re.compile(r"4 defects, of them 4 chip$"))).to_have_count(1)
    today.get_by_role("button", name="Camera", exact=True).click()
    expect(today.locator(".legend")).to_contain_text("line-a")
    today.get_by_label("Camera", exact=True).select_option("line-b")
    expect(_total(today, "Found").locator("strong")).to_have_text("6")
    assert dict(parse_qsl(urlsplit(today.url)[3])) == {"range": "7d", "by": "device_id", "device": "line-b"}
    today.reload()
    expect(_total(today, "Found").locator("strong")).to_have_text("6")
    expect(today.get_by_label("Camera", exact=True)).to_have_value("line-b")
    today.get_by_label("Type").select_option("chip")
    expect(_total(today, "Found").locator("strong")).to_have_text("4")
    assert _listed(web, _total(today, "Found")) == 4


def test_the_file_holds_what_is_counted(today: Page, web: Web) -> None:
    today.get_by_label("Camera", exact=True).select_option("line-a")
    expect(_total(today, "Found").locator("strong")).to_have_text("4")
    with today.expect_download() as download:
        today.get_by_role("link", name="Export what is counted here as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 5
    assert all("line-a" in line for line in lines[1:])


def test_uptime_says_what_was_not_watched(today: Page) -> None:
    rows = today.locator("#uptime li")
    line_a, line_b = (rows.filter(has_text=f"line-{one}") for one in "ab")
    expect(line_a).to_contain_text(re.compile(r"online 100 % · not watched \d+ h"))
    expect(line_b).to_contain_text(re.compile(r"online 75 % · offline 60 min · not watched \d+ h"))
    assert line_b.get_by_role("link").get_attribute("href") == "/devices/line-b"


def test_all_of_it_is_reached_and_read_without_a_mouse(today: Page) -> None:
    today.keyboard.press("Tab")
    reached = []
    for _ in range(40):
        reached.append(today.evaluate("() => document.activeElement.getAttribute('class') ?? ''"))
        if reached[-1] == "whole":
            break
        today.keyboard.press("Tab")
    assert reached[-1] == "whole"
    today.keyboard.press("Home")
    for _ in range(9):
        today.keyboard.press("ArrowRight")
    focused = "() => document.activeElement.getAttribute('aria-label')"
    assert "09:00–10:00: 4 defects" in today.evaluate(focused)
    expect(today.locator(".tip")).to_contain_text("4 defects")
    today.keyboard.press("ArrowUp")
    assert today.evaluate(focused).endswith("3 scratch")
    today.keyboard.press("ArrowUp")
    assert today.evaluate(focused).endswith("1 crack")
    today.keyboard.press("Enter")
    today.wait_for_url(re.compile(r"/defects\?.*label=crack"))


def test_the_same_numbers_are_there_as_a_table(today: Page, web: Web) -> None:
    today.get_by_label("Show as table").check()
    row = today.get_by_role("row", name=re.compile("09:00–10:00"))
    assert [cell for cell in row.get_by_role("cell").all_inner_texts() if cell != "–"] == ["3", "1", "4"]
    assert _listed(web, row.get_by_role("link").last) == 4
    expect(today.locator(".plot")).to_be_hidden()


def test_nothing_found_says_so_and_leads_on(today: Page) -> None:
    today.get_by_label("Camera", exact=True).select_option("line-b")
    today.get_by_label("Type").select_option("chip")
    expect(today.locator("#chart .empty")).to_contain_text("None of these today")
    today.get_by_role("button", name="Count all").click()
    expect(today.locator("#chart .empty")).to_be_hidden()
    assert _found(today) >= 6


def test_what_cannot_be_counted_is_said_and_tried_again(today: Page) -> None:
    refused = {"error": {"code": "store.down", "message": "the store is away", "hint": "Start it."}}
    today.route("**/api/figures*", lambda route: route.fulfill(status=503, json=refused))
    today.get_by_role("button", name="24 hours").click()
    expect(today.get_by_role("alert")).to_contain_text("The store is away. Start it.")
    today.unroute("**/api/figures*")
    today.get_by_role("button", name="Try again").click()
    expect(today.get_by_role("alert")).to_be_hidden()
    assert _found(today) >= 6


def test_a_strangers_names_are_text_and_fit(today: Page, node: NodeLike, web: Web) -> None:
    evil = "<img src=x onerror=window.bad=1>" + "W" * 20
    node.publish_detection(node.detection(label=evil))
    expect(today.locator(".legend")).to_contain_text(evil)
    assert today.evaluate("() => window.bad") is None
    today.set_viewport_size({"width": 360, "height": 800})
    assert today.evaluate("() => document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits(at_noon: Callable[..., BrowserContext], web: Web, history: None, width: int, scheme: str) -> None:
    page = at_noon(width, scheme).new_page()
    for name, query in (("today", ""), ("30d", "?range=30d&by=device_id")):
        page.goto(f"{web.url}/figures{query}")
        expect(page.locator(".legend li").first).to_be_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        time.sleep(0.4)
        shoot(page, f"figures-{name}-{width}-{scheme}", full_page=True)


def test_on_paper_there_are_numbers_and_no_buttons(today: Page) -> None:
    today.emulate_media(media="print")
    for name in ("CSV", "24 hours", "Show as table"):
        expect(today.get_by_text(name, exact=True)).to_be_hidden()
    expect(today.locator(".about")).to_be_visible()
    shoot(today, "figures-print", full_page=True)


def test_where_the_connection_comes_late_what_there_is_to_choose_from_is_read_once(page: Page, web: Web) -> None:
    page.add_init_script(
        "window.WebSocket = class extends WebSocket {"
        "  set onopen(open) { super.onopen = () => setTimeout(open, 1500); } };"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{web.url}/figures")
    until(lambda: page.evaluate("() => true") and sum("/api/figures" in url for url in asked) >= 4, what="read again")
    assert sum("/api/defects/choices" in url for url in asked) == 1
