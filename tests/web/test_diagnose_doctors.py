"""The page /diagnose: the chain in full, the doctors that it asks, and what it gives for a bug report."""

import contextlib
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from glassline.contract import Reason
from glassline.contract.messages import Command, Reply, decode
from glassline.diagnosis import Hop, Observation, diagnose
from glassline.store import open_store
from tests.support.embedded_broker import free_port
from tests.support.waiting import until

from .people import client, code_of, enter, make_people
from .processes import ROOT, Mosquitto, Web, runs
from .publishers import BridgeLike, NodeLike

SHOTS = ROOT / "var" / "screenshots"
DOCTOR_S = 40_000


class Doctored(NodeLike):
    """A node that answers cmd/doctor as a real one does: with its own verdict."""

    def _on_command(self, address: Any, payload: bytes, retained: bool) -> None:
        seen = [
            Observation(hop=Hop.CAMERA, state="failed", code=Reason.CAMERA_BUSY, via=(), facts={"holder": "motion"}),
            Observation(hop=Hop.NODE, state="ok", age_s=0.1, via=()),
        ]
        data = {"verdict": diagnose(seen).to_dict(), "clock": "synced"} if address.rest == "doctor" else {}
        reply = Reply(**self.link.envelope(), id=decode(Command, payload).id, status="ok", data=data)
        self.link.publish("reply", reply.to_json(), rest=address.rest)


def _site(folder: Path, broker: Mosquitto, **more: str) -> tuple[Path, dict[str, Any]]:
    """A settings file as a server has it, and what a web is to be started with."""
    values = {"broker": broker.address, "store": f"sqlite:{folder}/glassline.db", **more}
    port = free_port()
    lines = [f'{name} = "{value}"' for name, value in values.items()]
    file = folder / "glassline.toml"
    file.write_text("\n".join(["[web]", f"http_port = {port}", *lines, ""]))
    return file, {"broker": "", "store": values["store"], "port": port, "config": file}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


@pytest.fixture
def web(tmp_path: Path, broker: Mosquitto) -> Iterator[Web]:
    with Web(tmp_path, **_site(tmp_path, broker)[1]) as web:
        yield web


@pytest.fixture
def node(broker: Mosquitto) -> Iterator[NodeLike]:
    with Doctored(broker.address) as node:
        node.keep_healthy()
        node.stream(5)
        yield node


@pytest.fixture
def bridge(tmp_path: Path, broker: Mosquitto, web: Web) -> Iterator[BridgeLike]:
    over = threading.Event()
    with BridgeLike(broker.address, open_store(f"sqlite:{tmp_path}/glassline.db")) as bridge:

        def beat() -> None:
            while not over.wait(2):
                bridge.publish_health()

        thread = threading.Thread(target=beat)
        thread.start()
        yield bridge
        over.set()
        thread.join()


def _well(page: Page) -> None:
    expect(page.locator("#chain")).to_have_attribute("data-state", "ok")
    expect(page.locator("#chain .row.ok")).to_have_count(8)


def test_the_strip_leads_to_one_row_a_hop_and_the_programs(
    web: Web, node: NodeLike, bridge: BridgeLike, page: Page
) -> None:
    page.goto(f"{web.url}/#{node.id}")
    expect(page.locator("#stage .mark")).to_have_text("LIVE")
    page.locator("#chain .strip").click()
    page.wait_for_url(f"{web.url}/diagnose?device={node.id}")
    _well(page)
    expect(page.locator("#chain .well")).to_contain_text("Everything works.")
    ages = page.locator("#chain .hop-age").all_inner_texts()
    assert len(ages) == 8
    assert all(re.fullmatch(r"[\d.]+ s", age) for age in ages), ages
    rows = page.locator("#programs tbody tr")
    expect(rows).to_have_count(3)
    for id, role in ((bridge.link.id, "bridge"), (node.id, "node"), ("web-1", "web")):
        expect(rows.filter(has_text=id)).to_contain_text(re.compile(rf"{role}.*online.*\d s.*0\.1\.0"))
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.locator("#stage .name")).to_have_text(node.id)


