"""The list of defects on paper, as somebody files it: from a real Chromium that prints."""

import re

from playwright.sync_api import Page, expect

from .defects_page import open_page, review, store_several
from .processes import Web
from .publishers import BridgeLike, NodeLike
from .shots import shoot

A4_PX = 718


def _begin(page: Page) -> None:
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    page.set_viewport_size({"width": A4_PX, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")


def test_what_is_loaded_is_printed_as_a_table_under_what_was_asked_for(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 60, picture=False, label="bubble")
    review(web, ids[0], note="edge polished")
    open_page(page, web, node, "&label=bubble&range=7d&score_min=0.5")
    page_marks = rb"/Type\s*/Page\b"
    assert len(re.findall(page_marks, page.pdf(format="A4"))) <= 4
    expect(page.locator(".sheet")).to_have_count(0)
    _begin(page)
    sheet = page.locator(".sheet")
    words = sheet.inner_text()
    for text in (
        r"Printed on \d+ \w+ \d{4}, \d\d:\d\d:\d\d, from 127\.0\.0\.1",
        f"Camera: {node.id}; Type: bubble; Time: Last 7 days; Confidence: ≥ 50 %\\.", r"60 defects, newest first\.",
        ids[0], ids[-1], "edge polished", "Reviewed",
    ):  # fmt: skip
        assert re.search(text, words), text
    assert sheet.locator("tbody tr").count() == 60
    heights = sheet.evaluate("(sheet) => [...sheet.querySelectorAll('tbody tr')].map((row) => row.clientHeight)")
    assert max(heights[1:]) <= 40, "no word is broken"
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("() => getComputedStyle(document.body).color") == "rgb(21, 35, 42)"
    expect(page.locator("button:visible, input:visible, a:visible")).to_have_count(0)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= A4_PX
    shoot(page, "defects-printed", full_page=True)


def test_a_part_says_of_how_many_it_is_and_where_all_are(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    store_several(node, bridge, 260, picture=False)
    open_page(page, web, node)
    _begin(page)
    sheet = page.locator(".sheet")
    printed = sheet.locator("tbody tr").count()
    assert printed < 260
    expect(sheet).to_contain_text(f"Numbers 1 to {printed} of 260 defects, newest first; the export has all.")
