"""Several cameras on the live page: a strip to choose from, all of them over the page, and no more than is seen."""

import re
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import chromium_path
from tests.support.waiting import until

from .late import Late, drop_sockets, keep_sockets, refuse_once
from .processes import Mosquitto, Web
from .publishers import BOX, NodeLike
from .shots import shoot
from .tabs import Tabs

TILE = """(tile) => {
  const canvas = tile.querySelector("canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 7;
  for (let at = 0; at < data.length; at += 97) sum = (sum * 31 + data[at]) % 1000003;
  return sum;
}"""
COUNT = """(tile) => {
  const context = tile.querySelector("canvas").getContext("2d");
  const draw = context.drawImage;
  window.drawn = 0;
  context.drawImage = (...all) => { window.drawn += 1; draw.apply(context, all); };
}"""


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
            expect(tiles.nth(1)).to_have_class(re.compile("live"))
            tiles.nth(1).evaluate(COUNT)
            began_s = time.monotonic()
            page.wait_for_function("() => window.drawn >= 3")
            assert time.monotonic() - began_s > 0.8, "two a second"
            assert re.fullmatch(r"\d\.\d s", tiles.nth(0).locator(".tile-age").inner_text())
            expect(tiles.nth(2)).to_contain_text("No picture yet")
            shoot(page, "wall-1280")
            tiles.nth(1).focus()
            page.keyboard.press("Enter")
            expect(page.locator("#stage .name")).to_have_text("pi-2")
            expect(page.locator(".mark")).to_have_text("LIVE", timeout=2000)
            expect(tiles.nth(1)).to_have_attribute("aria-pressed", "true")
            until(lambda: (one.wanted_fps(), two.wanted_fps()) == (2, 15))
            assert page.url.endswith("#pi-2")
            assert web.get("/health")["viewers"] == 1


def test_all_cameras_fill_the_page_with_their_boxes_and_one_click_makes_one_large(
    alone: tuple[Mosquitto, Web], page: Page
) -> None:
    broker, web = alone
    with ExitStack() as stack:
        nodes = [stack.enter_context(NodeLike(broker.address, f"pi-{number}")) for number in (1, 2, 3)]
        for node in nodes:
            node.obey(boxes=[BOX])
        page.goto(web.url)
        page.get_by_role("button", name="All cameras").click()
        expect(page.get_by_role("heading", name="3 cameras")).to_be_visible()
        expect(page.locator("#stage")).to_be_hidden()
        until(lambda: all(node.wanted_fps() == 10 for node in nodes), what="a rate for all")
        tiles = page.locator("#devices .tile.live")
        expect(tiles).to_have_count(3)
        page.wait_for_function(
            """() => [...document.querySelectorAll("#devices .tile canvas")].every((canvas) => {
              const [x, y] = [Math.round(canvas.width * 0.3), canvas.height * 0.4];
              const [red, , blue] = canvas.getContext("2d").getImageData(x, y, 1, 1).data;
              return red > 200 && blue < 150;
            })"""
        )
        assert page.url.endswith("?view=grid")
        page.reload()
        expect(page.get_by_role("heading", name="3 cameras")).to_be_visible()
        expect(tiles).to_have_count(3)
        tiles.nth(1).click()
        expect(page.locator("#stage .name")).to_have_text("pi-2")
        expect(page.locator(".mark")).to_have_text("LIVE")
        until(lambda: [node.wanted_fps() for node in nodes] == [2, 15, 2])
        page.go_back()
        expect(page.get_by_role("heading", name="3 cameras")).to_be_visible()


def test_arrows_go_from_camera_to_camera(alone: tuple[Mosquitto, Web], page: Page) -> None:
    broker, web = alone
    with NodeLike(broker.address, "pi-1"), NodeLike(broker.address, "pi-2"):
        page.goto(web.url)
        expect(page.locator("#devices .tile")).to_have_count(2)
        for key, name in (("ArrowRight", "pi-2"), ("ArrowDown", "pi-1"), ("ArrowLeft", "pi-2"), ("ArrowUp", "pi-1")):
            page.keyboard.press(key)
            expect(page.locator("#stage .name")).to_have_text(name)
        page.keyboard.press("g")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#devices .tile").nth(1)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#stage .name")).to_have_text("pi-2")


def test_an_answer_that_comes_late_takes_no_camera_away(alone: tuple[Mosquitto, Web], page: Page) -> None:
    broker, web = alone
    heard: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: heard.append(str(data))))
    keep_sockets(page)
    with NodeLike(broker.address, "pi-1") as one, NodeLike(broker.address, "pi-2"):
        page.goto(web.url)
        tiles = page.locator("#devices .tile")
        expect(tiles).to_have_count(2)
        with Late(page, "/api/devices") as answer:
            drop_sockets(page)
            answer.wait()
            heard.clear()
            one.publish_health(state="degraded")
            with NodeLike(broker.address, "pi-3"):
                expect(tiles).to_have_count(3)
                until(
                    lambda: page.wait_for_timeout(20) or any('"device"' in said and '"pi-1"' in said for said in heard)
                )
        page.wait_for_timeout(300)
        expect(page.locator("#devices .tile-name")).to_have_text(["pi-1", "pi-2", "pi-3"])
        expect(page.locator("#stage .name")).to_have_text("pi-1")


def test_an_answer_that_fails_takes_no_camera_away_and_is_asked_for_again(
    alone: tuple[Mosquitto, Web], page: Page
) -> None:
    broker, web = alone
    keep_sockets(page)
    with NodeLike(broker.address, "pi-1"), NodeLike(broker.address, "pi-2"):
        page.goto(web.url)
        tiles = page.locator("#devices .tile")
        expect(tiles).to_have_count(2)
        tiles.evaluate_all("(tiles) => { for (const tile of tiles) tile.dataset.same = 'yes'; }")
        refuse_once(page, "/api/devices")
        with page.expect_response(lambda said: "/api/devices" in said.url and said.status == 503):
            drop_sockets(page)
        with page.expect_response(lambda said: "/api/devices" in said.url and said.ok):
            pass
        expect(tiles).to_have_count(2)
        expect(page.locator("#devices .tile[data-same]")).to_have_count(2)


@pytest.mark.parametrize("view", ["", "?view=grid"])
def test_a_tile_out_of_sight_asks_for_nothing(alone: tuple[Mosquitto, Web], page: Page, view: str) -> None:
    broker, web = alone
    page.set_viewport_size({"width": 360, "height": 800})
    with ExitStack() as stack:
        nodes = [stack.enter_context(NodeLike(broker.address, f"pi-{number}")) for number in range(1, 9)]
        page.goto(f"{web.url}/{view}#pi-1")
        expect(page.locator("#devices .tile")).to_have_count(8)
        until(lambda: nodes[1].wanted_fps() >= 2)
        assert nodes[7].wanted_fps() == 0
        page.locator("#devices .tile").nth(7).scroll_into_view_if_needed()
        until(lambda: nodes[7].wanted_fps() >= 2)
        until(lambda: nodes[1].wanted_fps() == 0)
        until(lambda: nodes[0].wanted_fps() == (2 if view else 15), what="the chosen one is watched, seen or not")


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
