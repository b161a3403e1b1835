"""Alerts: a cause that stands is told once, and once that it is gone; of several webs one tells it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from glassline.contract import Reason
from glassline.contract.messages import Alert, decode
from glassline.contract.topics import filter_of, parse
from tests.support.waiting import until
from web.programs.alerts import STANDS_S, Alerts, Cause

from .processes import Mosquitto, Web
from .publishers import BridgeLike, NodeLike

START = datetime(2026, 11, 26, tzinfo=UTC)
MISSING = Cause(Reason.CAMERA_MISSING, "there is no camera")
DARK = Cause(Reason.NODE_OFFLINE, "it is off")


class Told:
    """What was told, as (code, cleared, since in s); `reaches` says whether anything goes out."""

    def __init__(self, memory: Path) -> None:
        self.told: list[tuple[str, bool, float]] = []
        self.reaches, self._memory = True, memory
        self.begin_anew()

    def begin_anew(self) -> None:
        self.alerts = Alerts(
            publish=self._publish, envelope=lambda: {"ts": START, "boot": "00b6017e", "seq": 0}, memory=self._memory
        )

    def _publish(self, alert: Alert) -> bool:
        if self.reaches:
            self.told.append((alert.code, alert.cleared, (alert.since - START).total_seconds()))
        return self.reaches

    def look(self, now_s: float, cause: Cause | None, *, is_speaker: bool = True) -> None:
        now = START + timedelta(seconds=now_s)
        self.alerts.look({"pi-1": cause}, is_speaker=is_speaker, now_s=now_s, now=now)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "web" / "alerts-web-1.json")


def test_a_cause_is_told_once_it_has_stood_and_again_when_it_is_gone(told: Told) -> None:
    for now_s in range(20):
        told.look(now_s, MISSING if 2 <= now_s < 10 else None)
    assert told.told == [("camera.missing", False, 7.0), ("camera.missing", True, 7.0)]


def test_a_web_that_began_anew_tells_the_end_of_what_stood_before(told: Told) -> None:
    for now_s in range(8):
        told.look(now_s, MISSING)
    told.begin_anew()
    for now_s in range(100, 108):
        told.look(now_s, MISSING)
    assert told.told == [("camera.missing", False, 5.0)], "it still stands, and was told"
    told.begin_anew()
    for now_s in range(200, 208):
        told.look(now_s, None)
    assert told.told[1:] == [("camera.missing", True, 5.0)]
    told.begin_anew()
    for now_s in range(300, 308):
        told.look(now_s, None)
    assert len(told.told) == 2


@pytest.mark.parametrize("kept", [b"", b"[]", b'{"pi-1": 3}', b'{"pi-1": {"code": "no.such", "since": ""}}', b"\xff"])
def test_a_memory_that_is_broken_is_said_and_begun_anew(
    tmp_path: Path, kept: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "alerts.json").write_bytes(kept)
    told = Told(tmp_path / "alerts.json")
    for now_s in range(8):
        told.look(now_s, MISSING)
    assert [code for code, *_ in told.told] == ["camera.missing"]
    assert "alerts.json is not read" in caplog.text
    assert b"camera.missing" in (tmp_path / "alerts.json").read_bytes()


def test_what_comes_and_goes_is_not_told(told: Told) -> None:
    for now_s in range(40):
        told.look(now_s, MISSING if now_s % 4 < 2 else None)
    assert told.told == []


def test_another_cause_clears_the_one_before(told: Told) -> None:
    for now_s in range(20):
        told.look(now_s, MISSING if now_s < 10 else DARK)
    assert [(code, cleared) for code, cleared, _ in told.told] == [
        ("camera.missing", False), ("camera.missing", True), (Reason.NODE_OFFLINE, False),
    ]  # fmt: skip


def test_what_cannot_be_sent_is_sent_later_and_a_device_that_is_retired_is_cleared(told: Told) -> None:
    told.reaches = False
    for now_s in range(10):
        told.look(now_s, MISSING)
    told.reaches = True
    told.look(10, MISSING)
    told.alerts.look({}, is_speaker=True, now_s=11, now=START)
    assert [cleared for _, cleared, _ in told.told] == [False, True]


def test_who_takes_over_goes_on_where_the_other_left_off(told: Told) -> None:
    for now_s in range(10):
        told.look(now_s, MISSING, is_speaker=False)
    for now_s in range(10, 20):
        told.look(now_s, None)
    assert [(code, cleared) for code, cleared, _ in told.told] == [("camera.missing", True)]
    assert STANDS_S == 5


def test_of_two_webs_one_says_on_the_wire_that_a_camera_is_gone(
    web: Web, broker: Mosquitto, folder: Path, store_url: str, node: NodeLike, bridge: BridgeLike
) -> None:
    heard: list[tuple[str, Alert]] = []

    def note(client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        heard.append((parse(message.topic).id, decode(Alert, message.payload)))

    def of_node() -> list[tuple[str, str, bool]]:
        return [(id, alert.code, alert.cleared) for id, alert in heard if alert.device_id == node.id]

    eye = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    eye.on_message = note
    eye.connect("127.0.0.1", broker.port)
    eye.subscribe(filter_of("alert"))
    eye.loop_start()
    with Web(folder, broker=broker.address, store=store_url, id="web-2"):
        until(lambda: web.http.get(f"/api/devices/{node.id}").json().get("online"))

        def say(**more: Any) -> bool:
            bridge.publish_health()
            node.publish_health(**more)
            return False

        until(lambda: say(state="failed", reasons=[Reason.CAMERA_MISSING]) or of_node(), timeout_s=45)
        assert of_node() == [("web-1", "camera.missing", False)]
        until(lambda: say() or len(of_node()) > 1, timeout_s=45)
        assert of_node()[1] == ("web-1", "camera.missing", True)
    eye.disconnect()
    eye.loop_stop()
