"""The way to a broker step by step, with real brokers, real sockets, and other programs in their place."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassline.contract import Reason, Role
from glassline.link import BrokerAddress, BrokerProbe, probe_broker
from tests.support.authority import signed
from tests.support.embedded_broker import broker_process, embedded_broker, free_port, password_of, wait_for_port
from tests.support.links import make_link
from tests.support.waiting import until

ROLES = {"pi-1": Role.NODE}


def ask(url: str, ca_file: Path | None = None, password: str = password_of("pi-1")) -> BrokerProbe:
    ca = str(ca_file) if ca_file else None
    return probe_broker(BrokerAddress.parse(url), id="pi-1", password=password, ca_file=ca, timeout_s=2)


def told(found: BrokerProbe) -> list[tuple[str, bool]]:
    return [(step.name, step.ok) for step in found.steps]


@contextmanager
def speaker(greeting: bytes) -> Iterator[int]:
    """Something in this process that greets whoever comes and then waits."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            held = []
            while True:
                try:
                    held.append(door.accept()[0])
                    held[-1].sendall(greeting)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)


def test_every_step_of_a_way_that_works_is_told_with_its_time(tmp_path: Path) -> None:
    with embedded_broker(ROLES, certificate=signed(tmp_path)) as broker:
        plain, secure = ask(broker.url), ask(broker.tls_url, broker.ca)
    assert told(plain) == [("name", True), ("port", True), ("password", True), ("permission", True)]
    assert told(secure) == [("name", True), ("port", True), ("tls", True), ("password", True), ("permission", True)]
    assert all(step.ms is not None and step.ms < 2000 for step in (*plain.steps, *secure.steps))
    certificate = secure.steps[2].says
    assert "signed by " in certificate
    assert "127.0.0.1" in certificate
    assert ", until 20" in certificate
    assert not any(password_of("pi-1") in step.says for step in (*plain.steps, *secure.steps))


def test_the_step_that_fails_is_the_last() -> None:
    nowhere = ask("mqtt://no-such-name.invalid")
    closed = ask(f"mqtt://127.0.0.1:{free_port()}")
    with embedded_broker(ROLES) as broker:
        wrong = ask(broker.url, password="wrong")
    assert told(nowhere) == [("name", False)]
    assert told(closed) == [("name", True), ("port", False)]
    assert told(wrong) == [("name", True), ("port", True), ("password", False)]


def test_the_names_of_a_certificate_for_others_are_told(tmp_path: Path) -> None:
    certificate = signed(tmp_path, names=("server.local", "192.0.2.1"))
    with embedded_broker(ROLES, certificate=certificate) as broker:
        found = ask(broker.tls_url, broker.ca)
    assert (found.code, told(found)[-1]) == (Reason.BROKER_TLS_WRONG_NAME, ("tls", False))
    assert "server.local, 192.0.2.1" in found.steps[-1].says


@pytest.mark.parametrize("tls", [False, True])
def test_a_frozen_broker_hangs_and_is_not_taken_for_another_program(tmp_path: Path, tls: bool) -> None:
    with broker_process(ROLES) as broker:
        os.kill(broker.pid, signal.SIGSTOP)
        try:
            began_s = time.monotonic()
            found = ask(broker.url.replace("mqtt:", "mqtts:") if tls else broker.url, signed(tmp_path).ca)
            took_s = time.monotonic() - began_s
        finally:
            os.kill(broker.pid, signal.SIGCONT)
    assert found.code is Reason.BROKER_HANGS, found
    assert took_s < 8


def test_a_web_server_on_the_port_is_named_by_program_and_number(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port(port, server)
            found = ask(f"mqtt://127.0.0.1:{port}")
            with make_link(f"mqtt://127.0.0.1:{port}", "pi-1", None) as link:
                until(lambda: link.state.code is Reason.BROKER_NOT_MQTT, 20, what=lambda: link.state)
                heard = link.state
        finally:
            server.terminate()
    assert found.code is Reason.BROKER_NOT_MQTT, found
    assert found.facts["holder"].endswith(f"-m http.server (pid {server.pid})")
    assert heard.facts["holder"] == found.facts["holder"]
    assert str(tmp_path) not in found.facts["holder"] + found.sentence


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b""])
def test_a_program_that_is_plainly_no_broker_is_no_broker_that_hangs(greeting: bytes) -> None:
    with speaker(greeting) as port:
        found = ask(f"mqtt://127.0.0.1:{port}")
    assert found.code is Reason.BROKER_NOT_MQTT, found
    assert f"(pid {os.getpid()})" in found.facts["holder"]


def test_all_addresses_of_a_name_are_tried_and_where_else_the_port_is_held_is_told() -> None:
    with embedded_broker() as broker:
        found = ask(f"mqtt://[::1]:{broker.port}")
        both = ask(f"mqtt://localhost:{broker.port}")
    assert found.code is Reason.BROKER_REFUSED, found
    assert found.facts["elsewhere"].startswith("127.0.0.1 (")
    assert both.ok
    assert "127.0.0.1 accepts connections" in both.steps[1].says
