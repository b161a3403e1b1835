"""Garbage that takes more than one message to throw, and what must hold beyond what is checked after every row."""

import json
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import psutil
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import expect

from glassline.contract import new_event_id, topic_of
from tests.support.clients import RawClient, connect_packet, connected, packet, text
from tests.support.waiting import until
from tests.web.publishers import picture

from . import payloads
from .chain import GOOD, NODE, Chain
from .payloads import LABEL, SCRIPT, detection, evidence, message
from .rows import Act

Check = Callable[[Chain, Any], None]
ODD = (-1, 2**40, "x" * 2000, [], {"a": 1}, True)


def all_of(*acts: Act) -> Act:
    """One after the other."""

    def throw(chain: Chain) -> None:
        for act in acts:
            act(chain)

    return throw


both = all_of


# -- detections -------------------------------------------------------------------------------------------------


def _send(chain: Chain, payload: bytes, *, device: str = GOOD) -> None:
    """Send a detection that may rightly be stored."""
    chain.event = json.loads(payload)["event_id"]
    chain.stored.add(chain.event)
    chain.stranger.say(topic_of("detection", device), payload)


def detection_at(year: int) -> Act:
    at = f"{year}-03-01T12:00:00Z"
    times = dict.fromkeys(("first_at", "last_at", "frame_at", "confirmed_at", "ts"), at)
    return lambda chain: _send(chain, detection(**times, clock="synced"))


def listed_now(chain: Chain, _page: Any) -> None:
    found = until(lambda: chain.defect(chain.event), what="it is stored")
    assert found["clock"] == "unsynced"
    assert abs(datetime.fromisoformat(found["detected_at"]).timestamp() - time.time()) < 60
    first = chain.event
    chain.check_all_is_well()
    listed = [defect["device_id"] for defect in chain.web.get("/api/defects", device=GOOD)["defects"]]
    ids = [defect["event_id"] for defect in chain.web.get("/api/defects", device=GOOD)["defects"]]
    assert listed
    assert 0 < ids.index(first) < 4, "what came later stands above it, and it is not at the end"


def wrong_types(chain: Chain) -> None:
    """Some of these JSON and pydantic let pass, like a number for a time: those are detections, and stored as such."""
    for field in ("rev", "label", "score", "first_at", "model", "image", "frames_confirmed"):
        for value in ODD:
            _send(chain, detection(**{field: value}))


def same_rev_often(chain: Chain) -> None:
    payload = detection()
    for _ in range(50):
        _send(chain, payload)


def revs_out_of_order(chain: Chain) -> None:
    event_id = new_event_id()
    for rev in (5, 3, 4, 0):
        _send(chain, detection(event_id=event_id, rev=rev))


def somebody_elses_event(chain: Chain) -> None:
    event_id = new_event_id()
    _send(chain, detection(event_id=event_id))
    until(lambda: chain.defect(event_id))
    chain.stranger.say(topic_of("detection", "pi-1"), detection(event_id=event_id, rev=7, label="stolen"))


def one_row_at_rev(rev: int) -> Check:
    def check(chain: Chain, _page: Any) -> None:
        found = until(lambda: chain.defect(chain.event), what="it is stored")
        chain.check_all_is_well()
        rows = chain.rows("SELECT device_id, rev FROM defects WHERE event_id = ?", chain.event)
        assert rows == [(GOOD, rev)], found

    return check


def html_detection(chain: Chain) -> None:
    _send(chain, detection(label=LABEL, model=SCRIPT))


def another_picture(chain: Chain) -> None:
    right = evidence(event_id := new_event_id())
    _send(chain, detection(event_id=event_id, image=payloads.image_of(right)))
    until(lambda: chain.defect(event_id))
    chain.stranger.say(topic_of("evidence", GOOD), evidence(event_id, picture(9)))
    chain.stranger.say(topic_of("evidence", GOOD), right)
    until(lambda: chain.web.http.get(f"/api/defects/{event_id}/image").content == right, what="the right one came")


