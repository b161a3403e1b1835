"""One defect beside the list: address, picture, facts, history."""

import json

from playwright.sync_api import Page, expect

from .defects_page import find, note, open_page, review, row, rows, store, store_several
from .processes import Web
from .publishers import BOX, BridgeLike, NodeLike

VIEW = """(canvas) => {
  const context = canvas.getContext("2d");
  const at = (x, y) => [...context.getImageData(canvas.width * x, canvas.height * y, 1, 1).data].slice(0, 3);
  return JSON.stringify([at(0.1, 0.1), at(0.5, 0.5), at(0.37, 0.3), at(0.9, 0.9)]);
}"""

PINCH = """(canvas) => {
  const box = canvas.getBoundingClientRect();
  const point = (type, pointerId, x) => canvas.dispatchEvent(
    new PointerEvent(type, { pointerId, clientX: box.x + x, clientY: box.y + 200, bubbles: true }));
  canvas.setPointerCapture = () => {};
  for (const [type, id, x] of [["down", 1, 200], ["down", 2, 240], ["move", 2, 300], ["up", 1, 200], ["up", 2, 300]]) {
    point(`pointer${type}`, id, x);
  }
}"""


def test_a_click_opens_it_beside_the_list_and_back_closes_it(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second = store_several(node, bridge, 2)
    open_page(page, web, node)
    row(page, first).locator(".open").click()
    panel = page.locator(".detail")
    for text in ("scratch", "91 %", node.id, "glass-n", first, "4 frames", "96 × 96 px", "1 of 2"):
        expect(panel).to_contain_text(text)
    assert f"/defects/{first}?device={node.id}" in page.url
    expect(row(page, second)).to_be_visible()
    row(page, second).locator(".open").click()
    expect(panel).to_contain_text(second)
    page.go_back()
    expect(panel).to_be_hidden()
    assert f"/defects?device={node.id}" in page.url
    page.go_forward()
    expect(panel).to_contain_text(second)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(row(page, second).locator(".open")).to_be_focused()


def test_an_address_opens_one_that_lies_outside_what_is_listed(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    one = store(node, bridge, label="bubble")
    open_page(page, web, node, "&label=crack", id=one)
    expect(page.locator(".detail")).to_contain_text(one)
    expect(page.locator(".empty")).to_contain_text("No defect fits these filters")
    review(web, one, note="looked at")
    expect(note(page)).to_have_value("looked at")


def test_an_address_of_nothing_says_so_and_shows_the_list(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    one = store(node, bridge)
    page.goto(f"{web.url}/defects/00000000-0000-7000-8000-000000000000?device={node.id}")
    expect(page.locator(".toast.failed")).to_contain_text("is stored")
    expect(row(page, one)).to_be_visible()
    assert page.url == f"{web.url}/defects?device={node.id}"


def test_keys_walk_through_what_is_open(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    first, second, third = store_several(node, bridge, 3)
    open_page(page, web, node)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".detail .facts")).to_contain_text(first)
    page.keyboard.press("j")
    expect(page.locator(".detail .facts")).to_contain_text(second)
    page.keyboard.press("r")
    expect(page.locator(".detail .facts")).to_contain_text(third)
    expect(row(page, second)).to_contain_text("Reviewed")
    page.keyboard.press("u")
    expect(page.locator(".detail .facts")).to_contain_text(second)
    expect(page.locator(".detail .chip")).to_have_text("Pending")


def test_the_picture_is_zoomed_moved_and_its_boxes_switched(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    outline = [(0.3, 0.3), (0.45, 0.3), (0.45, 0.5)]
    one = store(node, bridge, boxes=[BOX.model_copy(update={"mask": outline})])
    open_page(page, web, node, id=one)
    canvas = page.locator(".picture canvas")
    expect(canvas).to_be_visible()
    whole = canvas.evaluate(VIEW)
    page.get_by_role("checkbox", name="Boxes").uncheck()
    page.get_by_role("checkbox", name="Outlines").uncheck()
    bare = canvas.evaluate(VIEW)
    assert bare != whole
    page.keyboard.press("+")
    expect(page.locator(".zoom")).to_have_text("1.4 ×")
    assert canvas.evaluate(VIEW) != bare
    page.keyboard.press("-")
    expect(page.locator(".zoom")).to_have_text("")
    assert canvas.evaluate(VIEW) == bare
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    page.mouse.wheel(0, -400)
    expect(page.locator(".zoom")).to_have_text("2.1 ×")
    near = canvas.evaluate(VIEW)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.1, steps=4)
    page.mouse.up()
    assert canvas.evaluate(VIEW) != near
    canvas.dblclick()
    expect(page.locator(".zoom")).to_have_text("")
    page.keyboard.press("z")
    expect(page.locator(".zoom")).to_have_text("3.0 ×")


def test_two_fingers_zoom(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    open_page(page, web, node, id=store(node, bridge))
    canvas = page.locator(".picture canvas")
    expect(canvas).to_be_visible()
    canvas.evaluate(PINCH)
    expect(page.locator(".zoom")).to_have_text("2.5 ×")


def test_history_tells_who_did_what(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    one = store(node, bridge)
    open_page(page, web, node, id=one)
    expect(page.locator(".history")).to_be_hidden()
    review(web, one, note="first look")
    review(web, one, 1, status="resolved", false_alarm="edge")
    steps = page.locator(".history li")
    expect(steps).to_have_count(2)
    expect(steps.first).to_contain_text("Reviewed → Resolved, False: edge")
    expect(steps.last).to_contain_text("first look")
    expect(steps.last).to_contain_text("web-1")


def test_it_can_be_copied_opened_and_downloaded(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    one = store(node, bridge)
    open_page(page, web, node, id=one)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == f"{web.url}/defects/{one}"
    with page.expect_download() as picture:
        page.get_by_role("link", name="Download").click()
    assert picture.value.path().read_bytes()[:2] == b"\xff\xd8"
    assert picture.value.suggested_filename == f"scratch-{node.id}-{one}.jpg"
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open picture").click()
    assert "/image" in opened.value.url


def test_on_a_tablet_it_has_the_whole_page_and_the_list_is_there_again_after(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    page.set_viewport_size({"width": 820, "height": 1100})
    first, second = store_several(node, bridge, 2)
    open_page(page, web, node)
    row(page, first).locator(".open").click()
    expect(page.locator(".detail .facts")).to_contain_text(first)
    box = page.locator(".detail").bounding_box()
    assert box
    assert box["width"] == 820
    expect(rows(page).first).to_be_hidden()
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".detail .facts")).to_contain_text(second)
    page.get_by_role("button", name="Close", exact=True).click()
    expect(row(page, second)).to_be_visible()


def test_a_picture_that_comes_later_is_shown_when_it_is_there(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    detection = node.detection()
    bridge.commit(node.id, detection)
    open_page(page, web, node, id=detection.event_id)
    expect(page.locator(".picture .missing")).to_contain_text("not stored yet")
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id))
    bridge.receipt(node.id, detection)
    expect(page.locator(".picture canvas")).to_be_visible()


def test_on_paper_the_list_is_a_table_and_one_defect_is_a_page(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    one, _ = store_several(node, bridge, 2)
    find(node, bridge, label="chip")
    open_page(page, web, node)
    page.evaluate("() => { window.print = () => { window.printed = document.querySelector('.sheet').innerText; }; }")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Print the list").click()
    page.wait_for_function("() => window.printed")
    sheet = page.locator(".sheet")
    assert sheet.locator("tbody tr").count() == 3
    page.emulate_media(media="print")
    expect(sheet).to_be_visible()
    expect(page.locator(".defects")).to_be_hidden()
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    expect(sheet).to_have_count(0)
    page.emulate_media(media="screen")
    row(page, one).locator(".open").click()
    expect(page.locator(".picture canvas")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".detail .facts")).to_be_visible()
    expect(page.locator(".detail .review")).to_be_hidden()
    expect(rows(page).first).to_be_hidden()
    assert json.loads(page.locator(".picture canvas").evaluate(VIEW))
