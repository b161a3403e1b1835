"""The page of defects for everybody: by the Tab key alone, and what axe-core says of all that opens there."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.waiting import until

from .accessible import barriers
from .defects_page import note, open_page, review, row, rows, store_several
from .processes import Web
from .publishers import BridgeLike, NodeLike
from .shots import shoot

WIDTHS = (360, 1280, 2560)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_barred_from_what_opens_on_the_page(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike, width: int, scheme: str
) -> None:
    ids = store_several(node, bridge, 8)
    review(web, ids[1], note="edge polished")
    review(web, ids[2], status="resolved", false_alarm="dirt")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800 if width < 600 else 1000})
    open_page(page, web, node)
    expect(row(page, ids[0]).locator("canvas")).to_be_visible()

    def look(what: str) -> None:
        page.wait_for_timeout(150)
        shoot(page, f"defects-{what}-{width}-{scheme}")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert barriers(page) == [], what

    look("list")
    for name in ("Camera", "Time", "Confidence", "More"):
        page.get_by_role("button", name=name, exact=True).click()
        look(f"popover-{name.lower()}")
        page.keyboard.press("Escape")
    row(page, ids[0]).locator(".pick").check()
    row(page, ids[3]).locator(".pick").check()
    look("selected")
    page.keyboard.press("x")
    look("reason")
    page.keyboard.press("1")
    expect(page.locator(".toast")).to_contain_text("2 defects: false alarm")
    look("undo")
    page.get_by_role("button", name="Grid").click()
    look("grid")
    row(page, ids[1]).locator(".open").click()
    expect(page.locator(".history li")).to_have_count(1)
    look("detail")


def test_with_the_tab_key_alone_one_comes_to_all_of_it(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second = store_several(node, bridge, 2)
    open_page(page, web, node)
    reached: list[str] = []
    page.keyboard.press("Tab")
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
        if reached[-1].startswith("scratch on"):
            break
    for name in ("Search in notes", "Camera", "False alarms", "List", "Grid", "More", "Pending2"):
        assert name in reached
    expect(row(page, first).locator(".open")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".detail .facts")).to_contain_text(first)
    expect(row(page, first).locator(".open")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".detail .facts")).to_contain_text(second)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.tagName") == "TEXTAREA":
            break
    page.keyboard.type("by keyboard")
    page.keyboard.press("Control+Enter")
    until(lambda: web.get(f"/api/defects/{second}")["note"] == "by keyboard")
    expect(note(page)).to_have_value("by keyboard")
    assert rows(page).count() == 2
