"""Settings, model and restart at /devices/<id>, against a real node with a rendered camera."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from glassline.vision.archive import pack
from tests.support.chain import Chain
from tests.support.waiting import until
from workbench.demo.site import NODE_ID

from .shots import shoot
from .test_models import card_in

DECIDED_MS = 60_000


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """Its camera cannot give wider pictures than it gives."""
    folder = tmp_path_factory.mktemp("chain")
    chain = Chain(folder, "scene:?seed=5&max_width=640")
    models = folder / "models"
    pack(card_in(folder / "source"), models)
    _add_to_web(chain.site.config, f'models = "{models}"')
    chain.start()
    try:
        chain.wait_until_live()
        yield chain
    finally:
        chain.stop()


def _add_to_web(config: Path, line: str) -> None:
    config.write_text(config.read_text().replace("[web]\n", f"[web]\n{line}\n"))


def _node(chain: Chain) -> dict[str, Any]:
    return dict(chain.get(f"/api/devices/{NODE_ID}").json())


def _in_force(chain: Chain, name: str) -> Any:
    return _node(chain)["info"]["settings"][name]


@pytest.fixture
def settings(page: Page, chain: Chain) -> Page:
    """The settings of the node, as they were read."""
    until(lambda: _node(chain)["info"]["model"])
    page.goto(f"{chain.site.url}/devices/{NODE_ID}#settings")
    expect(page.get_by_label("Live quality", exact=True)).to_be_visible()
    return page


def _field(page: Page, name: str) -> Locator:
    return page.locator(f'.setting[data-name="{name}"]')


def _send(page: Page) -> None:
    page.get_by_role("button", name="Send changes").click()


def test_the_form_is_made_of_what_may_be_set_with_what_is_in_force(settings: Page, chain: Chain) -> None:
    offered = chain.get(f"/api/devices/{NODE_ID}/settings").json()["settings"]
    for setting in offered:
        if setting["name"] != "model":
            expect(_field(settings, setting["name"])).to_contain_text(setting["sentence"])
    expect(settings.get_by_label("Picture size", exact=True)).to_have_value("640x480")
    expect(settings.get_by_label("Camera rate", exact=True)).to_have_value(f"{_in_force(chain, 'camera_fps'):g}")
    expect(_field(settings, "camera_fps")).to_contain_text("1 to 120 a second")
    expect(settings.get_by_role("button", name="Send changes")).to_be_disabled()


def test_what_cannot_be_is_said_before_it_is_sent(settings: Page, chain: Chain) -> None:
    settings.get_by_label("Camera rate", exact=True).fill("500")
    expect(_field(settings, "camera_fps").get_by_role("alert")).to_have_text("At most 120.")
    settings.get_by_label("Live quality", exact=True).fill("eighty")
    expect(_field(settings, "live_quality").get_by_role("alert")).to_have_text("A number is needed.")
    _send(settings)
    expect(settings.get_by_label("Camera rate", exact=True)).to_be_focused()
    settings.get_by_role("button", name="Undo").click()
    expect(settings.get_by_label("Live quality", exact=True)).to_have_value(str(_in_force(chain, "live_quality")))
    expect(settings.get_by_role("alert").filter(has_text="At most")).to_have_count(0)


def test_what_the_node_takes_it_echoes_and_it_can_be_taken_back(settings: Page, chain: Chain) -> None:
    settings.get_by_label("Live quality", exact=True).fill("61")
    settings.get_by_label("stain", exact=True).last.check()
    _send(settings)
    expect(_field(settings, "live_quality")).to_contain_text("In force.")
    until(lambda: _in_force(chain, "live_quality") == 61)
    assert _in_force(chain, "labels_off") == ["stain"]
    expect(_field(settings, "live_quality")).to_contain_text("changed from the page")
    _field(settings, "live_quality").get_by_role("button", name="Back to its file").click()
    expect(_field(settings, "live_quality")).to_contain_text("Its own file counts again.")
    expect(settings.get_by_label("Live quality", exact=True)).to_have_value("80")
    settings.get_by_role("button", name="Take all changes back").click()
    settings.get_by_role("dialog").get_by_role("button", name="Take all changes back").click()
    until(lambda: not _in_force(chain, "labels_off"))
    expect(settings.get_by_label("stain", exact=True).last).not_to_be_checked()


def test_what_the_node_refuses_is_said_at_its_field(settings: Page, chain: Chain) -> None:
    settings.get_by_label("Picture size", exact=True).fill("wide")
    settings.get_by_label("Live rate", exact=True).fill("7")
    _send(settings)
    expect(_field(settings, "image_wh").get_by_role("alert")).to_contain_text("Expected WIDTHxHEIGHT")
    expect(_field(settings, "live_fps")).not_to_contain_text("In force.")
    assert _in_force(chain, "live_fps") != 7
    expect(settings.get_by_label("Live rate", exact=True)).to_have_value("7")


def test_a_change_that_may_break_the_camera_is_on_probation_and_stays_if_it_works(settings: Page, chain: Chain) -> None:
    settings.get_by_label("Camera rate", exact=True).fill("12")
    _send(settings)
    expect(_field(settings, "camera_fps")).to_contain_text("On probation")
    expect(_field(settings, "camera_fps")).to_contain_text("It works, and stays.", timeout=DECIDED_MS)
    assert _in_force(chain, "camera_fps") == 12


def test_a_change_that_breaks_the_camera_is_taken_back_and_told_why(settings: Page, chain: Chain) -> None:
    settings.get_by_label("Picture size", exact=True).fill("800x600")
    _send(settings)
    field = _field(settings, "image_wh")
    expect(field).to_contain_text("On probation")
    shoot(settings, "device-settings-probation", full_page=True)
    expect(field).to_contain_text("Taken back:", timeout=DECIDED_MS)
    expect(field).to_contain_text("only pictures up to 640 px wide")
    expect(settings.get_by_label("Picture size", exact=True)).to_have_value("640x480")
    expect(settings.locator(".last-back")).to_contain_text("Picture size")
    shoot(settings, "device-settings-taken-back", full_page=True)
    settings.get_by_role("tab", name="Overview").click()
    expect(settings.locator(".causes-panel")).to_contain_text("was taken back")


def test_what_a_person_writes_outlives_what_is_pushed(settings: Page, chain: Chain) -> None:
    settings.get_by_label("Live rate", exact=True).fill("3")
    _config(chain, {"evidence_quality": 77})
    expect(settings.get_by_label("Evidence quality", exact=True)).to_have_value("77")
    expect(settings.get_by_label("Live rate", exact=True)).to_have_value("3")


def _config(chain: Chain, args: dict[str, Any]) -> None:
    answer = httpx.post(f"{chain.site.url}/api/devices/{NODE_ID}/cmd/config", json={"args": args}, timeout=20)
    assert answer.json()["status"] == "ok", answer.text


def test_a_model_is_sent_fetched_proven_and_taken_back(page: Page, chain: Chain) -> None:
    page.goto(f"{chain.site.url}/devices/{NODE_ID}#model")
    expect(page.locator(".model-now")).to_contain_text("glassline-n")
    page.get_by_role("button", name="Send other").click()
    expect(page.locator(".model-way")).to_contain_text(re.compile("Asking|Fetching|Checking|On probation"))
    expect(page.locator(".model-way")).to_contain_text("It works, and stays.", timeout=DECIDED_MS)
    expect(page.locator(".model-now")).to_contain_text("red, blue")
    expect(page.get_by_role("row", name=re.compile("other"))).to_contain_text("in force")
    shoot(page, "device-model", full_page=True)
    page.get_by_role("button", name="Back to its own model").click()
    expect(page.locator(".model-way")).to_contain_text("It works, and stays.", timeout=DECIDED_MS)
    expect(page.locator(".model-now")).to_contain_text("glassline-n")


def test_the_settings_are_changed_without_a_mouse(settings: Page, chain: Chain) -> None:
    settings.get_by_role("tab", name="Settings").focus()
    settings.keyboard.press("ArrowRight")
    expect(settings.get_by_role("tab", name="Model")).to_be_focused()
    settings.keyboard.press("ArrowLeft")
    for _ in range(60):
        settings.keyboard.press("Tab")
        if settings.evaluate("() => document.activeElement.id") == "setting-live_fps":
            break
    settings.keyboard.press("Control+a")
    settings.keyboard.type("9")
    settings.keyboard.press("Enter")
    expect(_field(settings, "live_fps")).to_contain_text("In force.")
    assert _in_force(chain, "live_fps") == 9


def test_a_node_that_is_restarted_is_seen_to_come_back(page: Page, chain: Chain) -> None:
    page.goto(f"{chain.site.url}/devices/{NODE_ID}")
    page.get_by_role("button", name="Restart").click()
    page.get_by_role("dialog").get_by_role("button", name="Restart").click()
    until(lambda: chain.processes["pi_node"].poll() is not None, timeout_s=30)
    expect(page.get_by_text(re.compile("It has ended and starts anew"))).to_be_visible()
    chain.start("pi_node")
    expect(page.get_by_text(re.compile("It is back, after \\d+ s"))).to_be_visible(timeout=DECIDED_MS)