def orphans_are_bounded(chain: Chain, _page: Any) -> None:
    (count,) = chain.rows("SELECT count(*) FROM orphans WHERE device_id = ?", GOOD)[0]
    assert count <= 20


# -- the page ---------------------------------------------------------------------------------------------------


def _nothing_ran(page: BrowserPage) -> None:
    assert page.evaluate("window.pwned === undefined")
    assert not page.locator("main img[src='x'], nav img[src='x'], .chain img[src='x'], main script").count()


def html_is_text(chain: Chain, page: BrowserPage) -> None:
    until(lambda: chain.defect(chain.event), what="it is stored")
    page.goto(f"{chain.web.url}/defects?{urlencode({'label': LABEL})}")
    expect(page.get_by_role("main")).to_contain_text(LABEL)
    page.goto(f"{chain.web.url}/defects/{chain.event}")
    expect(page.get_by_role("main")).to_contain_text(SCRIPT)
    page.goto(f"{chain.web.url}/#{GOOD}")
    expect(page.locator(".card").first).to_be_visible()
    _nothing_ran(page)


def html_runs_nowhere(chain: Chain, page: BrowserPage) -> None:
    page.goto(f"{chain.web.url}/#pi-html")
    page.reload()
    expect(page.locator("body")).to_contain_text("onerror='window.pwned=1'")
    page.wait_for_timeout(300)
    _nothing_ran(page)


def html_info(chain: Chain) -> None:
    camera = {"uri": SCRIPT, "image_wh": [640, 480], "fps": 5}
    model = {"name": SCRIPT, "sha256": "0" * 64, "runtime": SCRIPT, "imgsz": 640, "labels": [LABEL]}
    info = message("Info", id="pi-html", hostname=SCRIPT, version=SCRIPT, camera=camera, model=model)
    chain.stranger.say(topic_of("info", "pi-html"), info)
    chain.stranger.say(topic_of("health", "pi-html"), message("Health", reasons=[]))


def html_health(chain: Chain) -> None:
    html_info(chain)
    reasons = [SCRIPT, "camera.no_frames", "no.such_reason"]
    chain.stranger.say(topic_of("health", "pi-html"), message("Health", state="failed", reasons=reasons))


def html_note(chain: Chain) -> None:
    chain.check_all_is_well()
    found = chain.web.get("/api/defects", device=GOOD, limit=1)["defects"][0]
    chain.event = found["event_id"]
    answer = chain.web.http.post(
        f"/api/defects/{chain.event}/review",
        json={"status": "reviewed", "note": SCRIPT + "\0", "version": found["version"]},
    )
    assert answer.status_code == 200


def html_note_is_text(chain: Chain, page: BrowserPage) -> None:
    assert chain.defect(chain.event)["note"] == SCRIPT + "\0"  # type: ignore[index]
    page.goto(f"{chain.web.url}/defects/{chain.event}")
    expect(page.get_by_label("Note", exact=True)).to_have_value(SCRIPT + "\0")
    page.keyboard.press("Escape")
    _nothing_ran(page)


# -- many -------------------------------------------------------------------------------------------------------


def hub_is_bounded(chain: Chain, _page: Any) -> None:
    until(lambda: chain.counts("web")["programs_forgotten"] > 1000, timeout_s=30, what="the web has heard them all")
    devices = {device["deviceId"] for device in chain.web.get("/api/devices")["devices"]}
    assert len(devices) <= 1200
    assert {GOOD, NODE} <= devices


def devices_are_bounded(chain: Chain, _page: Any) -> None:
    hub_is_bounded(chain, None)
    assert chain.rows("SELECT count(*) FROM devices")[0][0] <= 1000
    known = {id for (id,) in chain.rows("SELECT device_id FROM devices")}
    assert {GOOD, NODE} <= known


def many_leases(chain: Chain) -> None:
    lease = b'{"max_fps":1,"ttl_s":8}'
    chain.stranger.say_all([(topic_of("viewers", NODE, f"made-up-{at}"), lease) for at in range(1000)])


def viewers_are_bounded(chain: Chain, _page: Any) -> None:
    chain.healths.clear()
    health = until(lambda: chain.healths.get(NODE), timeout_s=12, what="the node's health")
    assert 0 < health["viewers"] <= 64


