"""The list of defects over a network that breaks: what was missed, or crossed an answer, is there after all."""

from playwright.sync_api import Page, expect

from .defects_page import open_page, row, store, store_several
from .late import Late, drop_sockets, keep_sockets, refuse_once
from .processes import Web
from .publishers import BridgeLike, NodeLike


def reviewed_unheard(bridge: BridgeLike, id: str) -> None:
    """Somebody's review of which no page is told."""
    bridge.store.review(id, status="reviewed", note=None, by="ada", version=0)


def test_a_question_that_fails_beside_one_that_does_not_is_asked_again(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 40, picture=False)
    keep_sockets(page)
    open_page(page, web, node)
    page.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = 900; }")
    expect(row(page, ids[16])).to_be_visible()
    page.wait_for_timeout(300)
    top = row(page, ids[16]).bounding_box()
    for _ in range(2):
        store(node, bridge, picture=False)
    reviewed_unheard(bridge, ids[16])
    refuse_once(page, "limit=1&since=")
    with Late(page, "limit=200") as answer:
        drop_sockets(page)
        answer.wait()
    expect(page.locator(".news")).to_have_text("2 new", timeout=30_000)
    expect(row(page, ids[16])).to_contain_text("Reviewed")
    assert row(page, ids[16]).bounding_box() == top
