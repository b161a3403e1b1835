"""What was found is pushed at once, and is called stored only when the receipt says so."""

import time

import paho.mqtt.client as mqtt

from glassline.contract import new_event_id
from tests.support.waiting import until

from .clients import Page, RawPage
from .processes import Web
from .publishers import BridgeLike, NodeLike


def _events_of(page: Page, kind: str, event_id: str) -> list[dict]:  # type: ignore[type-arg]
    return [
        e for e in page.of(kind) if e.get("event_id") == event_id or e.get("defect", {}).get("event_id") == event_id
    ]


def test_a_detection_is_pushed_unconfirmed_and_becomes_stored_with_its_receipt(
    web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    with Page(web) as page:
        until(lambda: page.events)
        detection = node.detection()
        began_s = time.monotonic()
        node.publish_detection(detection)
        pushed = until(lambda: _events_of(page, "detection", detection.event_id))[0]["defect"]
        assert time.monotonic() - began_s < 1
        assert (pushed["stored"], pushed["device_id"], pushed["label"]) == (False, node.id, "scratch")
        listed = web.get("/api/defects/unconfirmed")["defects"]
        assert detection.event_id in [defect["event_id"] for defect in listed]
        bridge.commit(node.id, detection, node.evidence_of(detection.event_id))
        bridge.receipt(node.id, detection)
        row = until(lambda: _events_of(page, "defect", detection.event_id))[-1]["defect"]
        assert row["stored"] is True
        assert row["image_url"]
        assert _events_of(page, "receipt", detection.event_id)[0]["row"] == "stored"
        listed = web.get("/api/defects/unconfirmed")["defects"]
        assert detection.event_id not in [defect["event_id"] for defect in listed]


def test_the_same_rev_again_is_no_news_and_a_higher_one_is(web: Web, node: NodeLike) -> None:
    with Page(web) as page:
        until(lambda: page.events)
        detection = node.detection()
        later = node.detection(event_id=detection.event_id, rev=1, label="crack")
        for message in (detection, detection, later, detection):
            node.publish_detection(message)
        marker = node.detection()
        node.publish_detection(marker)
        until(lambda: _events_of(page, "detection", marker.event_id))
        seen = [e["defect"] for e in _events_of(page, "detection", detection.event_id)]
        assert [(defect["rev"], defect["label"]) for defect in seen] == [(0, "scratch"), (1, "crack")]


def test_a_find_that_the_store_refused_says_so(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    with Page(web) as page:
        until(lambda: page.events)
        detection = node.detection()
        node.publish_detection(detection)
        until(lambda: _events_of(page, "detection", detection.event_id))
        bridge.receipt(node.id, detection, row="rejected", error="no such label")
        until(lambda: len(_events_of(page, "detection", detection.event_id)) == 2)
        refused = _events_of(page, "detection", detection.event_id)[-1]["defect"]
        assert (refused["stored"], refused["error"]) == (False, "no such label")


def test_thousands_of_made_up_devices_do_not_crowd_out_the_real_one(
    web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))
    stranger = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    stranger.connect("127.0.0.1", bridge.link.address.port)
    stranger.loop_start()
    for number in range(3000):
        stranger.publish(f"glass/v1/made-up-{number}/status", b"online", 1).wait_for_publish(10)
    stranger.disconnect()
    stranger.loop_stop()
    node.publish_health()
    sent = node.publish_frame()
    until(lambda: web.http.get(f"/api/devices/{node.id}/snapshot.jpg").content == sent)
    assert web.get(f"/api/devices/{node.id}")["online"]
    assert web.get("/health")["counters"]["programs_forgotten"] > 1000
    heard = [one for one in web.get("/api/devices")["devices"] if one["deviceId"].startswith("made-up")]
    assert len(heard) <= 200


def test_a_page_that_misses_events_is_told_to_read_anew(web: Web, node: NodeLike) -> None:
    page = RawPage(web)
    detection = node.detection()
    for number in range(2000):
        node.publish_detection(detection.model_copy(update={"event_id": new_event_id()}))
        if number % 100 == 0:
            time.sleep(0.05)
    seen = []
    while True:
        opcode, payload = page.read()
        seen.append(payload)
        if b'"resync"' in payload:
            break
        assert opcode == 1
        assert len(seen) < 2000
    page.sock.close()
