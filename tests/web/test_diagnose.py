"""What the page says when something on the way is broken, in a real Chromium, with real processes."""

import json
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from glassline.contract import Reason
from glassline.diagnosis import remedy_of
from tests.support.proxy import Proxy
from tests.support.waiting import until

from .people import code_of
from .processes import ROOT, Mosquitto, Process, Web
from .publishers import NodeLike

CAUSE = "#chain .cause:not([hidden])[data-code]"
STEADY_MS = 25_000
COLLECT = """() => {
  window.told = new Set();
  setInterval(() => {
    window.told.add(document.querySelector("#stage .mark").textContent);
    for (const cause of document.querySelectorAll("#chain .cause:not([hidden])")) window.told.add(cause.dataset.code);
  }, 50);
}"""


@dataclass
class Line:
    """A broker, a web and a node of its own: what is broken here is nobody else's."""

    broker: Mosquitto
    web: Web
    node: NodeLike


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with (
        Mosquitto(tmp_path) as broker,
        Web(tmp_path, broker=broker.address) as web,
        NodeLike(broker.address) as node,
    ):
        node.keep_healthy()
        node.stream(10)
        yield Line(broker, web, node)


def _freeze(process: Process) -> None:
    """Stop it and all that it started."""
    pids = [process.child.pid, *(process.workers() if isinstance(process, Web) else [])]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)


def _thaw(web: Web) -> None:
    for pid in [*web.workers(), web.child.pid]:
        os.kill(pid, signal.SIGCONT)


def _live(page: Page, url: str, node: NodeLike) -> None:
    page.goto(f"{url}/#{node.id}")
    expect(page.locator("#stage .mark")).to_have_text("LIVE")


def _expect_cause(page: Page, code: str, *, timeout_ms: int = STEADY_MS) -> None:
    expect(page.locator(CAUSE).first).to_have_attribute("data-code", code, timeout=timeout_ms)


def _causes(page: Page) -> list[str]:
    """Every code that the page states, the first cause first."""
    return page.evaluate("() => [...document.querySelectorAll('#chain .cause:not([hidden])')].map(e => e.dataset.code)")


def test_a_killed_web_is_said_to_be_down(line: Line, page: Page) -> None:
    _live(page, line.web.url, line.node)
    line.web.stop(signal.SIGKILL)
    _expect_cause(page, "web.down", timeout_ms=10_000)
    expect(page.locator("#chain .cause")).to_contain_text(f"The web does not answer at {line.web.url}")
    expect(page.locator("#chain .remedy")).to_contain_text("systemctl status web")
    assert page.locator("#chain .strip").get_attribute("href") is None, "there is no other page to go to"


def test_a_web_that_hangs_is_said_to_hang_and_recovers(line: Line, page: Page) -> None:
    _live(page, line.web.url, line.node)
    _freeze(line.web)
    try:
        _expect_cause(page, "web.down", timeout_ms=16_000)
        expect(page.locator("#chain .cause")).to_contain_text("no answer came within 4 s")
    finally:
        _thaw(line.web)
    expect(page.locator("#stage .mark")).to_have_text("LIVE", timeout=30_000)
    expect(page.locator(".cause.failed[data-code^='web.']")).to_have_count(0)


def test_a_proxy_that_blocks_websocket_is_named_and_the_rest_of_the_chain_still_shown(line: Line, page: Page) -> None:
    with Proxy(line.web.port, websocket=False) as proxy:
        page.goto(f"{proxy.url}/#{line.node.id}")
        _expect_cause(page, "web.websocket_blocked")
        expect(page.locator("#chain .cause")).to_contain_text(proxy.url)
        expect(page.locator("#chain .remedy")).to_contain_text("proxy_set_header Upgrade $http_upgrade;")
        expect(page.locator(".hop", has_text="Node")).to_have_class("hop ok")
        proxy.websocket = True
        expect(page.locator("#stage .mark")).to_have_text("LIVE", timeout=30_000)


def test_a_proxy_that_never_answers_a_websocket_is_named_too(line: Line, page: Page) -> None:
    with Proxy(line.web.port, swallows=True) as proxy:
        page.goto(f"{proxy.url}/#{line.node.id}")
        _expect_cause(page, "web.websocket_blocked")
        proxy.swallows = False
        expect(page.locator("#stage .mark")).to_have_text("LIVE", timeout=40_000)


def test_a_proxy_that_changes_the_name_is_told_from_one_that_blocks(line: Line, page: Page) -> None:
    with Proxy(line.web.port, host=f"127.0.0.1:{line.web.port}") as proxy:
        page.goto(f"{proxy.url}/#{line.node.id}")
        _expect_cause(page, "web.origin_refused")
        expect(page.locator("#chain .remedy")).to_contain_text("proxy_set_header Host $http_host;")


def test_a_websocket_that_opens_and_stays_silent_is_the_way_to_you(line: Line, page: Page) -> None:
    with Proxy(line.web.port) as proxy:
        _live(page, proxy.url, line.node)
        proxy.swallows = True
        _expect_cause(page, "you.stalled")
        expect(page.locator(".hop.failed .hop-name")).to_have_text("You")
        expect(page.locator(".hop", has_text="Camera")).to_have_class("hop ok")
        proxy.swallows = False
        expect(page.locator("#stage .mark")).to_have_text("LIVE", timeout=40_000)


