"""The page /people in a real Chromium: who may sign in, one's own password, tokens for scripts."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from .people import SECRET, client, enter, make_people
from .processes import Mosquitto, Web
from .shots import shoot

WIDTHS = (360, 1280, 2560)


@pytest.fixture
def house(tmp_path: Path, broker: Mosquitto) -> Iterator[Web]:
    """A web of its own at which people sign in: each test changes them."""
    people = make_people(tmp_path / "people.json")
    with Web(tmp_path, broker=broker.address, id="web-people", people=people.path) as process:
        yield process


def _open(page: Page, web: Web, name: str, password: str = SECRET) -> None:
    page.goto(f"{web.url}/people")
    sign_in = page.get_by_role("dialog", name="Sign in to Glassline")
    sign_in.get_by_label("Name").fill(name)
    sign_in.get_by_label("Password").fill(password)
    sign_in.get_by_role("button", name="Sign in").click()
    expect(page.locator("#account .who")).to_have_text(name)


def _row(page: Page, name: str) -> Locator:
    return page.locator(".people-panel tbody tr").filter(has=page.get_by_role("rowheader", name=name))


def _may_sign_in(web: Web, name: str, password: str) -> bool:
    with client(web) as person:
        return person.post("/api/session", json={"name": name, "password": password}).status_code == 200


def test_an_admin_lets_somebody_in_and_hands_the_password_over_once(page: Page, house: Web) -> None:
    _open(page, house, "boss")
    form = page.locator(".add-person")
    form.get_by_label("Name").fill("Zoe <b>")
    form.get_by_label("May do").select_option("reviewer")
    password = form.get_by_role("textbox", name="Password").input_value()
    assert re.fullmatch(r"(?:[a-z2-9]{5}-){3}[a-z2-9]{5}", password)
    form.get_by_role("button", name="Add", exact=True).click()
    handed = page.locator(".handed")
    expect(handed).to_contain_text("Zoe <b> can sign in now")
    expect(handed.locator(".secret")).to_have_text(password)
    expect(_row(page, "Zoe <b>").get_by_role("combobox")).to_have_value("reviewer")
    assert form.get_by_role("textbox", name="Password").input_value() != password
    handed.get_by_role("button", name="Done").click()
    assert password not in page.content()
    assert _may_sign_in(house, "Zoe <b>", password)


def test_the_password_is_copied(page: Page, context: BrowserContext, house: Web) -> None:
    _open(page, house, "boss")
    page.locator(".add-person").get_by_label("Name").fill("Zoe")
    page.locator(".add-person").get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Copy the password").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    secret = page.locator(".handed .secret").inner_text()
    assert page.evaluate("() => navigator.clipboard.readText()") == secret


def test_what_is_refused_is_said_where_it_was_asked(page: Page, house: Web) -> None:
    _open(page, house, "boss")
    form = page.locator(".add-person")
    form.get_by_label("Name").fill("ANNA")
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("anna")
    expect(form.get_by_label("Name")).to_be_focused()
    _row(page, "boss").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(_row(page, "boss").get_by_role("alert")).to_contain_text("last admin")


def test_a_role_is_changed_a_password_set_and_somebody_removed(page: Page, house: Web) -> None:
    _open(page, house, "boss")
    anna = enter(house, "anna")
    _row(page, "vic").get_by_role("combobox").select_option("reviewer")
    expect(_row(page, "vic")).to_contain_text("Saved")
    assert enter(house, "vic").get("/api/session").json()["role"] == "reviewer"
    _row(page, "vic").get_by_role("button", name="New password for vic").click()
    password = _row(page, "vic").get_by_role("textbox", name="Password").input_value()
    _row(page, "vic").get_by_role("button", name="Save").click()
    expect(page.locator(".handed .secret")).to_have_text(password)
    assert _may_sign_in(house, "vic", password)
    assert not _may_sign_in(house, "vic", SECRET)
    _row(page, "anna").get_by_role("button", name="Remove anna").click()
    dialog = page.get_by_role("dialog", name="Remove anna?")
    expect(dialog).to_contain_text("Reviews keep the name")
    dialog.get_by_role("button", name="Cancel").click()
    assert anna.get("/api/devices").status_code == 200
    _row(page, "anna").get_by_role("button", name="Remove anna").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(_row(page, "anna")).to_have_count(0)
    expect(_row(page, "boss").get_by_role("button", name="Remove boss")).to_be_focused()
    assert anna.get("/api/devices").status_code == 401


@pytest.mark.parametrize("name", ["vic", "anna"])
def test_who_is_no_admin_has_the_own_password_and_tokens_only(page: Page, house: Web, name: str) -> None:
    page.goto(house.url)
    _open(page, house, name)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    expect(page.locator(".people-panel, .add-person")).to_have_count(0)
    expect(page.get_by_role("navigation").get_by_role("link", name="People")).to_be_hidden()
    roles = page.locator(".token-form").get_by_label("May do").get_by_role("option")
    expect(roles).to_have_count({"vic": 1, "anna": 2}[name])


def test_ones_own_password_is_changed_and_the_wrong_one_is_said(page: Page, house: Web) -> None:
    elsewhere = enter(house, "vic")
    _open(page, house, "vic")
    panel = page.locator(".own-password")
    panel.get_by_label("Present password").fill("wrong horse")
    panel.get_by_label("New password").fill("another horse")
    panel.get_by_role("button", name="Change password").click()
    expect(panel.get_by_role("alert")).not_to_be_empty()
    panel.get_by_label("Show what I type").check()
    expect(panel.get_by_label("New password")).to_have_attribute("type", "text")
    panel.get_by_label("Present password").fill(SECRET)
    panel.get_by_role("button", name="Change password").click()
    expect(panel).to_contain_text("Changed.")
    expect(panel.get_by_label("New password")).to_have_value("")
    assert elsewhere.get("/api/devices").status_code == 401
    page.reload()
    expect(page.locator("#account .who")).to_have_text("vic")
    assert _may_sign_in(house, "vic", "another horse")


def test_a_token_is_made_shown_once_works_and_is_revoked(page: Page, house: Web) -> None:
    _open(page, house, "anna")
    form = page.locator(".token-form")
    form.get_by_label("What for").fill("export to the office")
    form.get_by_label("Ends after").select_option("7")
    form.get_by_role("button", name="Make a token").click()
    handed = page.locator(".handed")
    secret = handed.locator(".secret").inner_text()
    line = handed.locator(".example").inner_text()
    assert line == f"curl -H 'Authorization: Bearer {secret}' {house.url}/api/defects"
    script = httpx.Client(headers={"Authorization": f"Bearer {secret}"}, base_url=house.url)
    assert script.get("/api/defects").status_code == 200
    row = page.locator(".tokens-panel tbody tr")
    expect(row).to_contain_text("export to the office")
    expect(row).to_contain_text("Viewer")
    handed.get_by_role("button", name="Done").click()
    assert secret not in page.content()
    row.get_by_role("button", name="Revoke export to the office").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator(".tokens-panel")).to_contain_text("You have none.")
    expect(form.get_by_label("What for")).to_be_focused()
    assert script.get("/api/defects").status_code == 401


def test_an_admin_sees_and_revokes_everybodys_tokens(page: Page, house: Web) -> None:
    anna = enter(house, "anna")
    for name in ("hers", "her other"):
        assert anna.post("/api/tokens", json={"name": name, "role": "viewer", "days": 1}).status_code == 200
    _open(page, house, "boss")
    expect(page.locator(".tokens-panel")).to_contain_text("You have none.")
    page.get_by_label("Those of everybody").check()
    row = page.locator(".tokens-panel tbody tr")
    expect(row).to_have_count(2)
    expect(row.first).to_contain_text("anna")
    row.get_by_role("button", name="Revoke hers").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(1)
    expect(row.get_by_role("button", name="Revoke her other")).to_be_focused()


def test_somebody_is_let_in_without_a_mouse(page: Page, house: Web) -> None:
    _open(page, house, "boss")
    expect(_row(page, "vic")).to_be_visible()

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            told = page.evaluate(
                "() => document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent"
            )
            if told.startswith(name):
                return
        pytest.fail(f"the tab key does not reach {name}")

    tab_to("NameAs it")
    page.keyboard.type("Kay")
    tab_to("Add")
    page.keyboard.press("Enter")
    expect(page.locator(".handed")).to_contain_text("Kay can sign in now")
    expect(page.get_by_role("button", name="Copy the password")).to_be_focused()


def test_where_nobody_signs_in_it_says_so_and_how_to_change_that(page: Page, web: Web) -> None:
    page.goto(f"{web.url}/people")
    expect(page.locator(".nobody")).to_contain_text("Nobody signs in here")
    expect(page.locator(".nobody pre")).to_have_text('[web]\npeople = "var/people.json"')
    expect(page.locator(".own-password, .tokens-panel, .people-panel")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits(browser: Browser, guarded: Web, width: int, scheme: str) -> None:
    boss = enter(guarded, "boss")
    boss.post("/api/tokens", json={"name": f"for {width} {scheme}", "role": "viewer", "days": 30})
    with browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    ) as context:
        page = context.new_page()
        _open(page, guarded, "boss")
        expect(_row(page, "vic")).to_be_visible()
        page.locator(".token-form").get_by_label("What for").fill("a script")
        page.locator(".token-form").get_by_role("button").click()
        expect(page.locator(".handed")).to_be_visible()
        time.sleep(0.3)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        shoot(page, f"people-{width}-{scheme}", full_page=True)
