"""The page in a real Chromium: it moves, it is pushed, it says what is wrong. Screenshots go to var/screenshots."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from glassline.contract import Box, Reason, from_unix
from glassline.contract.messages import Detection, LiveHealth, WifiHealth
from tests.support.chromium import chromium_path
from tests.support.hoard import Hoard

from .processes import ROOT, Mosquitto, Web, until
from .publishers import BridgeLike, NodeLike
from .tabs import Tabs

MIDDLE = """(canvas) => {
  const context = canvas.getContext("2d");
  return [...context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data];
}"""
SHOTS = ROOT / "var" / "screenshots"
PICTURE = """() => {
  const canvas = document.querySelector("#stage canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 7;
  for (let at = 0; at < data.length; at += 997) sum = (sum * 31 + data[at]) % 1000003;
  return sum;
}"""
BOX_PIXEL = """() => {
  const canvas = document.querySelector("#stage canvas");
  return [...canvas.getContext("2d").getImageData(canvas.width * 0.3, canvas.height * 0.4, 1, 1).data];
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of 1280 px; any error but a web that is away fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "ERR_CONNECTION_" not in message.text:
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


@pytest.fixture
def watched(web: Web, node: NodeLike, bridge: BridgeLike, page: Page) -> Page:
    """The page of a node that streams."""
    bridge.publish_health()
    node.keep_healthy()
    node.stream(10)
    page.goto(f"{web.url}/#{node.id}")
    expect(page.locator(".mark")).to_have_text("LIVE")
    return page


def _store(node: NodeLike, bridge: BridgeLike, **more: object) -> str:
    detection = node.detection(**more)  # type: ignore[arg-type]
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id))
    node.publish_detection(detection)
    bridge.receipt(node.id, detection)
    return detection.event_id


def test_the_picture_moves_and_says_that_it_is_live(watched: Page, node: NodeLike) -> None:
    seen = {watched.evaluate(PICTURE)}
    for _ in range(10):
        watched.wait_for_timeout(150)
        seen.add(watched.evaluate(PICTURE))
    assert len(seen) >= 4
    assert re.fullmatch(r"0\.\d s old", watched.locator(".pill .age").inner_text())
    expect(watched.locator("#stage")).to_contain_text("640 × 480")
    expect(watched.locator("#stage")).to_contain_text("fps")
    expect(watched.locator("#stage .name")).to_have_text(node.id)


def test_boxes_are_drawn_and_can_be_switched_off(watched: Page) -> None:
    with_boxes = watched.evaluate(BOX_PIXEL)
    assert (with_boxes[0], with_boxes[2]) == pytest.approx((255, 87), abs=40)
    watched.get_by_role("checkbox", name="Boxes").first.uncheck()
    watched.wait_for_timeout(300)
    plain = watched.evaluate(BOX_PIXEL)
    assert plain[0] < 200


def test_the_chain_stands_above_the_picture_and_every_hop_has_an_age(watched: Page) -> None:
    names = watched.locator(".hop-name").all_inner_texts()
    assert names == ["Camera", "Detector", "Node", "Broker", "Bridge", "Store", "Web", "You"]
    expect(watched.locator(".hop.ok")).to_have_count(8)
    assert all(re.fullmatch(r"[\d.]+ (s|min)", age) for age in watched.locator(".hop-age").all_inner_texts())
    expect(watched.locator(".cause")).to_be_hidden()