def nobody_watches_made_up_devices(chain: Chain, _page: Any) -> None:
    assert not [topic for topic, _ in chain.heard if topic.startswith("glass/v1/made-up-") and "/viewers/" in topic]


def api_is_json(chain: Chain, _page: Any) -> None:
    def no_number(name: str) -> None:
        raise AssertionError(f"{name} in the API")

    for path in ("/api/devices", f"/api/devices/{GOOD}", "/health", "/api/defects"):
        json.loads(chain.web.http.get(path).text, parse_constant=no_number)


# -- nodes ------------------------------------------------------------------------------------------------------


def answered(chain: Chain, _page: Any, *, code: str) -> None:
    replies = [json.loads(payload) for topic, payload in chain.heard if f"/{NODE}/reply/" in topic]
    assert code in [reply.get("error", {}).get("code") for reply in replies]


# -- the broker -------------------------------------------------------------------------------------------------


def broker_log_has(chain: Chain, _page: Any, *, kind: str) -> None:
    until(lambda: f"[{kind}]" in chain.log_of("broker"), what=f"the broker tells of {kind}")


def random_packets(chain: Chain) -> None:
    rng = random.Random(5)
    for first in range(0x10, 0x100, 4):
        for raw in chain.raw_mqtt():
            with raw:
                raw.send(connect_packet("pi-1", user="pi-1", password="secret-of-pi-1"))
                if raw.connack() == 0:
                    raw.send(packet(first, rng.randbytes(rng.randrange(60))) + b"\xc0\0")


def no_fault_of_the_broker(chain: Chain, _page: Any) -> None:
    time.sleep(0.3)
    assert chain.counts("broker")["faults"] == 0, chain.log_of("broker")[-2000:]
    assert "Traceback" not in chain.log_of("broker")


def foreign_will(chain: Chain) -> None:
    with RawClient(chain.guarded.port) as raw:
        will = ("glass/v1/pi-2/status", b"online")
        raw.send(connect_packet("pi-1", user="pi-1", password="secret-of-pi-1", will=will))
        assert raw.connack() == 5


def nothing_of_another(chain: Chain, _page: Any) -> None:
    with connected(chain.guarded, "eyes") as eyes:
        eyes.subscribe("glass/v1/pi-2/#")
        assert eyes.nothing_for(0.2)


def long_topics(chain: Chain) -> None:
    chain.broker_mb = psutil.Process(chain.pids["broker"]).memory_info().rss / 1e6
    with RawClient(chain.port) as raw:
        raw.send(packet(0x10, text("MQTT") + b"\x04\x02\0\0" + text("long")))
        assert raw.connack() == 0
        for number in range(1000):
            raw.send(packet(0x30, text(f"{number}/".ljust(60_000, "x")) + b"x"))
        raw.send(b"\xc0\0")
        assert raw.receive()[0] == 0xD0


def broker_grew_less_than(chain: Chain, _page: Any, *, megabytes: float) -> None:
    now_mb = psutil.Process(chain.pids["broker"]).memory_info().rss / 1e6
    assert now_mb - chain.broker_mb < megabytes


def much_retained(chain: Chain) -> None:
    info = message("Info", features=["x" * 900] * 22)
    messages = [(topic_of("info", f"kept-{at}"), info) for at in range(300)]
    for topic, payload in messages:
        chain.stranger.say(topic, payload, retain=True)


def a_subscriber_of_everything_lives(chain: Chain, _page: Any) -> None:
    broker_log_has(chain, None, kind="retained_full")
    open_broker = type(chain.guarded)(port=chain.port)
    with connected(open_broker, "reads-all") as reader:
        reader.subscribe("glass/v1/#")
        reader.publish("glass/v1/reads-all/probe", b"the end")
        while reader.next()[1] != b"the end":
            pass
        assert not reader.lost.is_set()
    for at in range(300):
        chain.stranger.say(topic_of("info", f"kept-{at}"), b"", retain=True)


# -- HTTP -------------------------------------------------------------------------------------------------------


