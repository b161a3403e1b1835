"""The page of defects by finger, in a real Chromium that is touched as a phone is."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.support.waiting import until

from .defects_page import row, rows, said, store_several
from .processes import Web
from .publishers import BridgeLike, NodeLike
from .shots import shoot

Point = tuple[float, float]


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone of 360 px; errors of our own scripts fail the test."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, device_scale_factor=2
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


class Fingers:
    """Fingers on the glass: each goes from one point to another, all at the same time."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._cdp: CDPSession = page.context.new_cdp_session(page)

    def move(self, *ways: tuple[Point, Point], steps: int = 12) -> None:
        self._touch("touchStart", [start for start, _ in ways])
        for step in range(1, steps + 1):
            at = step / steps
            self._touch("touchMove", [tuple(a + (b - a) * at for a, b in zip(*way, strict=True)) for way in ways])
            self._page.wait_for_timeout(16)
        self._touch("touchEnd", [])

    def _touch(self, type: str, points: list[tuple[float, ...]]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._cdp.send("Input.dispatchTouchEvent", {"type": type, "touchPoints": touches})


def _open(page: Page, web: Web, node: NodeLike) -> None:
    page.goto(f"{web.url}/defects?device={node.id}")
    expect(page.locator(".listing")).to_have_attribute("aria-busy", "false")


def _centre(page: Page, selector: str) -> Point:
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_swipe_scrolls_the_list_and_opens_nothing(phone: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    store_several(node, bridge, 40, picture=False)
    _open(phone, web, node)
    Fingers(phone).move(((180, 600), (180, 250)))
    until(lambda: phone.locator(".scroller").evaluate("(list) => list.scrollTop") > 200)
    assert phone.locator(".detail").is_hidden()
    expect(rows(phone).locator(":scope.picked")).to_have_count(0)
    shoot(phone, "touch-list")


def test_a_tap_opens_a_defect_whose_picture_is_zoomed_and_moved_by_fingers(
    phone: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second = store_several(node, bridge, 2)
    _open(phone, web, node)
    row(phone, first).locator(".open").tap()
    canvas = phone.locator(".picture canvas")
    expect(canvas).to_be_visible()
    shoot(phone, "touch-detail")
    x, y = _centre(phone, ".picture canvas")
    fingers, zoom = Fingers(phone), phone.locator(".zoom")
    expect(zoom).to_be_empty()
    before = phone.evaluate("() => visualViewport.scale")
    fingers.move(((x - 20, y), (x - 90, y)), ((x + 20, y), (x + 90, y)))
    expect(zoom).not_to_be_empty()
    assert phone.evaluate("() => visualViewport.scale") == before, "the picture is zoomed, not the page"
    shoot(phone, "touch-zoomed")
    seen = canvas.evaluate("(canvas) => canvas.toDataURL()")
    fingers.move(((x, y), (x - 60, y)))
    assert canvas.evaluate("(canvas) => canvas.toDataURL()") != seen, "one finger moves what is zoomed"
    phone.get_by_role("button", name="Close", exact=True).tap()
    expect(phone.locator(".detail")).to_be_hidden()
    row(phone, second).locator(".open").tap()
    expect(canvas).to_be_visible()
    phone.go_back()
    expect(phone.locator(".detail")).to_be_hidden()


def test_a_finger_on_the_whole_picture_scrolls_what_stands_below_it(
    phone: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [first] = store_several(node, bridge, 1)
    phone.set_viewport_size({"width": 360, "height": 480})
    _open(phone, web, node)
    row(phone, first).locator(".open").tap()
    expect(phone.locator(".picture canvas")).to_be_visible()
    x, y = _centre(phone, ".picture canvas")
    Fingers(phone).move(((x, y + 60), (x, y - 120)))
    until(lambda: phone.locator(".detail").evaluate("(detail) => detail.scrollTop") > 40)


def test_several_are_selected_and_reviewed_by_finger(phone: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    ids = store_several(node, bridge, 4, picture=False)
    _open(phone, web, node)
    for id in ids[:2]:
        row(phone, id).locator(".pick").tap()
    bar = phone.get_by_role("toolbar")
    expect(bar).to_contain_text("2 selected")
    assert phone.locator(".detail").is_hidden()
    shoot(phone, "touch-picked")
    bar.get_by_role("button", name="Reviewed").tap()
    until(lambda: [said(web, id)[0] for id in ids] == ["reviewed"] * 2 + ["pending"] * 2)
    phone.get_by_role("button", name="Undo").tap()
    until(lambda: [said(web, id)[0] for id in ids] == ["pending"] * 4)


def test_what_a_finger_has_to_hit_is_large_enough(phone: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    [first] = store_several(node, bridge, 1)
    _open(phone, web, node)
    row(phone, first).locator(".open").tap()
    expect(phone.locator(".picture canvas")).to_be_visible()
    small = phone.evaluate("""() => [...document.querySelectorAll("main button, main a, main label.switch")]
      .filter((one) => one.checkVisibility() && getComputedStyle(one).visibility === "visible")
      .map((one) => [one.innerText || one.ariaLabel, one.getBoundingClientRect()])
      .filter(([, { width, height }]) => height < 34 || width < 34)
      .map(([name, { width, height }]) => [name, width, height])""")
    assert small == []
