"""The newest finds beside the live picture: pushed, in order, opened by a click, and caught up with after an outage."""

import signal
import time
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page, expect

from glassline.contract import Box, from_unix
from glassline.contract.messages import Detection
from glassline.store import open_store
from tests.support.hoard import Hoard
from tests.support.waiting import until

from .processes import Mosquitto, Web
from .publishers import BridgeLike, NodeLike
from .shots import shoot

SHIFTS = """() => {
  window.shifts = [];
  const what = ({ node }) => node?.className || node?.parentElement?.className || node?.nodeName;
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) window.shifts.push(`${value} ${sources.map(what)}`);
  }).observe({ type: "layout-shift" });
}"""


def test_a_new_find_appears_by_push_and_is_marked_until_it_is_stored(
    watched: Page, node: NodeLike, bridge: BridgeLike
) -> None:
    watched.evaluate("() => { window.sameDocument = true; }")
    detection = node.detection(label="bubble", score=0.77)
    node.publish_detection(detection)
    card = watched.locator(".card").first
    expect(card).to_contain_text("bubble", timeout=2000)
    expect(card).to_contain_text("77 %")
    expect(card).to_contain_text("not stored yet")
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id))
    bridge.receipt(node.id, detection)
    expect(card).to_contain_text("Pending")
    expect(card.locator("canvas")).to_be_visible()
    expect(card.locator("canvas")).to_have_js_property("width", 64)
    assert watched.evaluate("() => window.sameDocument")


