"""Addresses that name nothing, in a real Chromium: the page says so and works."""

import pytest
from playwright.sync_api import Page, expect

from .processes import Web
from .publishers import BridgeLike, NodeLike

NAMELESS = ("%E0%A4%A", "%", "Not_A_Name", "nobody-1")


@pytest.mark.parametrize("id", NAMELESS)
def test_a_device_that_is_none_is_said_to_be_unknown(page: Page, web: Web, id: str) -> None:
    page.goto(f"{web.url}/devices/{id}")
    expect(page.locator(".empty")).to_contain_text("is known here")
    page.get_by_role("link", name="Devices").last.click()
    expect(page).to_have_url(f"{web.url}/devices")


@pytest.mark.parametrize("id", NAMELESS)
def test_a_defect_that_is_none_is_said_to_be_none_and_the_list_is_there(
    page: Page, web: Web, node: NodeLike, bridge: BridgeLike, id: str
) -> None:
    bridge.store_find(node)
    page.goto(f"{web.url}/defects/{id}")
    expect(page.locator(".toast")).to_contain_text("There is no such defect")
    expect(page.locator(".row").first).to_be_visible()
    expect(page).to_have_url(f"{web.url}/defects")
