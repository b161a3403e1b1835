"""The page of defects over 100,000 of them: it stays quick, small, and honest about where one is."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.support.waiting import until

from .defects_page import find, row, rows, store
from .many import copy_defect
from .processes import Mosquitto, Web
from .publishers import BridgeLike, NodeLike

pytestmark = pytest.mark.alone
COUNT = 100_000
SCROLL = """async (px) => {
  const scroller = document.querySelector(".scroller");
  const took = [];
  let last = performance.now();
  const end = last + 4000;
  while (last < end) {
    scroller.scrollTop += px;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    took.push(now - last);
    last = now;
  }
  took.sort((one, other) => one - other);
  return { frames: took.length, p50: took[Math.floor(took.length * 0.5)], p95: took[Math.floor(took.length * 0.95)] };
}"""


@pytest.fixture(scope="module")
def full(folder: Path, broker: Mosquitto, web: Web, bridge: BridgeLike, store_url: str) -> Web:
    """A web whose store holds so many."""
    with NodeLike(broker.address, "pi-full") as node:
        copy_defect(store_url, store(node, bridge), COUNT - 1)
    return web


@pytest.fixture
def opened(page: Page, full: Web) -> Page:
    page.goto(f"{full.url}/defects")
    expect(page.get_by_role("button", name=re.compile("All 100,00"))).to_be_visible()
    expect(rows(page).first).to_be_visible()
    return page


def heap_mb(cdp: CDPSession) -> float:
    cdp.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"]) / 1e6


def places(page: Page) -> list[tuple[str, float]]:
    """Where each row is on the screen."""
    found = "(all) => all.map((row) => [row.dataset.id, row.getBoundingClientRect().top])"
    return sorted((id, top) for id, top in rows(page).evaluate_all(found))


def ranks(page: Page) -> tuple[int, int]:
    """The first and the last rank among the rows that are there."""
    found = page.evaluate("() => [...document.querySelectorAll('.row')].map((row) => Number(row.ariaPosInSet))")
    return min(found), max(found)


def test_scrolling_is_smooth_and_only_what_is_seen_is_there(opened: Page) -> None:
    cdp = opened.context.new_cdp_session(opened)
    cdp.send("Performance.enable")
    before = heap_mb(cdp)
    took = opened.evaluate(SCROLL, 120)
    print("scrolling", took, "heap", before, "->", heap_mb(cdp))
    assert took["p95"] < 50
    assert rows(opened).count() < 80
    assert opened.evaluate("() => document.querySelectorAll('*').length") < 1500
    for _ in range(3):
        opened.evaluate(SCROLL, 3000)
    assert heap_mb(cdp) < before + 12
    assert rows(opened).count() < 80


def test_the_scroll_bar_says_where_one_is_and_the_end_is_one_step_away(opened: Page) -> None:
    scroller = opened.locator(".scroller")
    height = scroller.evaluate("(scroller) => scroller.scrollHeight")
    high = rows(opened).first.evaluate("(row) => row.offsetHeight")
    assert height == pytest.approx(COUNT * high, rel=0.001)
    began_s = time.monotonic()
    scroller.evaluate("(scroller) => { scroller.scrollTop = scroller.scrollHeight; }")
    until(lambda: opened.wait_for_timeout(20) or (rows(opened).count() and ranks(opened)[1] == COUNT))
    print("to the end in", round(time.monotonic() - began_s, 2), "s")
    assert scroller.evaluate("(one) => Math.abs(one.scrollTop + one.clientHeight - one.scrollHeight) < 2")
    scroller.evaluate("(scroller) => { scroller.scrollTop = scroller.scrollHeight / 2; }")
    until(lambda: opened.wait_for_timeout(20) or (rows(opened).count() and abs(ranks(opened)[0] - COUNT / 2) < 50))
    scroller.evaluate("(scroller) => { scroller.scrollTop -= 20000; }")
    until(lambda: opened.wait_for_timeout(20) or (rows(opened).count() > 10))
    times = opened.evaluate("() => [...document.querySelectorAll('.row')].map((row) => Number(row.ariaPosInSet))")
    assert sorted(times) == list(range(min(times), max(times) + 1)), "no row is missing, none is there twice"


def test_somewhere_in_the_middle_a_new_one_moves_nothing(opened: Page, node: NodeLike, bridge: BridgeLike) -> None:
    opened.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = 3_000_000; }")
    until(lambda: opened.wait_for_timeout(20) or rows(opened).count() > 10)
    before = places(opened)
    new = find(node, bridge)
    expect(opened.locator(".news")).to_have_text("1 new")
    assert places(opened) == before
    opened.locator(".news").click()
    expect(row(opened, new)).to_be_visible()


def test_a_filter_of_many_is_answered_at_once(opened: Page) -> None:
    began_s = time.monotonic()
    opened.get_by_role("button", name="Type").click()
    opened.get_by_role("checkbox", name="crack", exact=True).check()
    expect(opened.get_by_role("button", name="All 20,000")).to_be_visible()
    assert time.monotonic() - began_s < 3
