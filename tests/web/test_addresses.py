"""Addresses that name nothing, in a real Chromium: each says so, and no script stumbles over one."""

import pytest
from playwright.sync_api import Page, expect

from .processes import Web

NAMELESS = ("%E0%A4%A", "%", "Not_A_Name")


@pytest.mark.parametrize("path", ["devices", "defects"])
@pytest.mark.parametrize("id", NAMELESS)
def test_what_can_be_no_name_is_said_to_be_no_page(page: Page, web: Web, path: str, id: str) -> None:
    answer = page.goto(f"{web.url}/{path}/{id}")
    assert answer
    assert answer.status == 404
    expect(page.get_by_role("heading")).to_contain_text("There is no such page")


def test_a_device_that_nobody_knows_is_said_to_be_unknown(page: Page, web: Web) -> None:
    page.goto(f"{web.url}/devices/nobody-1")
    expect(page.locator(".empty")).to_contain_text("Nobody called nobody-1 is known here")
    page.locator(".empty").get_by_role("link").click()
    expect(page).to_have_url(f"{web.url}/devices")
