"""The large live picture in a real Chromium: it moves, it can be stopped and kept, and what is found lies over it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from glassline.contract import Box, Reason
from glassline.contract.frames import metadata_of
from glassline.contract.messages import LiveHealth, WifiHealth
from tests.support.waiting import until

from .processes import Mosquitto, Web
from .publishers import BOX, BridgeLike, NodeLike
from .shots import shoot

PICTURE = """() => {
  const canvas = document.querySelector("#stage canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 7;
  for (let at = 0; at < data.length; at += 997) sum = (sum * 31 + data[at]) % 1000003;
  return sum;
}"""
OVER = """([x, y]) => {
  const canvas = document.querySelector("#stage .over");
  const [left, top] = [Math.round(canvas.width * x), Math.round(canvas.height * y)];
  return [...canvas.getContext("2d").getImageData(left, top, 1, 1).data];
}"""
EDGE, MIDDLE_OF_MASK = (0.3, 0.4), (0.7, 0.65)
YELLOW = (255, 200, 87)
MASKED = Box(
    label="scratch",
    score=0.81,
    xyxyn=(0.6, 0.5, 0.8, 0.8),
    mask=[(0.6, 0.5), (0.8, 0.5), (0.8, 0.8), (0.6, 0.8)],
)


def _moves(page: Page) -> None:
    before = page.evaluate(PICTURE)
    page.wait_for_function(f"(before) => ({PICTURE})() !== before", arg=before)


def test_the_picture_moves_and_says_how_old_how_large_and_how_fast_it_is(watched: Page, node: NodeLike) -> None:
    for _ in range(4):
        _moves(watched)
    expect(watched.locator(".pill .age")).to_have_text(re.compile(r"^0\.\d s old$"))
    expect(watched.locator("#stage")).to_contain_text("640 × 480")
    expect(watched.locator("#stage .fps")).to_have_text(re.compile(r"\d+ fps"))
    expect(watched.locator("#stage .name")).to_have_text(node.id)


def test_boxes_lie_over_the_picture_in_pixels_of_the_screen_and_can_be_switched_off(watched: Page) -> None:
    red, green, blue, opaque = watched.evaluate(OVER, EDGE)
    assert (red, green, blue) == pytest.approx(YELLOW, abs=40)
    assert opaque == 255
    size = watched.locator("#stage .over").evaluate(
        "(over) => [over.width / over.clientWidth, over.width !== document.querySelector('#stage canvas').width]"
    )
    assert size == [1, True], "as fine as the screen, not as the picture"
    watched.get_by_role("checkbox", name="Boxes").uncheck()
    assert watched.evaluate(OVER, EDGE)[3] == 0


def test_masks_lie_over_the_picture_and_can_be_switched_while_it_is_paused(
    web: Web, node: NodeLike, bridge: BridgeLike, page: Page
) -> None:
    node.stream(10, boxes=[BOX, MASKED])
    page.goto(f"{web.url}/#{node.id}")
    expect(page.locator(".mark")).to_have_text("LIVE")
    page.keyboard.press(" ")
    expect(page.locator(".mark")).to_have_text("PAUSED")
    assert 40 < page.evaluate(OVER, MIDDLE_OF_MASK)[3] < 120
    page.keyboard.press("m")
    assert page.evaluate(OVER, MIDDLE_OF_MASK)[3] == 0
    assert page.evaluate(OVER, EDGE)[3] == 255, "the boxes stay"
    page.keyboard.press("b")
    assert page.evaluate(OVER, EDGE)[3] == 0
    page.keyboard.press("m")
    assert page.evaluate(OVER, MIDDLE_OF_MASK)[3] > 40
    page.reload()
    expect(page.locator(".mark")).to_have_text("LIVE")
    expect(page.get_by_role("checkbox", name="Boxes")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Masks")).to_be_checked()


def test_a_paused_picture_stands_still_counts_what_it_misses_and_goes_on_with_the_newest(
    watched: Page, node: NodeLike
) -> None:
    watched.get_by_role("button", name="Pause").click()
    expect(watched.locator(".mark")).to_have_text("PAUSED")
    still = watched.evaluate(PICTURE)
    first = int(watched.locator(".pill").first.inner_text().partition("old")[2].split()[0])
    watched.wait_for_function(
        "(first) => parseInt(document.querySelector('.pill .age + span').textContent) > first + 5", arg=first
    )
    assert watched.evaluate(PICTURE) == still
    expect(watched.locator(".hop.ok")).to_have_count(8)
    shoot(watched, "paused-1280")
    watched.get_by_role("button", name="Go on").click()
    expect(watched.locator(".mark")).to_have_text("LIVE")
    assert re.fullmatch(r"0\.\d s old", watched.locator(".pill .age").inner_text())
    _moves(watched)


def test_a_snapshot_is_the_very_jpeg_that_the_camera_sent(watched: Page, node: NodeLike, tmp_path: Path) -> None:
    with watched.expect_download() as got:
        watched.get_by_role("button", name="Snapshot", exact=True).click()
    data = Path(got.value.path()).read_bytes()
    assert data in node.sent
    assert re.fullmatch(rf"{node.id}_\d{{4}}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d+Z\.jpg", got.value.suggested_filename)
    assert b'"boxes"' in metadata_of(data)


def test_a_snapshot_with_boxes_has_them_in_the_picture(watched: Page, node: NodeLike) -> None:
    with watched.expect_download() as got:
        watched.keyboard.press("S")
    assert got.value.suggested_filename.endswith("_boxes.jpg")
    pixel = watched.evaluate(
        """async (bytes) => {
          const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
          context.drawImage(bitmap, 0, 0);
          return [bitmap.width, ...context.getImageData(bitmap.width * 0.3, bitmap.height * 0.4, 1, 1).data];
        }""",
        list(Path(got.value.path()).read_bytes()),
    )
    width, red, _, blue, _ = pixel
    assert width == 640
    assert red - blue > 40, "yellow, where the glass is grey"


def test_the_picture_fills_the_screen_and_comes_back(watched: Page) -> None:
    watched.keyboard.press("f")
    watched.wait_for_function("() => document.fullscreenElement?.id === 'stage'")
    watched.wait_for_function("() => document.querySelector('#stage').clientWidth === innerWidth")
    expect(watched.get_by_role("button", name="Leave full screen")).to_be_visible()
    shoot(watched, "full-screen-1280")
    watched.keyboard.press("f")
    watched.wait_for_function("() => !document.fullscreenElement")


def test_the_keys_are_listed_and_can_be_switched_off(watched: Page) -> None:
    watched.keyboard.press("?")
    dialog = watched.get_by_role("dialog", name="Keyboard")
    for text in ("Pause", "Full screen", "Show or hide boxes", "Snapshot with boxes"):
        expect(dialog).to_contain_text(text)
    dialog.get_by_role("checkbox").uncheck()
    watched.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    watched.keyboard.press(" ")
    expect(watched.locator(".mark")).to_have_text("LIVE")
    watched.get_by_role("button", name="Show the keys").click()
    dialog.get_by_role("checkbox").check()
    watched.keyboard.press("Escape")
    watched.locator("#stage .screen").click()
    watched.keyboard.press(" ")
    expect(watched.locator(".mark")).to_have_text("PAUSED")


def test_the_chain_stands_above_the_picture_and_every_hop_has_an_age(watched: Page) -> None:
    names = watched.locator(".hop-name").all_inner_texts()
    assert names == ["Camera", "Detector", "Node", "Broker", "Bridge", "Store", "Web", "You"]
    expect(watched.locator(".hop.ok")).to_have_count(8)
    assert all(re.fullmatch(r"[\d.]+ (s|min)", age) for age in watched.locator(".hop-age").all_inner_texts())
    expect(watched.locator(".cause")).to_be_hidden()


def test_a_camera_that_fails_is_named_with_its_remedy_over_its_last_picture(watched: Page, node: NodeLike) -> None:
    node.__exit__()
    with NodeLike(f"mqtt://127.0.0.1:{node.link.address.port}", node.id) as again:
        until(lambda: again.link.state.connected)
        again.publish_health(state="failed", reasons=[Reason.CAMERA_MISSING], last_frame_age_s=9.0)
        expect(watched.locator(".cause.failed")).to_be_visible()
        expect(watched.locator(".hop.failed .hop-name").first).to_have_text("Camera")
        expect(watched.locator(".cause .remedy")).not_to_be_empty()
        expect(watched.locator(".mark")).to_have_text("NOT LIVE")
        expect(watched.locator(".pill .age")).to_have_text(re.compile(r"\d+(\.\d)? s old"))
        expect(watched.locator(".veil")).to_have_text(
            watched.locator(".cause .what").inner_text().removeprefix("Camera ")
        )
        shoot(watched, "camera-failed-1280")


def test_without_any_camera_the_page_says_what_to_do(tmp_path: Path, page: Page) -> None:
    with Web(tmp_path, broker="") as web:
        page.goto(web.url)
        expect(page.locator("#stage")).to_contain_text("No camera has reported yet")
        expect(page.locator("#recent")).to_contain_text("No defects yet")
        expect(page.locator(".hop.failed .hop-name")).to_have_text("Broker")
        expect(page.locator(".cause.failed")).to_contain_text("--broker")
        shoot(page, "empty-1280")


def test_the_place_of_the_picture_is_as_large_as_it_will_be(alone: tuple[Mosquitto, Web], page: Page) -> None:
    broker, web = alone
    with NodeLike(broker.address) as node:
        page.goto(web.url)
        expect(page.locator("#stage .name")).to_have_text(node.id)
        before = page.locator("#stage .frame").bounding_box()
        node.stream(10)
        expect(page.locator(".mark")).to_have_text("LIVE")
        assert page.locator("#stage .frame").bounding_box() == before


def test_a_slow_link_of_the_node_is_said_in_words(alone: tuple[Mosquitto, Web], page: Page) -> None:
    broker, web = alone
    with NodeLike(broker.address) as node:
        page.goto(web.url)
        node.publish_health(live=LiveHealth(fps=5, quality=60, image_wh=(480, 360), limited_by="link"))
        expect(page.locator("#stage .limit")).to_have_text("Slow link: 5 fps, quality 60, 480 × 360")
        node.publish_health(wifi=WifiHealth(interface="wlan0", signal_dbm=-78.4), reasons=["link.wifi_weak"])
        expect(page.locator("#facts")).to_contain_text("-78 dBm")
        node.publish_health(live=LiveHealth(fps=15, quality=80, image_wh=(640, 480)))
        expect(page.locator("#stage .limit")).to_be_hidden()


def test_what_a_camera_sends_too_often_is_said_beside_it(watched: Page, node: NodeLike) -> None:
    for _ in range(200):
        node.publish_health()
    expect(watched.locator("#facts")).to_contain_text(re.compile(r"Not taken\d+ sent too often"))
