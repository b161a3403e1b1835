"""The JSON API against a real SQLite store and a real broker."""

import time
from typing import Any

import pytest

from glassline.contract import Reason, new_event_id
from glassline.contract.rates import BURST_S
from glassline.contract.topics import SPECS
from glassline.diagnosis import Hop
from tests.support.waiting import until

from .clients import Page
from .processes import Web
from .publishers import BridgeLike, NodeLike


def _stored(node: NodeLike, bridge: BridgeLike, *, image: bool = True, **more: object) -> str:
    detection = node.detection(**more)  # type: ignore[arg-type]
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id) if image else None)
    return detection.event_id


def test_health_says_that_the_web_works_and_what_else_does(web: Web, bridge: BridgeLike) -> None:
    health = until(lambda: (h := web.get("/health"))["broker"]["connected"] and h["store"]["ok"] and h)
    assert health["ok"] is True
    assert health["program"] == "glassline web"
    assert health["uptime_s"] >= 0


def test_a_device_says_whether_it_is_online_and_what_it_is(web: Web, node: NodeLike) -> None:
    device = until(lambda: (d := web.http.get(f"/api/devices/{node.id}").json()).get("online") and d)
    assert device["deviceId"] == node.id
    assert device["why"] is None
    assert device["role"] == "node"
    assert device["info"]["model"]["name"] == "glass-n"
    assert device["health_age_s"] < 5
    assert node.id in [one["deviceId"] for one in web.get("/api/devices")["devices"]]


def test_a_device_says_what_is_wrong_with_it_itself_and_nothing_of_others(web: Web, node: NodeLike) -> None:
    def told() -> dict[str, Any]:
        return web.get(f"/api/devices/{node.id}")  # type: ignore[no-any-return]

    until(lambda: told()["online"] and told()["cause"] is None, what="no bridge runs, which is no fault of the node")
    node.publish_health(state="failed", reasons=[Reason.CAMERA_MISSING])
    cause = until(lambda: told()["cause"])
    assert (cause["hop"], cause["state"], cause["code"]) == ("camera", "failed", Reason.CAMERA_MISSING)
    assert cause["remedy"]


def test_what_a_device_sends_too_often_is_dropped_and_counted_beside_it(web: Web, node: NodeLike) -> None:
    at_once = round(SPECS["health"].max_per_s * BURST_S)
    for _ in range(3 * at_once):
        node.publish_health()

    def refused() -> int:
        return web.get(f"/api/devices/{node.id}")["refused"].get("too_often", 0)  # type: ignore[no-any-return]

    until(lambda: at_once < refused() <= 2 * at_once)
    assert web.get(f"/api/devices/{node.id}")["online"], "what came before was taken"


def test_a_device_that_left_is_offline_and_says_why(web: Web, broker, node: NodeLike) -> None:  # type: ignore[no-untyped-def]
    with NodeLike(broker.address, "pi-leaver") as leaver:
        until(lambda: web.http.get(f"/api/devices/{leaver.id}").json().get("online"))
    device = until(lambda: not (d := web.get("/api/devices/pi-leaver"))["online"] and d, timeout_s=5)
    assert device["code"] == Reason.NODE_OFFLINE
    assert "pi-leaver" in device["why"]


def test_a_device_that_falls_silent_is_offline_after_15_s_whatever_its_status_says(
    web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))
    with Page(web) as page:
        device = until(lambda: not (d := web.get(f"/api/devices/{node.id}"))["online"] and d, timeout_s=25)
        assert device["status"] == "online"
        assert 15 <= device["health_age_s"] < 20
        assert device["code"] == Reason.NODE_SILENT

        def told() -> list[bool]:
            return [e["device"]["online"] for e in page.of("device") if e["device"]["deviceId"] == node.id]

        until(lambda: told()[-1:] == [False], timeout_s=3)


