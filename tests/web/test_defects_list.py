"""The list of defects in a real Chromium: what it shows, filters, the address, and what is pushed."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from .defects_page import find, open_page, review, row, rows, shown_ids, store, store_several
from .processes import Mosquitto, Web
from .publishers import BridgeLike, NodeLike
from .shots import shoot


def test_rows_show_what_was_found_newest_first_with_its_picture(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    old, new = store(node, bridge, ago_s=60, label="bubble", score=0.77), store(node, bridge, ago_s=30)
    open_page(page, web, node)
    assert shown_ids(page) == [new, old]
    for text in ("bubble", "77 %", node.id, "Pending"):
        expect(row(page, old)).to_contain_text(text)
    expect(row(page, old).locator("canvas")).to_be_visible()
    expect(page.get_by_role("button", name="All 2")).to_have_attribute("aria-pressed", "true")


def test_a_new_defect_slides_in_at_the_top_by_push(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    old = store(node, bridge, ago_s=60)
    open_page(page, web, node)
    detection = node.detection(label="chip")
    node.publish_detection(detection)
    expect(row(page, detection.event_id)).to_contain_text("not stored yet", timeout=2000)
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id))
    bridge.receipt(node.id, detection)
    expect(row(page, detection.event_id)).to_contain_text("Pending")
    expect(row(page, detection.event_id).locator("canvas")).to_be_visible()
    assert shown_ids(page) == [detection.event_id, old]
    expect(page.get_by_role("button", name="Pending 2")).to_be_visible()


def test_while_somebody_reads_further_down_nothing_moves_and_a_pill_says_how_many_came(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    store_several(node, bridge, 30, picture=False)
    open_page(page, web, node)
    page.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = 700; }")
    page.wait_for_timeout(200)
    before = page.evaluate(
        "() => [...document.querySelectorAll('.row')].map((r) => [r.dataset.id, r.getBoundingClientRect().top])"
    )
    new = [find(node, bridge), find(node, bridge)]
    expect(page.locator(".news")).to_have_text("2 new")
    after = page.evaluate(
        "() => [...document.querySelectorAll('.row')].map((r) => [r.dataset.id, r.getBoundingClientRect().top])"
    )
    assert after == before
    expect(page.get_by_role("button", name="All 32")).to_be_visible()
    page.locator(".news").click()
    expect(row(page, new[1])).to_be_visible()
    assert shown_ids(page)[:2] == [new[1], new[0]]
    expect(page.locator(".news")).to_be_hidden()


def test_the_focus_stays_where_it_is_when_something_is_pushed(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    first, second = store_several(node, bridge, 2)
    open_page(page, web, node)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(row(page, second).locator(".open")).to_be_focused()
    new = find(node, bridge)
    expect(row(page, new)).to_be_visible()
    expect(row(page, second).locator(".open")).to_be_focused()
    assert shown_ids(page) == [new, first, second]


def test_filters_stand_in_the_address_and_back_takes_them_away(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    chip, crack = store(node, bridge, ago_s=60, label="chip", score=0.95), store(node, bridge, label="crack", score=0.6)
    review(web, crack, status="resolved", note="from the frame", false_alarm="reflection")
    open_page(page, web, node)
    page.get_by_role("button", name="Type").click()
    page.get_by_role("checkbox", name="chip", exact=True).check()
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(1)
    assert "label=chip" in page.url
    page.get_by_role("button", name="Remove the filter chip").click()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Confidence").click()
    page.get_by_role("button", name="≥ 90 %").click()
    expect(rows(page)).to_have_count(1)
    assert "score_min=0.9" in page.url
    page.go_back()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="False alarms").click()
    page.get_by_role("button", name="False alarms only").click()
    expect(row(page, crack)).to_contain_text("False: reflection")
    expect(row(page, chip)).to_have_count(0)
    page.reload()
    expect(row(page, crack)).to_be_visible()
    expect(row(page, chip)).to_have_count(0)
    page.get_by_role("button", name="Clear filters").click()
    expect(row(page, chip)).to_be_visible()
    assert page.url.endswith("/defects")


def test_a_text_is_searched_in_notes_as_it_is_typed(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    other, noted = store(node, bridge, ago_s=60), store(node, bridge)
    review(web, noted, note="Edge polished")
    open_page(page, web, node)
    page.keyboard.press("/")
    page.keyboard.type("polish", delay=30)
    expect(row(page, other)).to_have_count(0)
    expect(row(page, noted)).to_be_visible()
    assert "text=polish" in page.url
    page.go_back()
    expect(row(page, other)).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search in notes")).to_have_value("")


def test_times_are_chosen_by_range_or_from_to(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    old, new = store(node, bridge, ago_s=3 * 86_400), store(node, bridge)
    open_page(page, web, node)
    page.get_by_role("button", name="Time").click()
    page.get_by_role("button", name="Last 24 h").click()
    expect(row(page, old)).to_have_count(0)
    expect(row(page, new)).to_be_visible()
    assert "range=24h" in page.url
    page.get_by_role("button", name="Time").click()
    page.get_by_label("To, without it").fill("2020-01-01T00:00")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".empty")).to_contain_text("No defect fits these filters")
    assert "until=" in page.url
    assert "range" not in page.url


def test_what_no_filter_fits_says_what_to_do(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    [one] = store_several(node, bridge, 1)
    open_page(page, web, node, "&status=resolved")
    expect(page.locator(".empty")).to_contain_text("No defect fits these filters")
    review(web, one)
    open_page(page, web, node, "&status=pending")
    expect(page.locator(".empty")).to_contain_text("Nothing is left to review")
    page.get_by_role("button", name="Show all").click()
    expect(row(page, one)).to_be_visible()


def test_without_any_defect_the_page_leads_to_the_diagnosis(tmp_path: Path, page: Page) -> None:
    with Mosquitto(tmp_path) as broker, Web(tmp_path, broker=broker.address) as web:
        page.goto(f"{web.url}/defects")
        expect(page.locator(".empty")).to_contain_text("No defects yet")
        expect(page.get_by_role("link", name="Open the diagnosis")).to_be_visible()


def test_a_store_that_is_away_is_said_and_the_list_comes_with_it(tmp_path: Path, page: Page) -> None:
    (tmp_path / "no").write_text("a file where a folder should be")
    with Mosquitto(tmp_path) as broker, Web(tmp_path, broker=broker.address, store=f"sqlite:{tmp_path}/no/x.db") as web:
        page.goto(f"{web.url}/defects")
        expect(page.locator(".empty")).to_contain_text("The list cannot be read")
        (tmp_path / "no").unlink()
        expect(page.locator(".empty")).to_contain_text("No defects yet", timeout=30_000)


def test_list_or_grid_is_remembered(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    store_several(node, bridge, 5)
    open_page(page, web, node)
    page.get_by_role("button", name="Grid").click()
    tops = {round(box["y"]) for box in (one.bounding_box() for one in rows(page).all()) if box}
    assert len(tops) == 1
    page.reload()
    expect(page.get_by_role("button", name="Grid")).to_have_attribute("aria-pressed", "true")
    expect(rows(page).first).to_be_visible()


def test_another_persons_review_is_seen_at_once_with_who_did_it_and_leaves_where_it_fits_no_more(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    stays, leaves = store_several(node, bridge, 2)
    open_page(page, web, node, "&status=pending")
    review(web, leaves, status="resolved")
    expect(row(page, leaves)).to_contain_text("Resolved", timeout=1000)
    expect(row(page, leaves)).to_have_class(re.compile("leaves"))
    expect(row(page, leaves)).to_have_count(0)
    expect(row(page, stays)).to_be_visible()
    expect(page.get_by_role("button", name="Pending 1")).to_be_visible()


def test_where_the_focused_row_leaves_the_one_behind_it_has_the_focus(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    ids = store_several(node, bridge, 6, picture=False)
    open_page(page, web, node, "&status=pending")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(row(page, ids[1]).locator(".open")).to_be_focused()
    review(web, ids[1])
    expect(row(page, ids[1])).to_have_count(0)
    expect(row(page, ids[2]).locator(".open")).to_be_focused()
    page.keyboard.press("j")
    expect(row(page, ids[3]).locator(".open")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(ids[3]))
    review(web, ids[3])
    expect(row(page, ids[3])).to_have_count(0)
    expect(row(page, ids[4]).locator(".open")).to_be_focused()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(ids[4]))


def test_after_the_web_was_away_the_list_catches_up_without_losing_its_place(
    tmp_path: Path, page: Page, node: NodeLike, bridge: BridgeLike, broker: Mosquitto, store_url: str
) -> None:
    ids = store_several(node, bridge, 40, picture=False)
    with Web(tmp_path, broker=broker.address, store=store_url, id="web-c") as first:
        port = first.port
        open_page(page, first, node)
        page.evaluate("() => { window.sameDocument = true; }")
        page.locator(".scroller").evaluate("(scroller) => { scroller.scrollTop = 900; }")
        page.wait_for_timeout(300)
        row(page, ids[16]).locator(".pick").check()
        expect(page.locator(".picked-bar")).to_be_visible()
        top = row(page, ids[16]).bounding_box()
    new = [store(node, bridge), store(node, bridge)]
    with Web(tmp_path, broker=broker.address, store=store_url, id="web-c", port=port) as web:
        expect(page.locator(".news")).to_have_text("2 new", timeout=30_000)
        assert row(page, ids[16]).bounding_box() == top
        expect(row(page, ids[16]).locator(".pick")).to_be_checked()
        review(web, ids[16])
        expect(row(page, ids[16])).to_contain_text("Reviewed")
        page.locator(".news").click()
        expect(row(page, new[1])).to_be_visible()
        assert page.evaluate("() => window.sameDocument")


def test_the_export_is_of_exactly_what_is_filtered(page: Page, web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    store(node, bridge, label="stain")
    chip = store(node, bridge, label="chip")
    open_page(page, web, node, "&label=chip")
    page.get_by_role("button", name="More").click()
    with page.expect_download() as csv:
        page.get_by_role("link", name="Export CSV").click()
    lines = csv.value.path().read_text().splitlines()
    assert len(lines) == 2
    assert chip in lines[1]


def test_a_status_that_there_is_not_is_left_out_of_an_address(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1, picture=False)
    open_page(page, web, node, "&status=foo")
    expect(row(page, one)).to_be_visible()
    expect(page.get_by_role("button", name="All 1")).to_have_attribute("aria-pressed", "true")


def test_a_filter_that_the_web_refuses_is_said_and_not_asked_again(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    [one] = store_several(node, bridge, 1, picture=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/defects?" in request.url else None)
    page.goto(f"{web.url}/defects?text={'a' * 250}")
    expect(page.locator(".empty")).to_contain_text("The list cannot be read")
    expect(page.locator(".empty")).to_contain_text("characters. ")
    cross = page.locator(".removable b").bounding_box()
    assert cross
    assert cross["x"] < 400, "what removes the filter is seen, however long that is"
    before = len(asked)
    shoot(page, "defects-refused")
    page.wait_for_timeout(3000)
    assert len(asked) == before
    page.locator(".empty").get_by_role("button", name="Clear filters").click()
    expect(row(page, one)).to_be_visible()
    expect(page.locator(".empty")).to_be_hidden()
