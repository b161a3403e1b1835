"""The embedded broker under TLS: what holds for plain connections holds there, from the first byte on."""

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from broker.limits import Limits
from glassline.accounts.authority import SERVER_LIFE
from tests.broker.conftest import ROLES
from tests.support.authority import Signed, signed
from tests.support.clients import RawClient, connected, is_hung_up, packet, text
from tests.support.embedded_broker import RunningBroker, embedded_broker, free_port
from tests.support.handshake import negotiated
from tests.support.waiting import until

FRAME = "glass/v1/pi-1/frame"


@pytest.fixture
def certificate(tmp_path: Path) -> Signed:
    return signed(tmp_path)


@pytest.fixture
def running(certificate: Signed) -> Iterator[RunningBroker]:
    with embedded_broker(ROLES, certificate=certificate) as running:
        yield running


def publish(payload: bytes) -> bytes:
    return packet(0x30, text(FRAME) + payload)


def test_pictures_pass_between_the_two_doors(running: RunningBroker) -> None:
    with connected(running, "eyes") as eyes, RawClient(running.tls_port, ca=running.ca) as node:
        eyes.subscribe(FRAME)
        assert node.login(running, "pi-1") == 0
        node.send(publish(bytes(2_000_000)))
        assert len(eyes.next()[1]) == 2_000_000


def test_versions_before_1_2_are_refused(running: RunningBroker) -> None:
    assert negotiated(running.tls_port, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert running.counts["refused_tls"] == 0
    with pytest.raises(ssl.SSLError), pytest.warns(DeprecationWarning, match="TLSv1_1"):
        negotiated(running.tls_port, ssl.TLSVersion.TLSv1_1)
    until(lambda: running.counts["refused_tls"] == 1)


def test_who_does_not_finish_a_handshake_counts_as_a_connection_and_is_dropped_in_time(certificate: Signed) -> None:
    limits = Limits(connections=3, connect_s=1.0)
    with embedded_broker(ROLES, certificate=certificate, limits=limits) as running:
        begun = time.monotonic()
        silent = [socket.create_connection(("127.0.0.1", running.tls_port), 5) for _ in range(5)]
        until(lambda: running.counts["refused_full"] == 2)
        until(lambda: all(map(is_hung_up, silent)), 5)
        assert 0.8 < time.monotonic() - begun < 4
        assert running.counts["refused_silent"] == 3
        with RawClient(running.tls_port, ca=running.ca) as node:
            assert node.login(running, "pi-1") == 0
        for plug in silent:
            plug.close()


def test_a_client_that_takes_nothing_is_dropped_and_costs_a_bounded_amount(certificate: Signed) -> None:
    limits = Limits(stall_s=1.5)
    with (
        embedded_broker(certificate=certificate, limits=limits, send_buffer=65_536) as running,
        connected(running, "pi-1") as node,
        RawClient(running.tls_port, receive_buffer=8192, ca=running.ca) as stalled,
        RawClient(running.tls_port, ca=running.ca) as eyes,
    ):
        for client, id in ((stalled, "stalled"), (eyes, "eyes")):
            client.login(running, id)
            assert client.subscribe(FRAME, 0) == 0
        before_mb = psutil.Process().memory_info().rss / 1e6
        payload, end_s, received = bytes(50_000), time.monotonic() + 15, 0
        while running.counts["dropped_stalled"] == 0:
            assert time.monotonic() < end_s, "the stalled client is still there"
            node.publish(FRAME, payload, qos=0)
            received += len(eyes.receive()[1]) > 50_000
            time.sleep(0.005)
        assert received > 100, "who reads gets all meanwhile"
        assert psutil.Process().memory_info().rss / 1e6 - before_mb < 40
        until(lambda: is_hung_up(stalled.socket), what="what nobody fetches stays in the kernel")


def test_a_renewed_certificate_is_shown_to_the_next_and_a_broken_one_to_nobody(
    running: RunningBroker, certificate: Signed
) -> None:
    def shown() -> bytes | None:
        with RawClient(running.tls_port, ca=running.ca) as client:
            assert isinstance(client.socket, ssl.SSLSocket)
            return client.socket.getpeercert(binary_form=True)

    with RawClient(running.tls_port, ca=running.ca) as open_before:
        assert open_before.login(running, "pi-1") == 0
        first = shown()
        certificate.key.write_text("broken")
        time.sleep(1.5)
        assert shown() == first
        signed(certificate.ca.parents[1])
        until(lambda: shown() != first, 5)
        open_before.send(packet(0xC0, b""))
        assert open_before.receive() == (0xD0, b"")


def test_a_certificate_that_soon_expires_is_told_at_the_start(tmp_path: Path) -> None:
    soon = signed(tmp_path, age=SERVER_LIFE - timedelta(days=10))
    port = free_port()
    arguments = ["--listen", f"mqtts://127.0.0.1:{port}", "--tls-cert", str(soon.cert), "--tls-key", str(soon.key)]
    process = subprocess.Popen([sys.executable, "-m", "broker", *arguments], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert "`glassline ca server` renews it" in process.stderr.readline()
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_bytes_of_any_kind_harm_nobody(running: RunningBroker) -> None:
    for raw in (b"", b"\x16", b"\x16\x03\x01\xff\xff", b"GET / HTTP/1.1\r\n\r\n", bytes(5000), b"\x10\x0c\0\4MQTT"):
        with socket.create_connection(("127.0.0.1", running.tls_port), 5) as plug:
            plug.sendall(raw)
    with RawClient(running.tls_port, ca=running.ca) as node:
        assert node.login(running, "pi-1") == 0
    assert running.counts["faults"] == 0
