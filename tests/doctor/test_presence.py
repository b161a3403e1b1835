"""What is heard at the broker of programs that run and yet do not come through rightly."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from glassline.contract.messages import Health
from tests.support.embedded_broker import RunningBroker
from tests.support.links import make_link
from tests.support.waiting import until

from .conftest import run_doctor
from .test_several import program, server


@contextmanager
def behind_the_times(broker: RunningBroker, id: str, late: timedelta) -> Iterator[None]:
    """A node whose clock is late."""
    link = make_link(broker.url, id, None)
    stopping = threading.Event()

    def report() -> None:
        while not stopping.is_set():
            envelope = link.envelope()
            told = {**envelope, "ts": envelope["ts"] - late, "state": "ok", "uptime_s": 9, "last_frame_age_s": 0.1}
            link.publish("health", Health(**told).to_json())  # type: ignore[arg-type]
            stopping.wait(1)

    thread = threading.Thread(target=report)
    with link:
        thread.start()
        yield
        stopping.set()
        thread.join()


def test_two_nodes_of_one_name_are_named(tmp_path: Path) -> None:
    with (
        server(tmp_path) as broker,
        program(broker, "pi-1", "node", uptime_s=900),
        program(broker, "pi-1", "node", uptime_s=700),
    ):
        told = run_doctor("--json", folder=tmp_path)
    assert told.cause == "node.twice", told.text


def test_a_node_that_was_started_anew_is_not_two(tmp_path: Path) -> None:
    with server(tmp_path) as broker:
        with program(broker, "pi-1", "node", uptime_s=900) as link:
            until(lambda: link.state.connected)
        with program(broker, "pi-1", "node", uptime_s=0.5):
            told = run_doctor("--json", folder=tmp_path)
    assert told.causes == [], told.text


def test_another_version_of_the_contract_is_named(tmp_path: Path) -> None:
    with server(tmp_path) as broker:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="pi-1")
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        told: dict[str, Any] = {"v": 2, "state": "splendid"}
        client.publish("glass/v1/pi-1/status", b"online", 1, True)
        client.publish("glass/v1/pi-1/info", json.dumps({**told, "role": "node"}), 1, True).wait_for_publish(5)
        heard = run_doctor("--json", "--device", "pi-1", folder=tmp_path)
        client.disconnect()
        client.loop_stop()
    assert heard.cause == "node.other_contract", heard.text


def test_a_clock_that_is_an_hour_late_is_named_with_the_difference(tmp_path: Path) -> None:
    with server(tmp_path) as broker, behind_the_times(broker, "pi-1", timedelta(hours=1)):
        told = run_doctor("--json", folder=tmp_path)
    assert told.causes == ["node.clock_wrong"], told.text
    assert "60 min" in told.json["first_cause"]["sentence"]
    ahead = next(one["clock_ahead_s"] for one in told.json["seen"]["heard"] if one["id"] == "pi-1")
    assert abs(ahead + 3600) < 5


def test_versions_that_differ_are_a_note_and_no_fault(tmp_path: Path) -> None:
    with server(tmp_path) as broker, program(broker, "pi-1", "node"):
        told = run_doctor(folder=tmp_path)
    assert told.code == 0, told.text
    assert "Versions differ (1: bridge-1, pi-1, web-1" in told.text