def test_a_restart_of_the_web_is_never_taken_for_a_blocked_websocket(tmp_path: Path, line: Line, page: Page) -> None:
    _live(page, line.web.url, line.node)
    page.evaluate(COLLECT)
    for _ in range(3):
        line.web.stop(signal.SIGTERM)
        line.web = Web(tmp_path, broker=line.broker.address, port=line.web.port)
        expect(page.locator("#stage .mark")).to_have_text("LIVE", timeout=30_000)
    told = set(page.evaluate("() => [...window.told]"))
    line.web.stop()
    assert "NOT LIVE" in told, "it was away"
    assert not {code for code in told if code.startswith(("web.websocket", "web.origin", "you."))}, told


def test_without_a_network_the_page_says_that_it_is_here(line: Line, context: BrowserContext, page: Page) -> None:
    with Proxy(line.web.port) as proxy:
        _live(page, proxy.url, line.node)
        proxy.swallows = True
        context.set_offline(True)
        _expect_cause(page, "you.offline")
        expect(page.locator("#chain .cause")).to_contain_text("This device has no network.")
        proxy.swallows = False
        context.set_offline(False)
        expect(page.locator("#stage .mark")).to_have_text("LIVE", timeout=40_000)


def test_a_broker_that_is_down_is_the_first_cause(line: Line, page: Page) -> None:
    _live(page, line.web.url, line.node)
    line.broker.stop(signal.SIGKILL)
    expect(page.locator(CAUSE).first).to_have_attribute("data-code", re.compile(r"^broker\."), timeout=STEADY_MS)
    expect(page.locator(".hop.failed .hop-name")).to_have_text("Broker")
    page.wait_for_timeout(8000)
    assert _causes(page)[0].startswith("broker."), "nothing that follows from it takes its place"


def test_a_node_that_is_gone_is_the_first_cause_and_the_missing_picture_is_not(line: Line, page: Page) -> None:
    _live(page, line.web.url, line.node)
    line.node.__exit__()
    _expect_cause(page, "node.offline")
    page.wait_for_timeout(8000)
    _expect_cause(page, "node.offline", timeout_ms=100)
    assert "you.stalled" not in _causes(page)


def test_what_the_page_cannot_reach_does_not_hide_what_the_web_still_sees(line: Line, page: Page) -> None:
    """Two faults at once: the first along the chain is the first cause, the other is not denied."""
    with Proxy(line.web.port, websocket=False) as proxy:
        line.node.__exit__()
        until(lambda: not line.web.get(f"/api/devices/{line.node.id}/chain")["ok"])
        page.goto(f"{proxy.url}/diagnose?device={line.node.id}")
        expect(page.locator(CAUSE).nth(1)).to_be_visible(timeout=STEADY_MS)
        causes = _causes(page)
        assert causes[0] == "node.offline"
        assert "web.websocket_blocked" in causes


def test_a_name_that_the_web_does_not_serve_is_explained_in_a_page(line: Line, page: Page) -> None:
    with Proxy(line.web.port, host="evil.test:5000") as proxy:
        answer = page.goto(proxy.url)
        assert answer is not None
        assert answer.status == 421
        expect(page.get_by_role("heading")).to_have_text("This web does not serve the name 'evil.test'")
        expect(page.locator("p").first).to_contain_text("http://127.0.0.1:5000")
        expect(page.locator("code")).to_have_text("web.wrong_host")
    asked = line.web.http.get("/", headers={"Host": "evil.test"})
    assert asked.json()["error"]["code"] == "web.wrong_host", "whoever does not look at it gets JSON"


def _words(line: Line) -> dict[str, Any]:
    """What a page brings along for when it is cut off."""
    found = re.search(r'<script type="application/json" id="words">(.*)</script>', line.web.http.get("/").text)
    assert found
    return dict(json.loads(found[1])["faults"])


def test_every_fault_that_a_page_may_state_comes_in_diagnosis_own_words(line: Line) -> None:
    told = _words(line)
    assert set(told) >= {
        "web.down", "web.websocket_blocked", "web.origin_refused", "you.offline", "you.stalled", "web.no_frames",
    }  # fmt: skip
    for code, fault in told.items():
        facts = {name: f"{{{name}}}" for name in ("address", "host", "port", "age", "error", "holder", "id")}
        first = fault["verdict"]["first_cause"]
        assert (first["sentence"], first["remedy"]) == remedy_of(Reason(code)).render(facts)


def test_the_pages_script_has_no_words_of_its_own_for_a_fault(line: Line) -> None:
    scripts = " ".join(path.read_text() for path in (ROOT / "web" / "static").rglob("*.js"))
    for code in _words(line):
        sentence = " ".join(remedy_of(Reason(code)).sentence.split())
        words = max(re.split(r"\{\w+\}", sentence), key=len).strip(" .:")
        assert len(words) > 15
        assert words not in scripts, code


def test_whether_a_websocket_would_be_taken_can_be_asked_without_one(line: Line) -> None:
    post = line.web.http.post
    assert post("/api/live-check", json={}).status_code == 204
    foreign = post("/api/live-check", json={}, headers={"Origin": "http://elsewhere.test"})
    assert (foreign.status_code, code_of(foreign)) == (403, "web.foreign_origin")