def test_a_cause_is_told_in_large_with_its_remedy_to_copy_and_what_follows_from_it(
    web: Web, node: NodeLike, bridge: BridgeLike, page: Page
) -> None:
    page.goto(f"{web.url}/diagnose?device={node.id}")
    _well(page)
    page.evaluate("() => { window.sameDocument = true; }")
    node.__exit__()
    cause = page.locator("#chain .cause").first
    expect(cause).to_have_attribute("data-code", "node.offline")
    expect(cause).to_contain_text("First cause: Node")
    expect(page.locator(".row[data-hop=camera]")).to_contain_text("This follows from: Node.")
    web_row = page.locator(".row[data-hop=web][data-code='web.no_frames']")
    expect(web_row).to_contain_text("This follows from: Node.", timeout=10_000)
    cause.get_by_role("button", name="Copy systemctl status pi_node").click()
    assert page.evaluate("() => navigator.clipboard.readText()") == "systemctl status pi_node"
    assert page.evaluate("() => window.sameDocument"), "it was pushed"
    expect(page.locator("#programs tr.offline")).to_contain_text(node.id)


def test_another_device_can_be_chosen(web: Web, broker: Mosquitto, node: NodeLike, page: Page) -> None:
    with NodeLike(broker.address, "pi-2") as other:
        other.publish_health(state="failed", reasons=[Reason.CAMERA_MISSING])
        page.goto(f"{web.url}/diagnose?device={node.id}")
        expect(page.get_by_label("Camera")).to_have_value(node.id)
        page.get_by_label("Camera").select_option("pi-2")
        expect(page.locator("#chain .cause").first).to_have_attribute("data-code", "camera.missing")
        assert page.url.endswith("/diagnose?device=pi-2")
        expect(page.get_by_role("button", name="Ask pi-2's own doctor")).to_be_visible()


def test_both_doctors_are_asked_and_all_of_it_can_be_copied(
    web: Web, node: NodeLike, bridge: BridgeLike, page: Page
) -> None:
    page.goto(f"{web.url}/diagnose?device={node.id}")
    _well(page)
    ask = page.get_by_role("button", name="Ask the server's doctor")
    ask.click()
    expect(page.locator("#doctors .said").first).to_contain_text("Looking …")
    expect(ask).to_be_disabled()
    page.get_by_role("button", name=f"Ask {node.id}'s own doctor").click()
    own = page.locator(".doctor").nth(1)
    expect(own.locator(".cause")).to_have_attribute("data-code", "camera.busy")
    expect(own).to_contain_text("motion")
    expect(page.locator("#doctors .said").first).to_contain_text(re.compile(r"Asked at .*answered"), timeout=DOCTOR_S)
    expect(page.locator(".doctor").first.locator(".row[data-hop=broker]")).to_have_class("row ok")
    page.get_by_role("button", name="Copy as text").click()
    text = page.evaluate("() => navigator.clipboard.readText()")
    for part in ("✓ Camera", "[camera.busy]", node.id, "web-1", web.url):
        assert part in text
    page.get_by_role("button", name="Copy as JSON").click()
    told = json.loads(page.evaluate("() => navigator.clipboard.readText()"))
    assert told["device"] == node.id
    assert told["verdict"]["ok"] is True
    assert told["doctors"]["node"]["answer"]["first_cause"]["code"] == "camera.busy"
    assert told["doctors"]["node"]["answer"]["machine"]["clock"] == "synced"
    assert [hop["hop"] for hop in told["doctors"]["server"]["answer"]["hops"]][-1] in ("web", "you")
    page.screenshot(path=_shot("diagnose-1280"), full_page=True)


def test_a_node_that_gives_no_answer_is_said_to_give_none(web: Web, node: NodeLike, page: Page) -> None:
    page.goto(f"{web.url}/diagnose?device={node.id}")
    button = page.get_by_role("button", name=f"Ask {node.id}'s own doctor")
    expect(button).to_be_visible()
    node.__exit__()
    button.click()
    expect(page.locator("#doctors .problem")).to_contain_text("node.no_reply", timeout=10_000)


