"""mosquitto.conf with a real mosquitto: what the role tests do not see."""

import os
import signal
import time
from pathlib import Path

from tests.broker.conftest import ROLES
from tests.support.clients import RawClient, connected, packet
from tests.support.mosquitto import CONF, mosquitto, needs_mosquitto

pytestmark = needs_mosquitto


def test_retained_topics_survive_a_kill(tmp_path: Path) -> None:
    with mosquitto(ROLES, folder=tmp_path) as running, connected(running, "pi-1") as node:
        node.publish("glass/v1/pi-1/status", b"online", retain=True)
        time.sleep(4)
        os.kill(running.pid, signal.SIGKILL)
        assert node.lost.wait(5)
    with mosquitto(ROLES, folder=tmp_path) as running, connected(running, "eyes") as eyes:
        eyes.subscribe("glass/v1/+/status")
        assert eyes.next() == ("glass/v1/pi-1/status", b"online", 1, True)


def test_a_packet_above_the_limit_ends_the_connection() -> None:
    with mosquitto(ROLES) as running, connected(running, "pi-1") as node, connected(running, "eyes") as eyes:
        eyes.subscribe("glass/v1/pi-1/frame")
        node.publish("glass/v1/pi-1/frame", bytes(2_000_000))
        assert len(eyes.next()[1]) == 2_000_000
        with RawClient(running.port) as attacker:
            attacker.login(running, "pi-2")
            attacker.send(packet(0x30, b"", length=3_000_000))
            assert attacker.is_closed(5)


def test_it_says_what_the_defaults_leave_open() -> None:
    lines = {line.split(" ", 1)[0]: line for line in CONF.read_text().splitlines() if line and line[0] != "#"}
    assert lines["allow_anonymous"] == "allow_anonymous false"
    assert lines["per_listener_settings"] == "per_listener_settings false"
    listeners = [line for line in CONF.read_text().splitlines() if line.startswith("listener ")]
    assert listeners == ["listener 1883 127.0.0.1", "listener 8883"]
    assert lines["tls_version"] == "tls_version tlsv1.2"
    explicit = {"max_packet_size", "max_queued_messages", "max_queued_bytes", "max_inflight_messages", "memory_limit"}
    assert explicit | {"autosave_on_changes", "autosave_interval", "max_connections"} <= lines.keys()
