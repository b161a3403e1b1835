"""Looking after devices: a name, the end of its use, and how it comes back."""

import time
from typing import Any

import paho.mqtt.client as mqtt

from tests.support.waiting import until

from .clients import Page
from .people import code_of
from .processes import Mosquitto, Web
from .publishers import BridgeLike, NodeLike


def _gone(broker: Mosquitto, web: Web, bridge: BridgeLike, id: str) -> None:
    """A node that was there, and that the store remembers."""
    with NodeLike(broker.address, id):
        until(lambda: web.http.get(f"/api/devices/{id}").json().get("online"))
        bridge.store.remember(id, role="node", status="online")
    until(lambda: not web.get(f"/api/devices/{id}")["online"])


def _retained(broker: Mosquitto, id: str) -> set[str]:
    found: set[str] = set()

    def note(client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        found.add(message.topic.rpartition("/")[2])

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_message = note
    client.connect("127.0.0.1", broker.port)
    client.subscribe(f"glass/v1/{id}/#")
    client.loop_start()
    until(client.is_connected)
    time.sleep(0.5)
    client.disconnect()
    client.loop_stop()
    return found


def _listed(web: Web) -> list[str]:
    return [device["deviceId"] for device in web.get("/api/devices")["devices"]]


def test_a_device_gets_a_name_which_every_page_sees_at_once(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))
    path = f"/api/devices/{node.id}"
    early = web.http.patch(path, json={"name": "Kiln 2"})
    assert (early.status_code, code_of(early)) == (409, "node.not_stored")
    bridge.store.remember(node.id, role="node", status="online")
    with Page(web) as page:
        named = web.http.patch(path, json={"name": "  Kiln 2 "})
        assert (named.status_code, named.json()["name"]) == (200, "Kiln 2")
        until(lambda: [event for event in page.of("device") if event["device"].get("name") == "Kiln 2"])
    shape = web.get(path)
    assert shape["name"] == "Kiln 2"
    assert shape["first_seen_at"] <= shape["last_seen_at"]
    assert web.http.patch(path, json={"name": ""}).json()["name"] is None
    for wrong in ({"name": "x" * 61}, {"name": "a\nb"}, {}, {"name": 1}):
        assert web.http.patch(path, json=wrong).status_code == 400
    assert web.http.patch("/api/devices/nobody", json={"name": "x"}).status_code == 404


def test_a_retired_device_is_cleared_hidden_and_back_when_it_speaks(
    broker: Mosquitto, web: Web, bridge: BridgeLike
) -> None:
    _gone(broker, web, bridge, "pi-old")
    assert _retained(broker, "pi-old") == {"status", "info"}
    retired = web.http.post("/api/devices/pi-old/retire", json={})
    assert retired.status_code == 200, retired.text
    assert retired.json()["device"]["retired_at"]
    assert "glassline revoke pi-old" in retired.json()["account"]
    assert _retained(broker, "pi-old") == set()
    assert "pi-old" not in _listed(web)
    assert web.get("/api/devices/pi-old")["retired_at"], "who asks for it by name is told"
    assert not web.get("/health")["counters"].get("refused_status_wrong_value")
    with NodeLike(broker.address, "pi-old"):
        until(lambda: "pi-old" in _listed(web))
        assert web.get("/api/devices/pi-old")["retired_at"] is None


def test_what_runs_is_not_retired(web: Web, node: NodeLike) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))
    answer = web.http.post(f"/api/devices/{node.id}/retire", json={})
    assert (answer.status_code, code_of(answer)) == (409, "node.online")
    assert web.http.post("/api/devices/nobody/retire", json={}).status_code == 404


def test_a_form_is_told_what_of_a_node_may_be_set(web: Web, node: NodeLike) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))
    settings = {one["name"]: one for one in web.get(f"/api/devices/{node.id}/settings")["settings"]}
    assert settings["camera_fps"] == {
        "name": "camera_fps", "type": "number", "minimum": 1, "maximum": 120, "choices": [], "unit": "1/s",
        "sentence": "Frames the camera is asked for.", "value": None,
    }  # fmt: skip
    assert settings["live_quality"]["type"] == "integer"
    assert settings["frame_meta"]["type"] == "boolean"
    assert settings["region"]["type"] == "region"
    assert "auto" in settings["camera_white_balance"]["choices"]
    assert web.http.get("/api/devices/nobody/settings").status_code == 404
    programs = [one["deviceId"] for one in web.get("/api/devices")["devices"] if one["role"] == "web"]
    answer = web.http.get(f"/api/devices/{programs[0]}/settings")
    assert (answer.status_code, code_of(answer)) == (409, "node.is_none")