def test_the_servers_doctor_looks_once_at_a_time_and_not_too_often(web: Web, node: NodeLike) -> None:
    with client(web) as second:
        answers: list[Any] = []
        first = threading.Thread(target=lambda: answers.append(web.http.post("/api/doctor", json={}, timeout=40)))
        first.start()
        until(lambda: _doctors(web), what="the doctor runs")
        refused = second.post("/api/doctor", json={})
        first.join()
        assert (refused.status_code, code_of(refused)) == (429, "web.doctor_busy")
        assert int(refused.headers["Retry-After"]) > 0
    found = answers[0].json()
    assert answers[0].status_code == 200
    assert [hop["state"] for hop in found["hops"] if hop["hop"] == "broker"] == ["ok"]
    assert not _doctors(web), "it has ended"


def test_the_doctor_gets_no_socket_of_the_web_and_ends_with_it(web: Web, node: NodeLike) -> None:
    asking = threading.Thread(target=lambda: _ask_quietly(web), daemon=True)
    asking.start()
    child = until(lambda: _doctors(web), what="the doctor runs")[0]
    listening = {one.fd for one in psutil.Process(web.workers()[0]).net_connections() if one.status == "LISTEN"}
    assert listening, "the web itself listens"
    ours = {os.readlink(f"/proc/{web.workers()[0]}/fd/{fd}") for fd in listening}
    held = _files_of(child)
    assert held, "the doctor has files open, and still runs"
    assert not ours & held
    os.kill(web.workers()[0], signal.SIGKILL)
    until(lambda: not runs(child), timeout_s=2, what="the doctor ends")


def test_settings_are_for_admins_and_everything_else_for_all_who_may_look(
    tmp_path: Path, broker: Mosquitto, node: NodeLike
) -> None:
    people = make_people(tmp_path / "people.json")
    site = _site(tmp_path, broker, people=str(people.path))[1]
    with Web(tmp_path, **site) as web:
        assert web.http.post("/api/doctor", json={}).status_code == 401
        found = enter(web, "vic").post("/api/doctor", json={}, timeout=40).json()
        assert found["hops"]
        assert "programs" not in found
        boss = enter(web, "boss")
        while (answer := boss.post("/api/doctor", json={}, timeout=40)).status_code == 429:
            time.sleep(int(answer.headers["Retry-After"]))
        asked = answer.json()
        assert asked["programs"]["web"]["settings"]["broker"]["value"] == broker.address


def test_a_web_without_a_settings_file_says_that_its_doctor_finds_nothing(tmp_path: Path, broker: Mosquitto) -> None:
    empty = tmp_path / "glassline.toml"
    empty.write_text("")
    with Web(tmp_path, broker=broker.address, config=empty) as web:
        answer = web.http.post("/api/doctor", json={}, timeout=40)
        assert (answer.status_code, code_of(answer)) == (409, "web.doctor_cannot")
        assert str(empty) in answer.json()["error"]["hint"]


def test_a_viewer_asks_a_nodes_own_doctor(tmp_path: Path, broker: Mosquitto, node: NodeLike, page: Page) -> None:
    people = make_people(tmp_path / "people.json")
    with Web(tmp_path, broker=broker.address, people=people.path) as web:
        page.goto(f"{web.url}/diagnose?device={node.id}")
        page.get_by_label("Name").fill("vic")
        page.get_by_label("Password").fill("correct horse")
        page.keyboard.press("Enter")
        page.get_by_role("button", name=f"Ask {node.id}'s own doctor").click()
        expect(page.locator(".doctor .cause")).to_have_attribute("data-code", "camera.busy")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(browser: Browser, web: Web, node: NodeLike, bridge: BridgeLike, width: int, scheme: str) -> None:
    node.__exit__()
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{web.url}/diagnose?device={node.id}")
    expect(page.locator("#chain .cause")).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.screenshot(path=_shot(f"diagnose-{width}-{scheme}"), full_page=True)
    context.close()


def _doctors(web: Web) -> list[int]:
    """The process ids of the doctors that the web has started."""
    children = psutil.Process(web.workers()[0]).children(recursive=True)
    return [child.pid for child in children if "workbench.main" in child.cmdline()]


def _ask_quietly(web: Web) -> None:
    with client(web) as asking, contextlib.suppress(httpx.TransportError):
        asking.post("/api/doctor", json={})


def _files_of(pid: int) -> set[str]:
    """What a process has open; what it closes while we look is left out."""
    found = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(entry.path))
    return found


def _shot(name: str) -> str:
    SHOTS.mkdir(parents=True, exist_ok=True)
    return str(SHOTS / f"{name}.png")
