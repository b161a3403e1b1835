"""What people call a device stands on every page in a real Chromium, by push, and the newest word of it wins."""

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.support.waiting import until

from .defects_page import find, open_page, row, store
from .processes import Web
from .publishers import BridgeLike, NodeLike


@pytest.fixture
def kiln(web: Web, node: NodeLike, bridge: BridgeLike) -> NodeLike:
    """A node called Kiln 2."""
    until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))
    bridge.store.remember(node.id, role="node", status="online")
    _call(web, node, "Kiln 2")
    return node


def _call(web: Web, node: NodeLike, name: str) -> None:
    assert web.http.patch(f"/api/devices/{node.id}", json={"name": name}).status_code == 200


def test_the_list_of_defects_says_the_given_name_and_filters_by_the_id(
    page: Page, web: Web, kiln: NodeLike, bridge: BridgeLike
) -> None:
    id = store(kiln, bridge)
    open_page(page, web, kiln)
    where = row(page, id).locator(".where")
    expect(where).to_contain_text("· Kiln 2")
    expect(where).to_have_attribute("title", f"Kiln 2 ({kiln.id})")
    chip = page.get_by_role("button", name="Remove the filter Kiln 2")
    expect(chip).to_be_visible()
    page.get_by_role("button", name="Camera", exact=True).click()
    expect(page.get_by_role("checkbox", name=f"Kiln 2 ({kiln.id})")).to_be_checked()
    page.keyboard.press("Escape")
    row(page, id).locator(".open").click()
    expect(page.locator(".detail .facts")).to_contain_text(f"Kiln 2 ({kiln.id})")
    _call(web, kiln, "Kiln 3")
    expect(where).to_contain_text("· Kiln 3")
    expect(page.locator(".detail .facts")).to_contain_text("Kiln 3")
    expect(page.get_by_role("button", name="Remove the filter Kiln 3")).to_be_visible()
    assert f"device={kiln.id}" in page.url
    _call(web, kiln, "")
    expect(where).to_contain_text(f"· {kiln.id}")


def test_the_newest_finds_and_the_picture_beside_them_say_the_given_name(
    page: Page, web: Web, kiln: NodeLike, bridge: BridgeLike
) -> None:
    page.goto(f"{web.url}/#{kiln.id}")
    expect(page.locator(".stage .name")).to_have_text("Kiln 2")
    find(kiln, bridge, label="crack")
    card = page.locator(".card").first
    expect(card.locator(".where")).to_contain_text("· Kiln 2")
    _call(web, kiln, "Kiln 3")
    expect(card.locator(".where")).to_contain_text("· Kiln 3")
    expect(page.locator(".stage .name")).to_have_text("Kiln 3")


def test_figures_are_told_by_the_given_name(page: Page, web: Web, kiln: NodeLike, bridge: BridgeLike) -> None:
    store(kiln, bridge)
    page.goto(f"{web.url}/figures?by=device_id")
    choice = page.get_by_label("Camera", exact=True).locator(f"option[value='{kiln.id}']")
    expect(choice).to_have_text("Kiln 2")
    page.get_by_label("Camera", exact=True).select_option(kiln.id)
    expect(page.locator(".about")).to_contain_text("Kiln 2")
    _call(web, kiln, "Kiln 3")
    expect(choice).to_have_text("Kiln 3")


def test_an_answer_older_than_a_push_changes_nothing(page: Page, web: Web, kiln: NodeLike) -> None:
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/api/devices", lambda route: held.append((route, route.fetch())))
    page.goto(f"{web.url}/devices")
    until(lambda: page.evaluate("() => true") and held)
    _call(web, kiln, "Kiln 3")
    name = page.locator(f"a[href='/devices/{kiln.id}']")
    expect(name).to_have_text("Kiln 3")
    for route, answer in held:
        route.fulfill(response=answer)
    expect(page.locator(".page-head .hint")).to_contain_text("are there")
    assert name.inner_text() == "Kiln 3"
