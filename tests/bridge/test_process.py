"""The bridge as a process: how it starts, ends, and dies."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glassline.contract import new_event_id, topic_of
from glassline.store import DefectFilter, open_store
from tests.bridge.harness import InsistentNode, bridge_process, node, online
from tests.bridge.test_store_faults import locked
from tests.store.samples import make_detection, make_evidence
from tests.support.clients import connected
from tests.support.embedded_broker import RunningBroker

STOP_S = 3.0


def ended_in_s(process: "subprocess.Popen[str]") -> float:
    began_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    return time.monotonic() - began_s


def test_told_to_end_it_finishes_what_it_has_and_says_offline(broker: RunningBroker, tmp_path: Path) -> None:
    detections = [make_detection() for _ in range(50)]
    with online(broker):
        process = bridge_process(broker, tmp_path)
    with connected(broker, "watch") as watch, node(broker) as pi:
        watch.subscribe(topic_of("status", "bridge-1"))
        for detection in detections:
            pi.client.client.publish(topic_of("detection", "pi-1"), detection.to_json(), 1)
        first = pi.said()
        assert ended_in_s(process) < STOP_S
        heard = {first[0]}
        while not pi.client.messages.empty():
            heard.add(pi.said()[0])
        watch.until(topic_of("status", "bridge-1"), b"offline")
    with open_store(f"sqlite:{tmp_path}/glass.db") as store:
        stored = {defect.event_id for defect in store.defects(DefectFilter(), limit=100).defects}
    assert heard == stored, "all that was committed was receipted, and nothing else"


def test_it_ends_in_time_while_its_store_hangs(broker: RunningBroker, tmp_path: Path) -> None:
    with online(broker):
        process = bridge_process(broker, tmp_path)
    with node(broker) as pi:
        pi.send(make_detection())
        pi.said()
        with locked(tmp_path / "glass.db"):
            pi.send(make_detection())
            time.sleep(0.3)
            assert ended_in_s(process) < STOP_S
        assert pi.hears_nothing(0.2)


def test_it_ends_in_time_while_the_broker_hangs(one_broker: RunningBroker, tmp_path: Path) -> None:
    with online(one_broker):
        process = bridge_process(one_broker, tmp_path)
    os.kill(one_broker.pid, signal.SIGSTOP)
    try:
        assert ended_in_s(process) < STOP_S
    finally:
        os.kill(one_broker.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "no broker address is set"),
        (["--broker", "http://server:5000"], "expected mqtt://HOST:PORT"),
        (["--broker", "mqtt://127.0.0.1:1", "--store", "mysql:x"], "expected sqlite:PATH"),
        (["--broker", "mqtt://127.0.0.1:1", "--id", "Bridge 1", "--batch-items", "0"], "2 settings are wrong"),
        (["--broker", "mqtt://127.0.0.1:1", "--password-file", "/nowhere"], "cannot read the password file"),
    ],
    ids=["no broker", "a web address", "no store", "two at once", "no password file"],
)
def test_what_is_wrong_with_the_settings_is_said_at_once(flags: list[str], said: str, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GLASS_")}
    done = subprocess.run(
        [sys.executable, "-m", "bridge", *flags],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env=environ | {"PYTHONPATH": os.getcwd()},
    )
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_killed_in_mid_load_it_loses_nothing_and_repeats_nothing(broker: RunningBroker, tmp_path: Path) -> None:
    sent: dict[str, bytes] = {}
    with node(broker) as pi:
        insistent = InsistentNode(pi.client, "pi-1")
        try:
            for _ in range(3):
                with online(broker):
                    process = bridge_process(broker, tmp_path)
                until_s = time.monotonic() + random.uniform(0.3, 0.8)
                while time.monotonic() < until_s:
                    event_id = new_event_id()
                    sent[event_id] = make_evidence(event_id, size_bytes=20_000)
                    insistent.put(make_detection(event_id, image=sent[event_id]), sent[event_id])
                    time.sleep(0.005)
                process.kill()
                process.wait(10)
            with online(broker):
                process = bridge_process(broker, tmp_path)
            until_s = time.monotonic() + 30
            while not insistent.is_done() and time.monotonic() < until_s:
                time.sleep(0.05)
            assert insistent.is_done(), f"{len(insistent.waiting)} of {len(sent)} were never receipted"
        finally:
            insistent.stop()
            process.terminate()
            process.wait(10)
    with open_store(f"sqlite:{tmp_path}/glass.db") as store:
        assert store.counts(DefectFilter())["pending"] == len(sent)
        assert {event_id: store.evidence(event_id) for event_id in sent} == sent
