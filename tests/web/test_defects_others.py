"""Reviewing beside others: what they said is overwritten by nobody who has not seen it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, Route, expect

from tests.support.relay import Relay
from tests.support.waiting import until

from .defects_page import note, open_page, review, row, store_several
from .processes import Web
from .publishers import BridgeLike, NodeLike

THEIRS = {"status": "resolved", "note": "theirs", "false_alarm": "dirt"}

DOWN = {"error": {"code": "store.down", "message": "the store is not open yet", "hint": ""}}


def said(web: Web, id: str) -> tuple[str, str | None, str]:
    defect = web.get(f"/api/defects/{id}")
    return defect["status"], defect["false_alarm"], defect["note"]


def conflict(page: Page) -> Locator:
    return page.get_by_role("dialog", name="somebody else was faster")


def test_what_somebody_else_changed_since_it_was_selected_is_not_overwritten(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second, third = store_several(node, bridge, 3, picture=False)
    open_page(page, web, node, "&status=pending")
    for id in (first, second, third):
        row(page, id).locator(".pick").check()
    review(web, second, **THEIRS)
    expect(row(page, second)).to_have_count(0)
    page.get_by_role("toolbar").get_by_role("button", name="Reviewed").click()
    expect(conflict(page)).to_contain_text("“theirs”")
    assert [said(web, id)[0] for id in (first, third)] == ["reviewed", "reviewed"]
    assert said(web, second) == ("resolved", "dirt", "theirs")
    page.get_by_role("button", name="Make it reviewed all the same").click()
    until(lambda: said(web, second) == ("reviewed", None, "theirs"))


def test_what_was_selected_and_changed_by_oneself_is_no_conflict(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1, picture=False)
    open_page(page, web, node)
    for key in ("j", "r", "e"):
        page.keyboard.press(key)
    until(lambda: said(web, one)[0] == "resolved")
    row(page, one).locator(".pick").check()
    for status in ("reviewed", "pending"):
        page.keyboard.press("u")
        until(lambda status=status: said(web, one)[0] == status)  # type: ignore[misc]
    page.keyboard.press("r")
    until(lambda: said(web, one)[0] == "reviewed")
    expect(row(page, one)).to_contain_text("Reviewed")
    page.keyboard.press("u")
    until(lambda: said(web, one)[0] == "pending")
    expect(conflict(page)).to_have_count(0)


def test_what_somebody_else_said_since_a_note_was_begun_is_shown_before_it_is_overwritten(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second = store_several(node, bridge, 2, picture=False)
    open_page(page, web, node)
    row(page, first).locator(".open").click()
    note(page).fill("mine")
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".detail .facts")).to_contain_text(second)
    review(web, first, **THEIRS)
    expect(row(page, first)).to_contain_text("False: dirt")
    page.keyboard.press("Escape")
    row(page, first).locator(".open").focus()
    page.keyboard.press("r")
    expect(conflict(page)).to_contain_text("“theirs”")
    assert said(web, first) == ("resolved", "dirt", "theirs")
    page.keyboard.press("Escape")
    row(page, first).locator(".open").click()
    expect(page.locator(".detail .said")).to_contain_text("made it resolved, “theirs”")
    expect(page.locator(".detail .said")).to_be_in_viewport(ratio=0.9)
    expect(note(page)).to_have_value("mine")
    note(page).press("Control+Enter")
    until(lambda: said(web, first) == ("resolved", "dirt", "mine"))
    expect(row(page, first)).not_to_contain_text("draft note")
    expect(conflict(page)).to_have_count(0)


@contextmanager
def away(page: Page, web: Web, path: str) -> Iterator[Callable[[], None]]:
    """The page at `path`, which hears nothing of what happens meanwhile, until it is called back."""
    closed: list[str] = []
    page.on("websocket", lambda socket: socket.on("close", lambda _: closed.append(socket.url)))
    with Relay(int(web.url.rsplit(":", 1)[1])) as link:
        page.goto(f"http://127.0.0.1:{link.port}{path}")
        expect(page.locator(".detail .facts")).to_be_visible()
        link.cut()
        until(lambda: page.wait_for_timeout(50) or closed)
        yield link.mend


def test_what_is_open_is_read_again_after_a_gap_until_it_is_there(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1, picture=False)
    refused: list[str] = []

    def refuse(route: Route) -> None:
        if refused:
            return route.continue_()
        refused.append(route.request.url)
        return route.fulfill(status=503, json=DOWN)

    with away(page, web, f"/defects/{one}?device={node.id}&label=crack") as come_back:
        page.route(f"**/api/defects/{one}", refuse)
        review(web, one, **THEIRS)
        come_back()
        expect(page.locator(".detail .chip")).to_have_text("Resolved", timeout=40_000)
        expect(note(page)).to_have_value("theirs")
        assert refused


def test_what_is_open_is_as_new_as_its_row(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    [one] = store_several(node, bridge, 1, picture=False)
    with away(page, web, f"/defects/{one}?device={node.id}") as come_back:
        page.route(f"**/api/defects/{one}", lambda route: route.fulfill(status=503, json=DOWN))
        review(web, one, **THEIRS)
        come_back()
        expect(row(page, one)).to_contain_text("False: dirt", timeout=40_000)
        expect(page.locator(".detail .chip")).to_have_text("Resolved")
        expect(note(page)).to_have_value("theirs")


def test_undo_takes_back_nothing_that_somebody_else_said(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1, picture=False)
    open_page(page, web, node)
    page.keyboard.press("j")
    page.keyboard.press("r")
    until(lambda: said(web, one)[0] == "reviewed")
    review(web, one, 1, **THEIRS)
    expect(row(page, one)).to_contain_text("False: dirt")
    page.keyboard.press("r")
    until(lambda: said(web, one) == ("reviewed", None, "theirs"))
    page.keyboard.press("u")
    until(lambda: said(web, one) == ("resolved", "dirt", "theirs"))
    page.keyboard.press("u")
    expect(page.locator(".toast").last).to_contain_text("nothing to take back")
    assert said(web, one) == ("resolved", "dirt", "theirs")


@contextmanager
def under_way(page: Page) -> Iterator[list[Route]]:
    """Reviews that are sent: nobody gets them, and nobody an answer, until the test says so."""
    routes: list[Route] = []
    page.route("**/api/defects/reviews", lambda route: routes.append(route))
    yield routes
    page.unroute("**/api/defects/reviews")


def test_what_could_not_be_said_leaves_what_somebody_else_said_meanwhile(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1, picture=False)
    open_page(page, web, node)
    page.keyboard.press("j")
    with under_way(page) as routes:
        page.keyboard.press("r")
        until(lambda: page.wait_for_timeout(20) or routes)
        review(web, one, **THEIRS)
        expect(row(page, one)).to_contain_text("False: dirt")
        routes[0].abort()
        expect(page.locator(".toast.failed")).to_contain_text("does not answer")
    expect(row(page, one)).to_contain_text("False: dirt")


def test_who_was_faster_is_not_shown_as_they_were_before(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1, picture=False)
    open_page(page, web, node)
    page.keyboard.press("j")
    with under_way(page) as routes:
        page.keyboard.press("r")
        until(lambda: page.wait_for_timeout(20) or routes)
        review(web, one, **THEIRS)
        late = routes[0].fetch()
        review(web, one, 1, status="pending", false_alarm=None)
        expect(row(page, one)).to_contain_text("Pending")
        routes[0].fulfill(response=late)
        expect(conflict(page)).to_be_visible()
    expect(row(page, one)).to_contain_text("Pending")
