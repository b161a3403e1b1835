"""An undo on the page of defects that the network does not carry: nothing of it is lost."""

from playwright.sync_api import Page, Route, expect

from tests.support.waiting import until

from .defects_page import open_page, row, said, store_several
from .processes import Web
from .publishers import BridgeLike, NodeLike


def the_first_reviewed(page: Page, web: Web, node: NodeLike, bridge: BridgeLike, *, count: int) -> list[str]:
    """So many finds in the list, of which the first was just reviewed by keys."""
    ids = store_several(node, bridge, count)
    open_page(page, web, node)
    page.keyboard.press("j")
    page.keyboard.press("r")
    until(lambda: said(web, ids[0])[0] == "reviewed")
    return ids


def test_an_undo_that_does_not_come_through_is_offered_until_it_is_done(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second = the_first_reviewed(page, web, node, bridge, count=2)
    page.context.set_offline(True)
    page.get_by_role("button", name="Undo").click()
    failed = page.locator(".toast.failed")
    for _ in range(2):
        expect(failed).to_contain_text("It is not taken back. The web does not answer.")
        failed.get_by_role("button", name="Try again").click()
    expect(failed).to_have_count(1)
    expect(row(page, first)).to_contain_text("Reviewed")
    page.context.set_offline(False)
    page.keyboard.press("u")
    until(lambda: said(web, first)[0] == "pending")
    expect(failed).to_have_count(0)
    expect(page.locator(".toast")).to_have_text("Taken back")
    page.keyboard.press("u")
    expect(page.locator(".toast").last).to_contain_text("nothing to take back")
    assert said(web, second)[0] == "pending"


def test_an_undo_that_failed_makes_room_for_what_is_said_next(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    _, second = the_first_reviewed(page, web, node, bridge, count=2)
    page.context.set_offline(True)
    page.keyboard.press("u")
    expect(page.locator(".toast.failed")).to_have_count(1)
    page.context.set_offline(False)
    page.keyboard.press("j")
    page.keyboard.press("r")
    until(lambda: said(web, second)[0] == "reviewed")
    expect(page.locator(".toast.failed")).to_have_count(0)
    page.keyboard.press("u")
    until(lambda: said(web, second)[0] == "pending")


def test_an_undo_whose_answer_alone_was_lost_is_no_conflict(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [first] = the_first_reviewed(page, web, node, bridge, count=1)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/defects/reviews", lose, times=1)
    page.get_by_role("button", name="Undo").click()
    page.locator(".toast.failed").get_by_role("button", name="Try again").click()
    expect(page.locator(".toast")).to_have_text("Taken back")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert said(web, first)[0] == "pending"