def test_a_click_opens_the_find_and_a_review_is_kept(
    watched: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    event_id = bridge.store_find(node, label="crack")
    watched.locator(".card", has_text="crack").first.click()
    dialog = watched.get_by_role("dialog")
    for text in ("crack", "91 %", node.id, "glass-n", event_id, "4 frames"):
        expect(dialog).to_contain_text(text)
    dialog.get_by_label("Note").fill("<i>edge</i> polished")
    dialog.get_by_role("button", name="Reviewed").click()
    expect(dialog).to_contain_text("Saved")
    row = web.get(f"/api/defects/{event_id}")
    assert (row["status"], row["note"]) == ("reviewed", "<i>edge</i> polished")
    watched.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(watched.locator(".card", has_text="crack").first).to_contain_text("Reviewed")


def test_two_people_do_not_overwrite_each_other_unseen(
    watched: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    event_id = bridge.store_find(node, label="stain")
    watched.locator(".card", has_text="stain").first.click()
    dialog = watched.get_by_role("dialog")
    dialog.get_by_label("Note").fill("mine")
    other = {"status": "resolved", "note": "theirs", "version": 0}
    assert web.http.post(f"/api/defects/{event_id}/review", json=other).status_code == 200
    expect(dialog).to_contain_text("theirs")
    assert dialog.get_by_label("Note").input_value() == "mine"
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Saved")
    row = web.get(f"/api/defects/{event_id}")
    assert (row["note"], row["version"]) == ("mine", 2)


def test_a_find_whose_time_was_put_right_moves_to_its_place_and_is_not_there_twice(
    watched: Page, node: NodeLike, bridge: BridgeLike
) -> None:
    now = time.time()
    cards = watched.locator(".card", has_text="clock-")
    slow, between = _told(node, at_s=now - 3600, label="clock-a"), _told(node, at_s=now - 1800, label="clock-b")
    right = node.detection(event_id=slow.event_id, rev=1, label="clock-a", **_times(now))
    for told, labels in ((slow, ["clock-a"]), (between, ["clock-b", "clock-a"]), (right, ["clock-a", "clock-b"])):
        node.publish_detection(told)
        bridge.commit(node.id, told, node.evidence_of(told.event_id))
        bridge.receipt(node.id, told)
        expect(cards).to_contain_text(labels)


def _told(node: NodeLike, *, at_s: float, label: str) -> Detection:
    return node.detection(label=label, clock="unsynced", monotonic_s=60, **_times(at_s))


def _times(at_s: float) -> dict[str, datetime]:
    return dict.fromkeys(("first_at", "last_at", "frame_at", "confirmed_at"), from_unix(at_s))


def test_what_comes_from_the_wire_is_text_and_never_markup(watched: Page, node: NodeLike, bridge: BridgeLike) -> None:
    evil = "<img src=x onerror=window.bad=1>"
    bridge.store_find(node, label=evil, model=f"{evil}m")
    node.publish_frame(boxes=[Box(label=evil, score=0.5, xyxyn=(0.1, 0.1, 0.2, 0.2))])
    card = watched.locator(".card", has_text=evil).first
    card.click()
    expect(watched.get_by_role("dialog")).to_contain_text(f"{evil}m")
    assert watched.evaluate("() => window.bad") is None


def test_nothing_shifts_while_pictures_and_finds_come(watched: Page, node: NodeLike, bridge: BridgeLike) -> None:
    for width, height in ((1280, 900), (360, 760)):
        watched.set_viewport_size({"width": width, "height": height})
        watched.locator("#recent").scroll_into_view_if_needed()
        watched.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        watched.evaluate(SHIFTS)
        for number in range(10):
            bridge.store_find(node, label=f"w{width}-{number}")
            bridge.publish_health()
            expect(watched.locator(".card").first).to_contain_text(f"w{width}-{number}")
        assert watched.evaluate("() => window.shifts") == []


def test_the_page_survives_a_killed_web_and_catches_up_without_reloading(tmp_path: Path, page: Page) -> None:
    with (
        Mosquitto(tmp_path) as broker,
        NodeLike(broker.address) as node,
        BridgeLike(broker.address, open_store(f"sqlite:{tmp_path}/glassline.db")) as bridge,
        Web(tmp_path, broker=broker.address, id="web-r") as web,
    ):
        node.keep_healthy()
        node.stream(10)
        bridge.store_find(node, label="before")
        page.goto(web.url)
        expect(page.locator(".mark")).to_have_text("LIVE")
        page.evaluate("() => { window.sameDocument = true; }")
        page.locator(".card", has_text="before").click()
        note = page.get_by_role("dialog").get_by_label("Note")
        note.fill("half a sentence")
        web.stop(signal.SIGKILL)
        expect(page.locator(".hop.failed .hop-name")).to_have_text("Web")
        expect(page.locator(".cause")).to_contain_text("The web does not answer")
        expect(page.locator(".mark")).to_have_text("NOT LIVE")
        shoot(page, "web-down-1280")
        bridge.store_find(node, label="missed")
        with Web(tmp_path, broker=broker.address, id="web-r", port=web.port):
            expect(page.locator(".mark")).to_have_text("LIVE", timeout=30_000)
            expect(page.locator(".card", has_text="missed")).to_be_attached()
            bridge.store_find(node, label="after")
            expect(page.locator(".card").first).to_contain_text("after")
            expect(note).to_have_value("half a sentence")
            assert page.evaluate("() => window.sameDocument")


def test_a_page_that_was_let_go_comes_again_and_the_count_is_shown(tmp_path: Path, page: Page) -> None:
    with (
        Mosquitto(tmp_path) as broker,
        NodeLike(broker.address) as node,
        Web(tmp_path, broker=broker.address, stall_s=1) as web,
        Hoard(web.port, bytes_per_s=1e7) as tunnel,
    ):
        node.keep_healthy()
        node.stream(10)
        page.goto(f"http://127.0.0.1:{tunnel.port}")
        expect(page.locator(".mark")).to_have_text("LIVE")
        tunnel.bytes_per_s = 2000
        until(lambda: web.get("/health")["counters"].get("viewers_stalled"))
        tunnel.bytes_per_s = 1e7
        expect(page.locator("#facts")).to_contain_text("let go, too slow to take pictures", timeout=10_000)
        expect(page.locator(".mark")).to_have_text("LIVE")