def test_a_new_defect_appears_by_push_and_is_marked_until_it_is_stored(
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
    expect(card.locator("img")).to_have_js_property("naturalWidth", 640)
    assert watched.evaluate("() => window.sameDocument")


def test_a_click_opens_the_evidence_and_a_review_is_kept(
    watched: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    event_id = _store(node, bridge, label="crack")
    watched.locator(".card", has_text="crack").first.click()
    dialog = watched.get_by_role("dialog")
    expect(dialog).to_contain_text("crack")
    for text in ("91 %", node.id, "glass-n", event_id, "4 frames"):
        expect(dialog).to_contain_text(text)
    expect(dialog.locator("canvas")).to_be_visible()
    assert dialog.locator("canvas").evaluate(MIDDLE)[3] == 255
    dialog.get_by_role("button", name="Reviewed").click()
    dialog.get_by_label("Note").fill("<i>edge</i> polished")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Saved")
    row = web.get(f"/api/defects/{event_id}")
    assert (row["status"], row["note"]) == ("reviewed", "<i>edge</i> polished")
    watched.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(watched.locator(".card", has_text="crack").first).to_contain_text("Reviewed")


def test_a_defect_whose_time_was_put_right_moves_to_its_place_and_is_not_there_twice(
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


def test_two_people_do_not_overwrite_each_other_unseen(
    watched: Page, web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    event_id = _store(node, bridge, label="stain")
    watched.locator(".card", has_text="stain").first.click()
    dialog = watched.get_by_role("dialog")
    dialog.get_by_label("Note").fill("mine")
    other = {"status": "resolved", "note": "theirs", "version": 0}
    assert web.http.post(f"/api/defects/{event_id}/review", json=other).status_code == 200
    expect(dialog).to_contain_text("Somebody else changed")
    assert dialog.get_by_label("Note").input_value() == "mine"
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Saved")
    row = web.get(f"/api/defects/{event_id}")
    assert (row["note"], row["version"]) == ("mine", 2)


def test_what_comes_from_the_wire_is_text_and_never_markup(watched: Page, node: NodeLike, bridge: BridgeLike) -> None:
    evil = "<img src=x onerror=window.bad=1>"
    _store(node, bridge, label=evil, model=f"{evil}m")
    node.publish_frame(boxes=[Box(label=evil, score=0.5, xyxyn=(0.1, 0.1, 0.2, 0.2))])
    card = watched.locator(".card", has_text=evil).first
    card.click()
    expect(watched.get_by_role("dialog")).to_contain_text(f"{evil}m")
    assert watched.evaluate("() => window.bad") is None


def test_a_camera_that_fails_is_named_with_its_remedy(watched: Page, node: NodeLike) -> None:
    node.__exit__()
    with NodeLike(f"mqtt://127.0.0.1:{node.link.address.port}", node.id) as again:
        until(lambda: again.link.state.connected)
        again.publish_health(state="failed", reasons=[Reason.CAMERA_MISSING], last_frame_age_s=9.0)
        expect(watched.locator(".cause.failed")).to_be_visible()
        expect(watched.locator(".hop.failed .hop-name").first).to_have_text("Camera")
        expect(watched.locator(".cause .remedy")).not_to_be_empty()
        expect(watched.locator(".mark")).to_have_text("NOT LIVE")
        watched.screenshot(path=_shot("camera-failed-1280"))


def test_the_page_survives_a_restart_of_the_web_and_catches_up(tmp_path: Path, browser: Browser, page: Page) -> None:
    with (
        Mosquitto(tmp_path) as broker,
        NodeLike(broker.address) as node,
        Web(tmp_path, broker=broker.address, id="web-r") as web,
    ):
        node.keep_healthy()
        node.stream(10)
        page.goto(web.url)
        expect(page.locator(".mark")).to_have_text("LIVE")
        page.evaluate("() => { window.sameDocument = true; }")
        web.stop(signal.SIGKILL)
        expect(page.locator(".hop.failed .hop-name")).to_have_text("Web")
        expect(page.locator(".cause")).to_contain_text("The web does not answer")
        expect(page.locator(".mark")).to_have_text("NOT LIVE")
        page.screenshot(path=_shot("web-down-1280"))
        with Web(tmp_path, broker=broker.address, id="web-r", port=web.port):
            expect(page.locator(".mark")).to_have_text("LIVE", timeout=30_000)
            detection = node.detection(label="chip")
            node.publish_detection(detection)
            expect(page.locator(".card").first).to_contain_text("chip")
            assert page.evaluate("() => window.sameDocument")


def test_a_hidden_tab_gives_its_lease_back_at_once(web: Web, node: NodeLike, tmp_path: Path) -> None:
    with Tabs(chromium_path(), tmp_path) as tabs:
        page = tabs.open(f"{web.url}/#{node.id}")
        until(lambda: node.wanted_fps() == 15)
        began_s = time.monotonic()
        other = tabs.open("about:blank")
        until(lambda: node.wanted_fps() == 0, timeout_s=3)
        assert node.leases[-1][0] - began_s < 2
        tabs.show(page)
        until(lambda: node.wanted_fps() == 15, timeout_s=3)
        tabs.show(other)
        until(lambda: node.wanted_fps() == 0, timeout_s=3)


TILE = """(tile) => {
  const canvas = tile.querySelector("canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 7;
  for (let at = 0; at < data.length; at += 97) sum = (sum * 31 + data[at]) % 1000003;
  return sum;
}"""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[tuple[Mosquitto, Web]]:
    """A web that nobody else's cameras are at."""
    with Mosquitto(tmp_path) as broker, Web(tmp_path, broker=broker.address) as web:
        yield broker, web


def test_several_cameras_make_a_wall_of_which_one_is_large(alone: tuple[Mosquitto, Web], page: Page) -> None:
    broker, web = alone
    with NodeLike(broker.address, "pi-1") as one:
        page.goto(web.url)
        expect(page.locator("#stage .name")).to_have_text("pi-1")
        expect(page.locator("#devices")).to_be_hidden()
        with NodeLike(broker.address, "pi-2") as two, NodeLike(broker.address, "pi-10"):
            for node in (one, two):
                node.keep_healthy()
                node.obey()
            tiles = page.locator("#devices .tile")
            expect(page.locator("#devices .tile-name")).to_have_text(["pi-1", "pi-2", "pi-10"])
            until(lambda: (one.wanted_fps(), two.wanted_fps()) == (15, 2), what="a low rate for the wall")
            began_s = time.monotonic()
            seen = {tiles.nth(1).evaluate(TILE) for _ in range(12) if page.wait_for_timeout(150) is None}
            assert 2 <= len(seen) <= 2 * (time.monotonic() - began_s) + 2, "two a second"
            assert re.fullmatch(r"\d\.\d s", tiles.nth(0).locator(".tile-age").inner_text())
            expect(tiles.nth(2)).to_contain_text("No picture yet")
            page.screenshot(path=_shot("wall-1280"))
            tiles.nth(1).focus()
            page.keyboard.press("Enter")
            expect(page.locator("#stage .name")).to_have_text("pi-2")
            expect(page.locator(".mark")).to_have_text("LIVE", timeout=1000)
            expect(tiles.nth(1)).to_have_attribute("aria-pressed", "true")
            until(lambda: (one.wanted_fps(), two.wanted_fps()) == (2, 15))
            assert page.url.endswith("#pi-2")
            assert web.get("/health")["viewers"] == 1


def test_a_tile_out_of_sight_asks_for_nothing(alone: tuple[Mosquitto, Web], page: Page) -> None:
    broker, web = alone
    page.set_viewport_size({"width": 360, "height": 800})
    with ExitStack() as stack:
        nodes = [stack.enter_context(NodeLike(broker.address, f"pi-{number}")) for number in range(1, 9)]
        page.goto(f"{web.url}/#pi-1")
        expect(page.locator("#devices .tile")).to_have_count(8)
        until(lambda: nodes[1].wanted_fps() == 2)
        assert nodes[7].wanted_fps() == 0
        page.locator("#devices .tile").nth(7).scroll_into_view_if_needed()
        until(lambda: nodes[7].wanted_fps() == 2)
        until(lambda: nodes[1].wanted_fps() == 0)
        assert nodes[0].wanted_fps() == 15


def test_a_slow_link_of_the_node_is_said_in_words(alone: tuple[Mosquitto, Web], page: Page) -> None:
    broker, web = alone
    with NodeLike(broker.address) as node:
        page.goto(web.url)
        node.publish_health(live=LiveHealth(fps=5, quality=60, image_wh=(480, 360), limited_by="link"))
        expect(page.locator("#stage .limit")).to_have_text("Slow link: 5 fps, quality 60, 480 × 360")
        node.publish_health(wifi=WifiHealth(interface="wlan0", signal_dbm=-78.4), reasons=["link.wifi_weak"])
        expect(page.locator("#stage .facts")).to_contain_text("-78 dBm")
        node.publish_health(live=LiveHealth(fps=15, quality=80, image_wh=(640, 480)))
        expect(page.locator("#stage .limit")).to_be_hidden()


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
        page.wait_for_timeout(500)
        tunnel.bytes_per_s = 2000
        until(lambda: web.get("/health")["counters"].get("viewers_stalled"))
        tunnel.bytes_per_s = 1e7
        expect(page.locator("#stage .facts")).to_contain_text("let go, too slow to take pictures", timeout=10_000)
        expect(page.locator(".mark")).to_have_text("LIVE")


def test_without_any_camera_the_page_says_what_to_do(tmp_path: Path, page: Page) -> None:
    with Web(tmp_path, broker="") as web:
        page.goto(web.url)
        expect(page.locator("#stage")).to_contain_text("No camera has reported yet")
        expect(page.locator("#defects")).to_contain_text("No defects yet")
        expect(page.locator(".hop.failed .hop-name")).to_have_text("Broker")
        expect(page.locator(".cause.failed")).to_contain_text("--broker")
        page.screenshot(path=_shot("empty-1280"))


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(browser: Browser, web: Web, node: NodeLike, bridge: BridgeLike, width: int, scheme: str) -> None:
    bridge.publish_health()
    node.keep_healthy()
    node.stream(10)
    for label in ("scratch", "crack", "bubble", "chip"):
        _store(node, bridge, label=label)
    context = browser.new_context(
        viewport={"width": width, "height": 800 if width < 600 else 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(f"{web.url}/#{node.id}")
    expect(page.locator(".mark")).to_have_text("LIVE")
    expect(page.locator(".card").first).to_be_visible()
    page.wait_for_timeout(700)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.screenshot(path=_shot(f"live-{width}-{scheme}"), full_page=width < 600)
    page.locator(".card").first.click()
    expect(page.get_by_role("dialog").locator("canvas")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.screenshot(path=_shot(f"detail-{width}-{scheme}"))
    context.close()


def test_nothing_comes_from_anywhere_else(web: Web, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(web.url)
    expect(page.locator(".hop")).to_have_count(8)
    page.wait_for_timeout(500)
    assert asked
    assert all(url.startswith((web.url, "blob:")) for url in asked)
    assert sum("/static/" in url for url in asked) <= 24


def _shot(name: str) -> str:
    SHOTS.mkdir(parents=True, exist_ok=True)
    return str(SHOTS / f"{name}.png")


def test_what_a_camera_sends_too_often_is_said_beside_it(watched: Page, node: NodeLike) -> None:
    for _ in range(200):
        node.publish_health()
    expect(watched.locator("#stage .facts")).to_contain_text(re.compile(r"Not taken\d+ sent too often"))
    watched.screenshot(path=SHOTS / "flood.png")
