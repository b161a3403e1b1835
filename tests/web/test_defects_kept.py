"""Nothing is lost on the page of defects that was written or shown as said, whatever becomes of it on its way."""

import sqlite3
from pathlib import Path

from playwright.sync_api import Dialog, Page, Route, expect

from tests.support.waiting import until

from .defects_page import note, open_page, row, store_several
from .processes import Web
from .publishers import BridgeLike, NodeLike

FAR_AWAY = """
const ask = window.fetch;
window.fetch = async (path, options) => {
  const answer = await ask(path, options);
  if (String(path).endsWith("/reviews")) await new Promise((done) => { setTimeout(done, 6000); });
  return answer;
};
"""


def test_what_waits_for_its_turn_is_asked_for_and_sent_when_somebody_leaves(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 5, picture=False)
    page.add_init_script(FAR_AWAY)
    open_page(page, web, node)
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept() if len(asked) > 1 else dialog.dismiss()

    page.on("dialog", answer)
    page.keyboard.press("j")
    for _ in range(4):
        page.keyboard.press("r")
    page.keyboard.press("e")
    for id in ids[:4]:
        expect(row(page, id)).to_contain_text("Reviewed")
    page.evaluate("() => { location.href = '/figures'; }")
    until(lambda: page.wait_for_timeout(50) or asked)
    assert "/defects" in page.url
    page.evaluate("() => { location.href = '/figures'; }")
    page.wait_for_url("**/figures")
    assert asked == ["beforeunload"] * 2
    until(lambda: [web.get(f"/api/defects/{id}")["status"] for id in ids] == ["reviewed"] * 4 + ["resolved"])


def test_what_is_written_while_a_note_is_on_its_way_is_still_to_be_saved(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    one, other = store_several(node, bridge, 2, picture=False)
    open_page(page, web, node)
    row(page, one).locator(".open").click()
    said = page.locator(".detail .said")
    routes: list[Route] = []
    page.route("**/api/defects/reviews", lambda route: routes.append(route))
    note(page).fill("a crack")
    note(page).press("Control+Enter")
    until(lambda: page.wait_for_timeout(20) or routes)
    expect(said).to_have_text("Saving …")
    note(page).press_sequentially(", 12 cm")
    routes[0].continue_()
    page.unroute("**/api/defects/reviews")
    until(lambda: web.get(f"/api/defects/{one}")["note"] == "a crack")
    expect(page.locator(".history")).to_contain_text("a crack")
    expect(said).to_have_text("")
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".detail .facts")).to_contain_text(other)
    expect(row(page, one)).to_contain_text("draft note")
    page.get_by_role("button", name="Previous").click()
    expect(note(page)).to_have_value("a crack, 12 cm")
    note(page).press("Control+Enter")
    expect(said).to_have_text("Saved")
    expect(row(page, one)).not_to_contain_text("draft note")
    assert web.get(f"/api/defects/{one}")["note"] == "a crack, 12 cm"


def test_what_could_not_be_sent_is_selected_again(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    ids = store_several(node, bridge, 3, picture=False)
    open_page(page, web, node)
    for id in ids[:2]:
        row(page, id).locator(".pick").check()
    page.route("**/api/defects/reviews", lambda route: route.abort())
    page.keyboard.press("r")
    expect(page.locator(".toast.failed")).to_contain_text("does not answer")
    expect(page.get_by_role("toolbar")).to_contain_text("2 selected")
    page.unroute("**/api/defects/reviews")
    page.keyboard.press("r")
    until(lambda: [web.get(f"/api/defects/{id}")["status"] for id in ids] == ["reviewed", "reviewed", "pending"])
    expect(page.get_by_role("toolbar")).to_be_hidden()


def test_a_note_that_could_not_be_sent_is_said_to_be_saved_no_longer(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1, picture=False)
    open_page(page, web, node, id=one)
    page.route("**/api/defects/reviews", lambda route: route.abort())
    note(page).fill("a crack")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".toast.failed")).to_contain_text("does not answer")
    expect(page.locator(".detail .said")).to_have_text("")
    expect(note(page)).to_have_value("a crack")


def test_a_defect_that_the_store_has_no_more_goes_with_a_word(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike, folder: Path
) -> None:
    one, other = store_several(node, bridge, 2, picture=False)
    open_page(page, web, node)
    with sqlite3.connect(folder / "glassline.db", timeout=20) as store:
        store.execute("PRAGMA foreign_keys=ON")
        store.execute("DELETE FROM defects WHERE event_id = ?", (one,))
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(page.locator(".toast.failed")).to_contain_text("is stored no more")
    expect(row(page, one)).to_have_count(0)
    expect(row(page, other).locator(".open")).to_be_focused()
    expect(page.get_by_role("button", name="Pending 1")).to_be_visible()


def test_a_find_that_is_stored_and_could_not_be_read_yet_is_reviewed_as_soon_as_it_is(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    store_several(node, bridge, 1, picture=False)
    open_page(page, web, node)
    detection = node.detection()
    id = detection.event_id
    node.publish_detection(detection)
    expect(row(page, id)).to_contain_text("not stored yet")
    bridge.receipt(node.id, detection)
    expect(row(page, id)).to_contain_text("Pending")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".detail .facts")).to_contain_text(id)
    page.keyboard.press("r")
    expect(page.locator(".toast")).to_contain_text("is being read")
    expect(page.locator(".detail .facts")).to_contain_text(id)
    bridge.commit(node.id, detection)
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Save note")).to_be_enabled()
    page.keyboard.press("r")
    until(lambda: web.get(f"/api/defects/{id}")["status"] == "reviewed")
