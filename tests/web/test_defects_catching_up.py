"""The list of defects over a network that breaks: what was missed, or crossed an answer, is there after all."""

from playwright.sync_api import Page, expect

from .defects_page import find, open_page, review, row, store, store_several
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


def test_a_page_read_further_down_takes_nothing_back_that_was_pushed_meanwhile(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 130, picture=False)
    page.set_viewport_size({"width": 1280, "height": 500})
    scroller = page.locator(".scroller")
    with Late(page, "cursor=") as answer:
        open_page(page, web, node, "&status=pending")
        scroller.evaluate("(scroller) => { scroller.scrollTop = 90 * document.querySelector('.row').offsetHeight; }")
        answer.wait()
        review(web, ids[115])
        expect(page.get_by_role("button", name="Pending 129")).to_be_visible(timeout=30_000)
    scroller.evaluate("(scroller) => { scroller.scrollTop = scroller.scrollHeight; }")
    expect(row(page, ids[-1])).to_be_visible()
    expect(row(page, ids[114])).to_be_visible()
    expect(row(page, ids[115])).to_have_count(0)
    expect(row(page, ids[-1])).to_have_attribute("aria-setsize", "129")
    expect(page.get_by_role("button", name="Pending 129")).to_be_visible()


def test_what_is_pushed_while_the_web_counts_is_counted(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 130, picture=False)
    page.set_viewport_size({"width": 1280, "height": 500})
    open_page(page, web, node)
    expect(page.get_by_role("button", name="All 130")).to_be_visible()
    with Late(page, "limit=1$") as answer:
        review(web, ids[125])
        answer.wait()
        find(node, bridge)
        expect(page.get_by_role("button", name="All 131")).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.get_by_role("button", name="All 131")).to_be_visible()
    expect(page.get_by_role("button", name="Reviewed 1")).to_be_visible()


def test_an_answer_that_does_not_come_holds_up_nothing_once_the_list_has_caught_up(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 130, picture=False)
    page.set_viewport_size({"width": 1280, "height": 500})
    keep_sockets(page)
    open_page(page, web, node)
    scroller = page.locator(".scroller")
    with Late(page, "cursor=", times=1) as answer:
        scroller.evaluate("(scroller) => { scroller.scrollTop = 90 * document.querySelector('.row').offsetHeight; }")
        answer.wait()
        store(node, bridge, picture=False)
        drop_sockets(page)
        expect(page.locator(".news")).to_have_text("1 new", timeout=30_000)
        scroller.evaluate("(scroller) => { scroller.scrollTop = 20 * document.querySelector('.row').offsetHeight; }")
        expect(row(page, ids[20])).to_be_visible()
