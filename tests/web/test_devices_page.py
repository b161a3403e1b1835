"""The pages /devices and /devices/<id> in a real Chromium, with programs as the contract has them."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from glassline.contract import Reason
from glassline.contract.messages import Health, Latency, LiveHealth, OutboxHealth, StoreHealth, WifiHealth
from glassline.store import open_store
from tests.support.waiting import until

from .people import SECRET
from .processes import Mosquitto, Web
from .publishers import BridgeLike, NodeLike
from .shots import shoot

WIDTHS = (360, 1280, 2560)
FULL: dict[str, Any] = {
    "inference_ms": Latency(p50=61, p95=88), "memory_free_mb": 2210.0, "disk_free_mb": 18432.0, "memory_mb": 312.0,
    "throttled": "0x50000", "wifi": WifiHealth(interface="wlan0", signal_dbm=-58), "clock": "synced",
    "live": LiveHealth(fps=12, quality=70, image_wh=(640, 480), frame_ms=83, limited_by="link", link_kbit_s=2300),
    "outbox": OutboxHealth(depth=4, oldest_age_s=9.0, confirmed=812), "publish_fps": 12.0,
}  # fmt: skip


def _row(page: Page, id: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=id, exact=True))


def _sign_in(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(SECRET)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#account .who")).to_have_text(name)


@pytest.fixture
def crowd(broker: Mosquitto, web: Web) -> Iterator[dict[str, NodeLike]]:
    """Three nodes: one well, one hot and slow, one that left."""
    with ExitStack() as stack:
        nodes = {id: stack.enter_context(NodeLike(broker.address, id)) for id in ("cold", "hot")}
        with NodeLike(broker.address, "gone"):
            until(lambda: web.http.get("/api/devices/gone").json().get("online"))
        nodes["cold"].publish_health(cpu_temp_c=41.0, outbox=OutboxHealth(depth=0))
        nodes["hot"].publish_health(
            state="degraded", reasons=[Reason.POWER_UNDERVOLTAGE], **FULL | {"cpu_temp_c": 81.0}
        )
        yield nodes


def test_every_program_is_listed_with_how_it_is_and_why(
    page: Page, web: Web, bridge: BridgeLike, crowd: dict[str, NodeLike]
) -> None:
    bridge.publish_health()
    page.goto(f"{web.url}/devices")
    expect(_row(page, "cold")).to_contain_text("works")
    expect(_row(page, "hot")).to_contain_text("partly works")
    expect(_row(page, "hot")).to_contain_text("too little voltage")
    for text in ("61 · 88 ms", "81 °C", "83 ms", "glass-n", "0.1.0", "15 · 9"):
        expect(_row(page, "hot")).to_contain_text(text)
    expect(_row(page, "gone")).to_contain_text("away")
    expect(_row(page, "gone")).to_contain_text("gone is offline")
    expect(_row(page, "bridge-1")).to_contain_text("Bridge")
    expect(_row(page, "web-1")).to_contain_text("Web")


def test_it_is_found_chosen_and_put_in_order_and_the_address_keeps_that(
    page: Page, web: Web, bridge: BridgeLike, crowd: dict[str, NodeLike]
) -> None:
    page.goto(f"{web.url}/devices")
    names = page.locator("tbody .device-name")
    expect(names.filter(has_text="cold")).to_be_visible()
    page.get_by_label("Filter by name").fill("glass-n OLD")
    page.get_by_role("button", name="Temp.").click()
    expect(names).to_have_text(["cold"])
    page.get_by_label("Filter by name").fill("o")
    page.get_by_role("button", name="Cameras").click()
    wanted = page.locator("tbody tr").filter(has_text=re.compile("cold|hot|gone")).locator(".device-name")
    expect(wanted).to_have_text(["hot", "cold", "gone"])
    page.reload()
    expect(wanted).to_have_text(["hot", "cold", "gone"])
    expect(page.locator('th[aria-sort="ascending"]')).to_have_text("Temp.")
    page.get_by_label("Only what needs a look").check()
    expect(wanted).to_have_text(["hot", "gone"])
    page.get_by_label("Filter by name").fill("nobody")
    expect(page.locator(".empty")).to_contain_text("None of them matches")
    page.get_by_role("button", name="Show all").click()
    expect(wanted).to_have_text(["hot", "cold", "gone"])


def test_what_changes_is_pushed(page: Page, web: Web, bridge: BridgeLike, crowd: dict[str, NodeLike]) -> None:
    page.goto(f"{web.url}/devices")
    expect(_row(page, "cold")).to_contain_text("41 °C")
    page.evaluate("() => { window.sameDocument = true; }")
    crowd["cold"].publish_health(state="failed", reasons=[Reason.CAMERA_MISSING], cpu_temp_c=43.0)
    expect(_row(page, "cold")).to_contain_text("43 °C")
    expect(_row(page, "cold")).to_contain_text("broken")
    assert page.evaluate("() => window.sameDocument")


def test_two_hundred_strangers_stay_usable(page: Page, web: Web, broker: Mosquitto, node: NodeLike) -> None:
    """Names may be as long as they may be, and made up."""
    link = node.link
    for k in range(190):
        link.publish("status", b"online", id=f"stranger-{k:03d}-with-a-very-long-name"[:32])
    page.goto(f"{web.url}/devices")
    until(lambda: page.locator("tbody tr").count() >= 190, timeout_s=60)
    node.publish_health(state="failed", reasons=[Reason.CAMERA_MISSING])
    expect(_row(page, node.id)).to_contain_text("broken")
    known = page.locator("tbody tr").filter(has_not_text="stranger").filter(has_text=re.compile("away|broken"))
    names = page.locator("tbody .device-name").all_inner_texts()
    assert known.count()
    assert "stranger" not in "".join(names[: known.count()]), "who is known goes before names that may be made up"
    began_s = time.monotonic()
    page.get_by_label("Filter by name").fill("stranger-123")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert time.monotonic() - began_s < 2
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_a_device_tells_all_that_is_known_of_it(page: Page, web: Web, crowd: dict[str, NodeLike]) -> None:
    page.goto(f"{web.url}/devices")
    page.get_by_role("link", name="hot", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("hot")
    expect(page.locator(".causes-panel")).to_contain_text("too little voltage")
    expect(page.locator(".causes-panel")).to_contain_text("power supply")
    for text in (
        "test-host", "scene:test", "640 × 480", "not now; since it was started: too little voltage, slowed down",
        "-58 dBm on wlan0", "the link", "2,300 kbit/s", "812", "18.4 GB", "2.2 GB", "scratch, chip, bubble",
    ):  # fmt: skip
        expect(page.locator(".facts-panel")).to_contain_text(text)
    tile = page.locator(".tile", has_text="Temperature")
    expect(tile).to_contain_text("81 °C")
    crowd["hot"].publish_health(**FULL | {"cpu_temp_c": 75.0})
    expect(tile).to_contain_text("75 °C")
    expect(tile).to_contain_text("from 75 °C to 81 °C")
    expect(page.locator(".causes-panel .cause", has_text="voltage")).to_have_count(0)
    expect(page.get_by_role("link", name="Diagnosis").last).to_have_attribute("href", "/diagnose?device=hot")


def test_a_bridge_has_facts_of_its_own_and_no_settings(page: Page, web: Web, bridge: BridgeLike) -> None:
    bridge.link.publish("health", _bridge_health(bridge))
    page.goto(f"{web.url}/devices/bridge-1")
    expect(page.locator(".facts-panel")).to_contain_text("sqlite")
    expect(page.locator(".facts-panel")).to_contain_text("4,711")
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(page.get_by_role("button", name="Restart")).to_be_hidden()


def _bridge_health(bridge: BridgeLike) -> bytes:
    store = StoreHealth(kind="sqlite", ok=True, rows=4711, images=12)
    return Health(**bridge.link.envelope(), state="ok", uptime_s=9, store=store).to_json()


def test_nobody_of_that_name_is_said_and_leads_back(page: Page, web: Web) -> None:
    page.goto(f"{web.url}/devices/nobody-there")
    expect(page.locator(".empty")).to_contain_text("Nobody called nobody-there is known here")
    page.get_by_role("link", name="All devices").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Devices")


def test_a_picture_is_asked_for_shown_and_can_be_saved(page: Page, web: Web, node: NodeLike) -> None:
    node.publish_frame(number=1)
    page.goto(f"{web.url}/devices/{node.id}")
    picture = page.get_by_role("img", name=f"What {node.id} sees")
    expect(picture).to_have_js_property("naturalWidth", 640)
    before = picture.get_attribute("src")
    node.publish_frame(number=20)
    page.get_by_role("button", name="Take a picture").click()
    expect(page.get_by_text("A new picture came.")).to_be_visible()
    assert [name for name, _ in node.commands] == ["snapshot"]
    assert picture.get_attribute("src") != before
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the picture").click()
    assert download.value.suggested_filename == f"{node.id}.jpg"


def test_a_restart_is_asked_for_once_more_and_seen_to_its_end(
    page: Page, web: Web, broker: Mosquitto, node: NodeLike
) -> None:
    page.goto(f"{web.url}/devices/{node.id}")
    page.get_by_role("button", name="Restart").click()
    dialog = page.get_by_role("dialog", name=f"Restart {node.id}?")
    dialog.get_by_role("button", name="Cancel").click()
    assert not node.commands
    page.get_by_role("button", name="Restart").click()
    dialog.get_by_role("button", name="Restart").click()
    expect(page.get_by_text(re.compile("Asked to restart, \\d+ s ago"))).to_be_visible()
    until(lambda: [name for name, _ in node.commands] == ["restart"])
    node.__exit__()
    expect(page.get_by_text(re.compile("It has ended and starts anew"))).to_be_visible()
    with NodeLike(broker.address, node.id):
        expect(page.get_by_text(re.compile("It is back, after \\d+ s"))).to_be_visible()


@pytest.fixture
def stored(store_url: str, web: Web, node: NodeLike) -> NodeLike:
    """A node that the store knows, as a bridge would have noted it."""
    with open_store(store_url) as store:
        store.remember(node.id, role="node", status="online", info=None)
    return node


def test_a_device_gets_a_name_that_every_page_shows_at_once(
    page: Page, context: BrowserContext, web: Web, stored: NodeLike
) -> None:
    other = context.new_page()
    other.goto(f"{web.url}/devices")
    expect(_row(other, stored.id)).to_be_visible()
    page.goto(f"{web.url}/devices/{stored.id}")
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name for people").fill("<b>Line 3</b>, left")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>Line 3</b>, left")
    expect(_row(other, "<b>Line 3</b>, left")).to_contain_text(stored.id)
    page.get_by_role("button", name="Rename").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Rename")).to_be_focused()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name for people").fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(stored.id)


def test_a_device_is_retired_once_it_is_away_and_comes_back_if_it_speaks(
    page: Page, web: Web, broker: Mosquitto, stored: NodeLike
) -> None:
    page.goto(f"{web.url}/devices/{stored.id}")
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_text("It runs, and would be back at once.")).to_be_visible()
    stored.__exit__()
    expect(page.locator(".device-state")).to_contain_text("away")
    page.get_by_role("button", name="Retire").click()
    dialog = page.get_by_role("dialog", name=f"Retire {stored.id}?")
    expect(dialog).to_contain_text("Its defects and their pictures stay.")
    dialog.get_by_role("button", name="Retire").click()
    expect(page.locator(".toast")).to_contain_text(f"{stored.id} is retired.")
    expect(page.locator(".toast")).to_contain_text("glassline revoke")
    expect(_row(page, "web-1")).to_be_visible()
    expect(_row(page, stored.id)).to_have_count(0)
    with NodeLike(broker.address, stored.id):
        expect(_row(page, stored.id)).to_be_visible()


def test_who_may_only_look_sees_the_same_page_without_what_changes_things(
    page: Page, guarded: Web, node: NodeLike
) -> None:
    page.goto(f"{guarded.url}/devices/{node.id}")
    _sign_in(page, "vic")
    expect(page.get_by_role("heading", level=1)).to_have_text(node.id)
    expect(page.get_by_role("button", name="Take a picture")).to_be_visible()
    for name in ("Rename", "Restart", "Retire"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits(
    browser: Browser, web: Web, bridge: BridgeLike, crowd: dict[str, NodeLike], width: int, scheme: str
) -> None:
    crowd["hot"].publish_frame(number=3)
    with browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    ) as context:
        page = context.new_page()
        for name, path in (("list", "/devices"), ("one", "/devices/hot"), ("settings", "/devices/hot#settings")):
            page.goto(web.url + path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            time.sleep(0.8)
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width
            shoot(page, f"devices-{name}-{width}-{scheme}", full_page=True)
