"""Signing in at the page, in a real Chromium: by keyboard, in both colours, and when a session ends meanwhile."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from glassline.accounts import People, PersonRole
from web.people.attempts import OURS

from .people import SECRET, client, enter, make_people
from .processes import ROOT, Web
from .publishers import BridgeLike, NodeLike

SHOTS = ROOT / "var" / "screenshots"


@pytest.fixture
def streaming(node: NodeLike, bridge: BridgeLike) -> NodeLike:
    bridge.publish_health()
    node.keep_healthy()
    node.stream(10)
    return node


def _sign_in(page: Page, name: str, password: str = SECRET) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def test_the_page_asks_first_and_then_shows_who_is_signed_in(guarded: Web, streaming: NodeLike, page: Page) -> None:
    page.goto(f"{guarded.url}/#{streaming.id}")
    dialog = page.get_by_role("dialog", name="Sign in to Glassline")
    expect(dialog).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()
    assert not enter(guarded, "boss").get("/health").json()["viewers"], "nothing is watched before"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    page.keyboard.type("anna")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(SECRET)
    page.keyboard.press("Enter")
    expect(page.locator(".mark")).to_have_text("LIVE")
    expect(dialog).to_be_hidden()
    expect(page.locator("#account")).to_contain_text("anna")
    expect(page.locator("#account")).to_contain_text("Reviewer")
    page.reload()
    expect(page.locator(".mark")).to_have_text("LIVE")
    assert SECRET not in page.url


def test_signing_out_shows_the_form_and_nothing_else(guarded: Web, streaming: NodeLike, page: Page) -> None:
    page.goto(guarded.url)
    _sign_in(page, "vic")
    expect(page.locator(".mark")).to_have_text("LIVE")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog", name="Sign in to Glassline")).to_be_visible()
    expect(page.locator(".mark")).not_to_have_text("LIVE")
    assert not page.context.cookies()
    page.go_back()
    page.goto(guarded.url)
    expect(page.get_by_role("dialog", name="Sign in to Glassline")).to_be_visible()


def test_who_may_not_review_sees_what_others_said_and_no_button(
    guarded: Web, streaming: NodeLike, bridge: BridgeLike, page: Page
) -> None:
    event_id = bridge.store_find(streaming, label="chip")
    said = {"status": "reviewed", "note": "polished", "version": 0}
    assert enter(guarded, "anna").post(f"/api/defects/{event_id}/review", json=said).status_code == 200
    page.goto(guarded.url)
    _sign_in(page, "vic")
    page.locator(".card", has_text="chip").first.click()
    dialog = page.get_by_role("dialog", name="chip")
    for text in ("Reviewed", "polished", "by anna"):
        expect(dialog).to_contain_text(text)
    expect(dialog.get_by_role("button", name="Save")).to_be_hidden()
    expect(dialog.get_by_role("textbox")).to_have_count(0)
    page.wait_for_timeout(300)
    page.screenshot(path=_shot("viewer-detail-1280"))


def test_a_session_that_ends_while_a_note_is_written_costs_no_word(
    guarded: Web, people: People, streaming: NodeLike, bridge: BridgeLike, page: Page
) -> None:
    people.add("writer", PersonRole.REVIEWER, SECRET)
    event_id = bridge.store_find(streaming, label="crack")
    page.goto(f"{guarded.url}/#{streaming.id}")
    _sign_in(page, "writer")
    page.locator(".card", has_text="crack").first.click()
    note = page.get_by_role("dialog", name="crack").get_by_label("Note")
    note.fill("half a sentence")
    people.change("writer", password="another password")
    ended = page.get_by_role("dialog", name="Sign in to Glassline")
    expect(ended).to_be_visible(timeout=5000)
    expect(ended).to_contain_text("Your session has ended")
    expect(page.get_by_label("Name")).to_have_value("writer")
    page.screenshot(path=_shot("session-ended-1280"))
    page.get_by_label("Password").fill("another password")
    page.keyboard.press("Enter")
    expect(ended).to_be_hidden()
    expect(note).to_have_value("half a sentence")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog", name="crack")).to_contain_text("Saved")
    page.keyboard.press("Escape")
    expect(page.locator(".mark")).to_have_text("LIVE")
    assert enter(guarded, "vic").get(f"/api/defects/{event_id}").json()["reviewed_by"] == "writer"
    people.remove("writer")


def test_after_another_person_signed_in_nothing_of_the_first_is_left(
    guarded: Web, streaming: NodeLike, bridge: BridgeLike, context: BrowserContext, page: Page
) -> None:
    bridge.store_find(streaming, label="stain")
    page.goto(guarded.url)
    _sign_in(page, "anna")
    page.locator(".card", has_text="stain").first.click()
    page.get_by_role("dialog", name="stain").get_by_label("Note").fill("anna's words")
    other = context.new_page()
    other.goto(guarded.url)
    other.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog", name="Sign in to Glassline")).to_be_visible()
    _sign_in(page, "vic")
    expect(page.locator("#account .who")).to_have_text("vic")
    expect(page.get_by_role("dialog", name="stain")).to_be_hidden()
    assert "anna's words" not in page.content()


def test_who_has_tried_too_often_is_told_how_long_to_wait(tmp_path: Path, page: Page) -> None:
    with Web(tmp_path, broker="", people=make_people(tmp_path / "people.json").path) as web:
        for _ in range(10):
            client(web).post("/api/session", json={"name": "nobody", "password": "wrong one"})
        page.goto(web.url)
        _sign_in(page, "anna")
        expect(page.get_by_role("alert")).to_contain_text("Too many wrong passwords: wait")
        page.wait_for_timeout(OURS.address_every_s * 1000)
        _sign_in(page, "anna")
        expect(page.locator("#account .who")).to_have_text("anna")


def test_without_people_there_is_no_form_and_no_name(web: Web, page: Page) -> None:
    page.goto(web.url)
    expect(page.locator(".hop")).to_have_count(8)
    expect(page.locator("#account")).to_be_hidden()
    expect(page.locator("#sign-in")).to_be_hidden()
    assert not page.context.cookies()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_fits_and_can_be_read(browser: Browser, guarded: Web, width: int, scheme: str) -> None:
    with browser.new_context(
        viewport={"width": width, "height": 700},
        color_scheme=scheme,  # type: ignore[arg-type]
    ) as context:
        page = context.new_page()
        page.goto(guarded.url)
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        for name in ("h1", "label", "input", ".primary"):
            ratio = page.locator(f".sign-in {name}").first.evaluate(CONTRAST)
            assert ratio >= 4.5, (name, ratio)
        time.sleep(0.2)
        page.screenshot(path=_shot(f"sign-in-{width}-{scheme}"))


CONTRAST = """(element) => {
  const channel = (value) => (value /= 255) <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number);
    return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  };
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
  const [a, b] = [light(getComputedStyle(element).color), light(getComputedStyle(behind).backgroundColor)];
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
}"""


def _shot(name: str) -> str:
    SHOTS.mkdir(parents=True, exist_ok=True)
    return str(SHOTS / f"{name}.png")