def test_the_chain_is_whole_while_all_speak(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    bridge.publish_health()
    node.publish_frame()
    until(lambda: web.http.get(f"/api/devices/{node.id}").is_success)

    def chain() -> dict[str, str]:
        return {hop["hop"]: hop["state"] for hop in web.get(f"/api/devices/{node.id}/chain")["hops"]}

    until(lambda: list(chain().items()) == [(hop.value, "ok") for hop in Hop if hop is not Hop.YOU])
    assert web.get(f"/api/devices/{node.id}/chain")["ok"]


def test_the_chain_is_pushed_to_those_who_watch_and_names_the_cause(
    web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    bridge.publish_health()
    with Page(web, node.id) as page, Page(web) as other:
        until(lambda: page.of("chain"))
        node.publish_health(state="failed", reasons=[Reason.CAMERA_MISSING])
        chain = until(
            lambda: [
                event["chain"]
                for event in page.of("chain")
                if (event["chain"]["first_cause"] or {}).get("code") == Reason.CAMERA_MISSING
            ],
            timeout_s=8,
        )[-1]
        assert chain["first_cause"]["remedy"]
        assert not [event for event in other.of("chain") if event["chain"]["deviceId"] == node.id]


def test_the_last_picture_can_be_fetched(web: Web, node: NodeLike) -> None:
    assert web.http.get(f"/api/devices/{node.id}/snapshot.jpg").status_code == 404
    sent = node.publish_frame()
    answer = until(lambda: (a := web.http.get(f"/api/devices/{node.id}/snapshot.jpg")).status_code == 200 and a)
    assert answer.content == sent
    assert answer.headers["Content-Type"] == "image/jpeg"


def test_defects_are_listed_newest_first_in_pages(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    ids = []
    for _ in range(5):
        ids.append(_stored(node, bridge))
        time.sleep(0.01)
    first = web.get("/api/defects", device=node.id, limit=3)
    rest = web.get("/api/defects", device=node.id, limit=3, cursor=first["next_cursor"])
    assert [defect["event_id"] for defect in first["defects"] + rest["defects"]] == ids[::-1]
    assert rest["next_cursor"] is None
    assert "counts" not in rest, "counted once, with the first page"
    assert first["counts"] == {"pending": 5, "reviewed": 0, "resolved": 0}


def test_defects_are_filtered(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    chip, crack = _stored(node, bridge, label="chip"), _stored(node, bridge, label="crack")
    web.http.post(f"/api/defects/{chip}/review", json={"status": "resolved", "version": 0})

    def listed(**query: str) -> list[str]:
        return [defect["event_id"] for defect in web.get("/api/defects", device=node.id, **query)["defects"]]

    assert listed(label="chip") == [chip]
    assert listed(status="pending") == [crack]
    assert listed(since="2020-01-01T00:00:00Z", until="2021-01-01T00:00:00Z") == []
    assert len(listed(since="2020-01-01T00:00:00Z")) == 2


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1000", "limit=x", "status=gone", "since=yesterday", "since=2020-01-01T00:00:00",
        "device=../etc", "unknown=1", "cursor=garbage", "limit=5&limit=6",
    ],
)  # fmt: skip
def test_a_wrong_query_is_refused_in_words(web: Web, bridge: BridgeLike, query: str) -> None:
    answer = web.http.get(f"/api/defects?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_a_defect_has_all_that_a_person_needs(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    defect = web.get(f"/api/defects/{_stored(node, bridge)}")
    assert defect["stored"] is True
    assert (defect["device_id"], defect["label"], defect["status"]) == (node.id, "scratch", "pending")
    assert defect["boxes"][0]["xyxyn"] == [0.3, 0.3, 0.45, 0.5]
    assert defect["image_wh"] == [640, 480]


def test_the_evidence_is_the_bytes_that_the_node_sent_and_may_be_kept(
    web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    event_id = _stored(node, bridge)
    url = web.get(f"/api/defects/{event_id}")["image_url"]
    answer = web.http.get(url)
    assert answer.content == node.evidence_of(event_id)
    assert "immutable" in answer.headers["Cache-Control"]
    assert web.http.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert "immutable" not in web.http.get(f"/api/defects/{event_id}/image").headers["Cache-Control"]


def test_what_is_not_there_is_404_in_the_one_form(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    without_image = _stored(node, bridge, image=False)
    for path in (
        f"/api/defects/{new_event_id()}", f"/api/defects/{new_event_id()}/image", f"/api/defects/{without_image}/image",
        "/api/devices/nobody", "/api/devices/nobody/chain", "/api/devices/nobody/snapshot.jpg", "/nothing",
    ):  # fmt: skip
        answer = web.http.get(path)
        assert answer.status_code == 404, path
        assert set(answer.json()["error"]) == {"code", "message", "hint"}
    assert web.http.get("/api/devices/Not%20An%20Id").status_code == 400
    assert web.http.get("/api/defects/17/image").status_code == 400


def test_a_review_is_stored_pushed_and_told_to_other_webs(
    web: Web, node: NodeLike, bridge: BridgeLike, folder, broker, store_url: str
) -> None:  # type: ignore[no-untyped-def]
    event_id = _stored(node, bridge)
    with Web(folder, broker=broker.address, store=store_url, id="web-2") as second:
        until(lambda: second.get("/health")["broker"]["connected"])
        with Page(web) as here, Page(second) as there:
            until(lambda: here.events and there.events)
            said = {"status": "reviewed", "note": "polished <b>out</b>", "version": 0}
            answer = web.http.post(f"/api/defects/{event_id}/review", json=said)
            assert answer.status_code == 200, answer.text
            assert (answer.json()["status"], answer.json()["version"]) == ("reviewed", 1)
            pushed = until(lambda: here.of("review"))[-1]["defect"]
            assert (pushed["note"], pushed["event_id"]) == ("polished <b>out</b>", event_id)
            hinted = until(lambda: there.of("defect"))[-1]["defect"]
            assert (hinted["status"], hinted["event_id"]) == ("reviewed", event_id)


def test_a_review_of_what_somebody_else_changed_is_a_conflict_that_shows_what_stands_there(
    web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    event_id = _stored(node, bridge)
    path = f"/api/defects/{event_id}/review"
    assert web.http.post(path, json={"status": "reviewed", "version": 0, "note": "first"}).status_code == 200
    answer = web.http.post(path, json={"status": "resolved", "version": 0, "note": "second"})
    assert answer.status_code == 409
    assert answer.json()["current"]["note"] == "first"
    kept = web.http.post(path, json={"status": "resolved", "version": 1})
    assert (kept.json()["note"], kept.json()["status"]) == ("first", "resolved")


@pytest.mark.parametrize(
    "said",
    [
        {}, {"status": "gone", "version": 0}, {"status": "reviewed"}, {"status": "reviewed", "version": -1},
        {"status": "reviewed", "version": 0, "note": "x" * 5000}, {"status": "reviewed", "version": 0, "more": 1}, [],
    ],
)  # fmt: skip
def test_a_wrong_review_is_refused(web: Web, node: NodeLike, bridge: BridgeLike, said: object) -> None:
    event_id = _stored(node, bridge)
    assert web.http.post(f"/api/defects/{event_id}/review", json=said).status_code == 400
    assert web.get(f"/api/defects/{event_id}")["status"] == "pending"


def test_a_command_comes_back_with_the_nodes_reply(web: Web, node: NodeLike) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))
    answer = web.http.post(f"/api/devices/{node.id}/cmd/ping", json={"args": {"n": 1}})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["data"]) == ("ok", {"echo": {"n": 1}})
    assert answer.json()["round_trip_ms"] < 5000
    [(name, command)] = node.commands
    assert name == "ping"
    assert command.ts is not None
    assert abs(command.ts.timestamp() - time.time()) < 2


def test_a_node_that_does_not_answer_is_a_time_out(web: Web, node: NodeLike) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))
    node.mute = True
    answer = web.http.post(f"/api/devices/{node.id}/cmd/ping", json={})
    assert answer.status_code == 504
    assert answer.json()["error"]["code"] == "node.no_reply"


def test_only_known_commands_to_known_devices_are_sent(web: Web, node: NodeLike) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))
    assert web.http.post(f"/api/devices/{node.id}/cmd/format", json={}).status_code == 404
    assert web.http.post("/api/devices/nobody/cmd/ping", json={}).status_code == 404
    assert node.commands == []