def odd_ids(chain: Chain) -> None:
    for id in payloads.TRAVERSAL:
        for path in (f"/api/devices/{id}", f"/api/devices/{id}/snapshot.jpg", f"/api/defects/{id}/image"):
            answer = chain.raw_http(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{chain.web.port}\r\n\r\n".encode())
            assert answer[9:12] in (b"400", b"404", b"405", b"308"), (path, answer[:100])
            assert b"Traceback" not in answer


def odd_queries(chain: Chain) -> None:
    for query in (
        "limit=1e9", "limit=0", "limit=NaN", "limit=" + "9" * 3000, "since=NaN", "since=2100", "since=0001-01-01",
        "until=9999-12-31T23:59:59-14:00",
        "label=" + "x" * 3000, "device=../x", "device=%2B", "device=%00", "status=maybe",
        "cursor=x", "cursor=" + "A" * 199, "cursor=WyJcdWQ4MDAiLCAieCJd",
        "cursor=W1tbW1tb", "limit=1&limit=2", "x=1", "label=",
    ):  # fmt: skip
        answer = chain.web.http.get("/api/defects?" + query)
        assert answer.status_code in (200, 400), (query[:60], answer.text[:200])
        if answer.status_code == 200:
            assert query in ("since=2100",), query


def odd_bodies(chain: Chain) -> None:
    chain.check_all_is_well()
    event_id = chain.web.get("/api/defects", device=GOOD, limit=1)["defects"][0]["event_id"]
    for body in (
        b'{"status":"reviewed","version":NaN}', b"[" * 10_000, b"[]", b"null", b'"x"', b"\xff\xfe", b"{",
        b'{"status":"reviewed","version":0,"note":"\\ud800"}', b'{"status":"reviewed","version":1e999}',
        b'{"status":"reviewed","version":-1}', b'{"status":7,"version":0}', b'{"status":"reviewed","version":0,"x":1}',
        b'{"status":"reviewed","version":0,"note":"' + b"x" * 5000 + b'"}',
    ):  # fmt: skip
        answer = chain.web.http.post(
            f"/api/defects/{event_id}/review", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400, (body[:60], answer.text)
    assert chain.defect(event_id)["version"] == 0  # type: ignore[index]
    args = b'{"args":{"a":' + b"[" * 100 + b"]" * 100 + b"}}"
    for body in (args, b'{"args":{"a":NaN}}', b'{"args":[]}'):
        answer = chain.web.http.post(
            f"/api/devices/{GOOD}/cmd/ping", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400, answer.text


def large_bodies(chain: Chain) -> None:
    path, head = f"/api/devices/{GOOD}/cmd/ping", {"Content-Type": "application/json"}
    announced = chain.raw_http(
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{chain.web.port}\r\nContent-Type: application/json\r\n"
        "Content-Length: 3000000\r\n\r\n{".encode()
    )
    assert announced[9:12] == b"413", announced[:100]
    try:
        answer = chain.web.http.post(path, content=(b"x" * 10_000 for _ in range(300)), headers=head)
    except OSError:
        return
    except Exception as error:
        assert "httpx" in type(error).__module__, error  # noqa: PT017 - closed before all of it was sent: that is fine
        return
    assert answer.status_code == 413, answer.text


def odd_heads(chain: Chain) -> None:
    post = partial_post(chain)
    assert chain.web.http.get("/health", headers={"Host": "evil.example"}).status_code == 421
    assert post(headers={"Origin": "http://evil.example"}).status_code == 403
    assert post(headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code == 415
    smuggled = (
        f"POST /health HTTP/1.1\r\nHost: 127.0.0.1:{chain.web.port}\r\nContent-Length: 5\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    assert chain.raw_http(smuggled.encode()).startswith(b"HTTP/1.1 4")


def partial_post(chain: Chain) -> Callable[..., Any]:
    def post(headers: dict[str, str]) -> Any:
        path = f"/api/devices/{GOOD}/cmd/ping"
        return chain.web.http.post(path, content=b"{}", headers={"Content-Type": "application/json"} | headers)

    return post
