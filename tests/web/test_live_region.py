"""The region that a node looks at, drawn on its live picture: by mouse and by keyboard, with the node's own answer."""

import pytest
from playwright.sync_api import Page, expect

from glassline.contract.messages import ReplyError
from tests.support.waiting import until

from .people import SECRET
from .processes import Web
from .publishers import BridgeLike, NodeLike
from .shots import shoot

RECTANGLE = [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]
OVER = """([x, y]) => {
  const canvas = document.querySelector("#stage .over");
  return canvas.getContext("2d").getImageData(canvas.width * x, canvas.height * y, 1, 1).data[3];
}"""


def _at(page: Page, x: float, y: float) -> tuple[float, float]:
    box = page.locator("#stage .frame").bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def _drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*_at(page, *start))
    page.mouse.down()
    page.mouse.move(*_at(page, *end), steps=4)
    page.mouse.up()


def _sent(node: NodeLike) -> object:
    """The region that was asked for last."""
    return next(command.args["region"] for name, command in reversed(node.commands) if name == "config")


def test_a_rectangle_drawn_with_the_mouse_is_sent_and_stands_as_the_node_has_it(watched: Page, node: NodeLike) -> None:
    watched.get_by_role("button", name="Region that is looked at").click()
    _drag(watched, (0.25, 0.25), (0.75, 0.75))
    watched.get_by_role("button", name=f"Send to {node.id}").click()
    said = watched.locator(".region-bar .said")
    expect(said).to_have_text(f"In force at {node.id}: 4 corners.")
    corners = [number for corner in _sent(node) for number in corner]  # type: ignore[attr-defined]
    assert corners == pytest.approx([number for corner in RECTANGLE for number in corner], abs=0.01)
    shoot(watched, "region-1280")
    watched.get_by_role("button", name="Close", exact=True).click()
    watched.wait_for_function(f"() => ({OVER})([0.1, 0.1]) > 80 && ({OVER})([0.6, 0.6]) === 0")
    watched.reload()
    expect(watched.locator(".mark")).to_have_text("LIVE")
    watched.wait_for_function(f"() => ({OVER})([0.1, 0.1]) > 80")
    watched.get_by_role("button", name="Region that is looked at").click()
    watched.get_by_role("button", name="Whole picture").click()
    expect(said).to_have_text(f"In force at {node.id}: the whole picture.")
    assert _sent(node) is None
    watched.keyboard.press("Escape")
    watched.wait_for_function(f"() => ({OVER})([0.1, 0.1]) === 0")


def test_corners_are_moved_added_and_removed_by_keyboard_and_by_mouse(watched: Page, node: NodeLike) -> None:
    watched.keyboard.press("r")
    corners = watched.locator(".handles .corner")
    expect(corners.first).to_be_focused()
    expect(corners.first).to_have_accessible_name("Corner 1 of 4, 10 % from the left, 10 % from the top")
    watched.keyboard.press("ArrowRight")
    watched.keyboard.press("Shift+ArrowDown")
    expect(corners.first).to_have_accessible_name("Corner 1 of 4, 11 % from the left, 15 % from the top")
    expect(watched.locator("#stage .name")).to_have_text(node.id)
    watched.keyboard.press("Tab")
    watched.keyboard.press("Enter")
    expect(corners).to_have_count(5)
    expect(corners.nth(1)).to_be_focused()
    watched.keyboard.press("Delete")
    expect(corners).to_have_count(4)
    _drag(watched, (0.9, 0.5), (0.97, 0.5))
    expect(corners).to_have_count(5)
    _drag(watched, (0.9, 0.9), (0.8, 0.8))
    watched.get_by_role("button", name=f"Send to {node.id}").click()
    expect(watched.locator(".region-bar .said")).to_have_text(f"In force at {node.id}: 5 corners.")
    assert _sent(node) == [[0.11, 0.15], [0.9, 0.1], [pytest.approx(0.97, abs=0.01), pytest.approx(0.5, abs=0.01)],
                           [pytest.approx(0.8, abs=0.01), pytest.approx(0.8, abs=0.01)], [0.1, 0.9]]  # fmt: skip


def test_what_the_node_refuses_or_changes_again_is_said_in_its_words(watched: Page, node: NodeLike) -> None:
    node.refuses = ReplyError(code="config.region_invalid", message="region: no room in it", hint="Draw a larger one.")
    watched.get_by_role("button", name="Region that is looked at").click()
    watched.get_by_role("button", name=f"Send to {node.id}").click()
    said = watched.locator(".region-bar .said")
    expect(said).to_have_text(f"{node.id} does not take it: Region: no room in it. Draw a larger one.")
    node.refuses = None
    watched.get_by_role("button", name=f"Send to {node.id}").click()
    expect(said).to_contain_text("In force")
    until(lambda: node.settings["region"])
    node.publish_health()
    node.settings = {}
    node.link.reannounce()
    expect(said).to_have_text(f"{node.id} has another region by now: the whole picture.")


def test_only_an_admin_is_offered_to_draw(guarded: Web, node: NodeLike, bridge: BridgeLike, page: Page) -> None:
    node.stream(10)
    for name, count in (("anna", 0), ("boss", 1)):
        page.goto(f"{guarded.url}/#{node.id}")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(SECRET)
        page.keyboard.press("Enter")
        expect(page.locator(".mark")).to_have_text("LIVE")
        expect(page.get_by_role("button", name="Region that is looked at")).to_have_count(count)
        page.keyboard.press("r")
        expect(page.locator(".region-bar")).to_have_count(count)
        page.get_by_role("button", name="Sign out").click()
