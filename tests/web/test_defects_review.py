"""Reviewing on the page of defects: keys, many at once, undo, and several people at work."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from tests.support.waiting import until

from .defects_page import find, note, open_page, review, row, rows, said, store, store_several
from .people import SECRET
from .processes import Web
from .publishers import BridgeLike, NodeLike


def test_keys_alone_go_through_the_list(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    first, second, third, fourth = store_several(node, bridge, 4)
    open_page(page, web, node)
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(row(page, second).locator(".open")).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("2")
    expect(row(page, third).locator(".open")).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(row(page, fourth).locator(".open")).to_be_focused()
    page.keyboard.press("e")
    expect(row(page, fourth)).to_contain_text("Resolved")
    until(lambda: said(web, first) == ("reviewed", None, ""))
    until(lambda: said(web, second) == ("resolved", "dirt", ""))
    until(lambda: said(web, third) == ("resolved", "other", ""))
    until(lambda: said(web, fourth) == ("resolved", None, ""))
    expect(row(page, second)).to_contain_text("False: dirt")
    page.keyboard.press("k")
    expect(row(page, third).locator(".open")).to_be_focused()


def test_escape_takes_no_reason_and_says_nothing(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    [one] = store_several(node, bridge, 1)
    open_page(page, web, node)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("dialog", name="It is a false alarm")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="It is a false alarm")).to_be_hidden()
    page.keyboard.press("j")
    expect(row(page, one).locator(".open")).to_be_focused()
    assert said(web, one) == ("pending", None, "")


def test_u_takes_back_one_after_the_other_and_goes_back_to_it(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second, _third = store_several(node, bridge, 3)
    review(web, first, status="resolved", note="kept", false_alarm="water")
    open_page(page, web, node)
    for key in ("j", "r", "r"):
        page.keyboard.press(key)
    until(lambda: said(web, second)[0] == "reviewed")
    assert said(web, first) == ("reviewed", None, "kept")
    page.keyboard.press("u")
    until(lambda: said(web, second)[0] == "pending")
    expect(row(page, second).locator(".open")).to_be_focused()
    page.keyboard.press("u")
    until(lambda: said(web, first) == ("resolved", "water", "kept"))
    expect(row(page, first).locator(".open")).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator(".toast").last).to_contain_text("nothing to take back")


def test_a_row_that_fits_no_more_is_seen_for_a_moment_and_undo_brings_it_back(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second = store_several(node, bridge, 2)
    open_page(page, web, node, "&status=pending")
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(row(page, first)).to_contain_text("Reviewed")
    expect(row(page, first)).to_have_count(0)
    expect(row(page, second).locator(".open")).to_be_focused()
    expect(page.get_by_role("button", name="Pending 1")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(row(page, first)).to_contain_text("Pending")
    expect(page.get_by_role("button", name="Pending 2")).to_be_visible()
    expect(page.get_by_role("button", name="Reviewed 0")).to_be_visible()


def test_many_are_selected_by_space_and_shift_and_reviewed_at_once_with_undo(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 6, picture=False)
    open_page(page, web, node)
    page.keyboard.press("j")
    expect(row(page, ids[0]).locator(".open")).to_be_focused()
    page.keyboard.press("Space")
    row(page, ids[3]).locator(".pick").click(modifiers=["Shift"])
    expect(page.get_by_role("toolbar")).to_contain_text("4 selected")
    page.get_by_role("toolbar").get_by_role("button", name="Reviewed").click()
    expect(page.locator(".toast")).to_contain_text("4 defects: reviewed")
    until(lambda: [said(web, id)[0] for id in ids] == ["reviewed"] * 4 + ["pending"] * 2)
    expect(page.get_by_role("toolbar")).to_be_hidden()
    page.keyboard.press("u")
    until(lambda: [said(web, id)[0] for id in ids] == ["pending"] * 6)
    page.keyboard.press("a")
    expect(page.get_by_role("toolbar")).to_contain_text("6 selected")
    page.keyboard.press("Escape")
    expect(page.get_by_role("toolbar")).to_be_hidden()


def test_more_than_two_hundred_go_in_parts_and_come_back_in_parts(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 250, picture=False)
    open_page(page, web, node)
    for _ in range(8):
        page.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = scroller.scrollHeight; }")
        page.wait_for_timeout(150)
    page.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = 0; }")
    posted: list[int] = []
    page.on(
        "request",
        lambda asked: (
            posted.append(len(json.loads(asked.post_data or "{}").get("reviews", [])))
            if asked.method == "POST"
            else None
        ),
    )
    page.keyboard.press("a")
    expect(page.get_by_role("toolbar")).to_contain_text("250 selected")
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Resolved 250")).to_be_visible()
    until(lambda: web.get("/api/defects", device=node.id, limit=1)["counts"]["resolved"] == 250)
    page.keyboard.press("u")
    until(lambda: web.get("/api/defects", device=node.id, limit=1)["counts"]["pending"] == 250)
    until(lambda: page.wait_for_timeout(50) or posted == [200, 50, 200, 50])
    assert len(ids) == 250


def test_who_was_faster_is_named_with_the_choice_to_look_or_to_overwrite(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1)
    open_page(page, web, node)
    page.keyboard.press("j")
    page.route(
        "**/api/defects/reviews", lambda route: (review(web, one, status="resolved", note="theirs"), route.continue_())
    )
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Somebody else was faster")
    expect(dialog).to_contain_text(re.compile("web-1 made scratch on .* resolved at .*: “theirs”"))
    page.unroute("**/api/defects/reviews")
    dialog.get_by_role("button", name="Make it reviewed all the same").click()
    until(lambda: said(web, one) == ("reviewed", None, "theirs"))
    expect(row(page, one)).to_contain_text("Reviewed")


def test_what_cannot_be_sent_is_taken_back_from_the_page_and_said(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1)
    open_page(page, web, node)
    page.keyboard.press("j")
    page.route("**/api/defects/reviews", lambda route: route.abort())
    page.keyboard.press("r")
    expect(page.locator(".toast.failed")).to_contain_text("does not answer")
    expect(row(page, one)).to_contain_text("Pending")
    expect(page.get_by_role("button", name="Pending 1")).to_be_visible()


def test_a_note_that_is_being_written_survives_pushes_and_the_next_defect(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second = store_several(node, bridge, 2)
    open_page(page, web, node)
    row(page, first).locator(".open").click()
    note(page).fill("half a sen")
    review(web, first, status="resolved", note="theirs")
    expect(page.locator(".said")).to_contain_text("Somebody else changed")
    expect(note(page)).to_have_value("half a sen")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#detail-title")).to_be_visible()
    expect(row(page, first)).to_contain_text("draft note")
    expect(note(page)).to_have_value("")
    page.get_by_role("button", name="Previous").click()
    expect(note(page)).to_have_value("half a sen")
    note(page).press("Control+Enter")
    until(lambda: said(web, first) == ("resolved", None, "half a sen"))
    expect(row(page, first)).not_to_contain_text("draft note")
    assert said(web, second) == ("pending", None, "")


def test_who_leaves_with_a_half_written_note_is_asked(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    [one] = store_several(node, bridge, 1)
    open_page(page, web, node, id=one)
    note(page).fill("half")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("() => { location.href = '/'; }")
    until(lambda: page.wait_for_timeout(50) or asked)
    assert asked == ["beforeunload"]
    assert "/defects/" in page.url
    page.get_by_role("button", name="Save note").click()
    until(lambda: said(web, one)[2] == "half")


def test_what_was_typed_goes_along_with_a_key(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    [one, _] = store_several(node, bridge, 2)
    open_page(page, web, node)
    row(page, one).locator(".open").click()
    note(page).fill("polished")
    page.get_by_role("button", name="Duplicate").click()
    until(lambda: said(web, one) == ("resolved", "duplicate", "polished"))


@contextmanager
def signed_in(browser: Browser, web: Web, name: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(web.url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(SECRET)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#account")).to_contain_text(name)
    yield page
    context.close()


def test_a_viewer_sees_the_same_page_without_what_reviews(
    browser: Browser, guarded: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    one = store(node, bridge)
    with signed_in(browser, guarded, "vic") as page:
        open_page(page, guarded, node)
        expect(row(page, one)).to_be_visible()
        expect(row(page, one).locator(".pick")).to_be_hidden()
        for key in ("j", "r", "Space", "a"):
            page.keyboard.press(key)
        expect(page.get_by_role("toolbar")).to_be_hidden()
        row(page, one).locator(".open").click()
        expect(page.locator(".facts")).to_contain_text(one)
        expect(page.locator(".review")).to_be_hidden()
        assert said_by(guarded, page, one) == "pending"


def said_by(web: Web, page: Page, id: str) -> str:
    return str(page.evaluate("(id) => fetch(`/api/defects/${id}`).then((answer) => answer.json())", id)["status"])


def test_two_people_see_each_others_reviews_with_names(
    browser: Browser, guarded: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    one, other = store_several(node, bridge, 2)
    with signed_in(browser, guarded, "anna") as anna, signed_in(browser, guarded, "boss") as boss:
        for page in (anna, boss):
            open_page(page, guarded, node)
        anna.keyboard.press("j")
        anna.keyboard.press("r")
        expect(row(boss, one)).to_contain_text("by anna")
        expect(row(boss, one)).to_have_class(re.compile("fresh"))
        expect(row(anna, one)).not_to_have_class(re.compile("fresh"))
        boss.keyboard.press("a")
        boss.keyboard.press("e")
        expect(row(anna, other)).to_contain_text("by boss")
        expect(row(anna, one)).to_contain_text("Resolved")
        anna.keyboard.press("u")
        expect(anna.get_by_role("dialog", name="Somebody else was faster")).to_contain_text("boss made scratch")


def test_a_find_that_is_not_stored_yet_cannot_be_reviewed_and_says_so(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    find(node, bridge)
    open_page(page, web, node)
    detection = node.detection()
    node.publish_detection(detection)
    expect(row(page, detection.event_id)).to_contain_text("not stored yet")
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(page.locator(".toast")).to_contain_text("not stored yet")
    expect(rows(page)).to_have_count(2)
