"""`python -m broker`: how it starts, what it says, how it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glassline.link import BrokerAddress, probe_broker
from tests.broker.conftest import ROLES
from tests.support.authority import signed
from tests.support.clients import connected
from tests.support.embedded_broker import accounts_file, broker_process, free_port

OWN = ("--tls-cert", "CERT", "--tls-key", "KEY")


def start(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a broker that is expected not to start."""
    command = [sys.executable, "-m", "broker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_two_seconds_with_clients_connected(tmp_path: Path, number: int) -> None:
    log = tmp_path / "log"
    with broker_process(ROLES, log=log) as running, connected(running, "eyes") as eyes:
        eyes.subscribe("glass/v1/#")
        begun = time.monotonic()
        os.kill(running.pid, number)
        assert eyes.lost.wait(5)
        _, status = os.waitpid(running.pid, 0)
        assert time.monotonic() - begun < 2
        assert os.waitstatus_to_exitcode(status) == 0
    lines = log.read_text().splitlines()
    assert f"ready, listening on 127.0.0.1:{running.port} for {len(ROLES)} accounts of" in lines[0]
    assert "eyes connected from 127.0.0.1 (observer, keepalive 30 s)" in lines[1]
    assert lines[-1].endswith("stopping")
    assert len(lines) == 3, "amqtt's own chatter is not in the log"


def test_a_taken_port_is_one_line_with_its_owner_and_the_remedy() -> None:
    with broker_process() as running:
        second = start("--listen", running.url)
    assert second.returncode == 1
    assert second.stderr.splitlines() == [
        f"broker: cannot listen on {running.url}: port {running.port} is taken by python -m broker "
        f"(pid {running.pid}). Stop that, or set another port with `listen`"
    ]


@pytest.mark.parametrize(
    "address", ["mqtts://0.0.0.0:1", "mqtts://192.0.2.7", "mqtt://[::]:1", "mqtt://127.0.0.1:1, mqtts://example.org"]
)
def test_it_does_not_listen_beyond_loopback_without_accounts(address: str) -> None:
    refused = start("--listen", address)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "without accounts" in line
    assert "Set `accounts`" in line


@pytest.mark.parametrize("scheme", ["mqtts", "mqtt"])
def test_with_accounts_it_listens_beyond_loopback_with_tls_or_where_that_was_asked_for(
    tmp_path: Path, scheme: str
) -> None:
    accounts, certificate = accounts_file(tmp_path, ROLES), signed(tmp_path)
    arguments = ["--accounts", str(accounts.path), "--listen", f"{scheme}://0.0.0.0:{free_port()}"]
    own = ["--tls-cert", str(certificate.cert), "--tls-key", str(certificate.key), "--advertise", "false"]
    if scheme == "mqtt":
        refused = start(*arguments)
        assert refused.returncode == 2
        assert "without TLS, since passwords and pictures would cross the network" in refused.stderr
        assert "mqtts://0.0.0.0:8883" in refused.stderr
        own = ["--plain-beyond-loopback", "true"]
    process = subprocess.Popen([sys.executable, "-m", "broker", *arguments, *own], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert "ready, listening on 0.0.0.0:" in process.stderr.readline()
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_several_addresses_are_one_setting(tmp_path: Path) -> None:
    certificate, ports = signed(tmp_path), (free_port(), free_port())
    listen = f"mqtts://127.0.0.1:{ports[0]}, mqtt://127.0.0.1:{ports[1]}"
    arguments = ["--listen", listen, "--tls-cert", str(certificate.cert), "--tls-key", str(certificate.key)]
    process = subprocess.Popen([sys.executable, "-m", "broker", *arguments], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert f"ready, listening on 127.0.0.1:{ports[0]} (TLS), 127.0.0.1:{ports[1]} without accounts" in said
        for url in listen.split(", "):
            assert probe_broker(BrokerAddress.parse(url), id="pi-1", ca_file=str(certificate.ca)).ok
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["--accounts", "/nonexistent/accounts.json"], 2, "cannot read the accounts file /nonexistent"),
        (["--accounts", "OPEN"], 2, "others can read"),
        (["--listen", "mqtts://192.0.2.7", "--accounts", "GOOD", *OWN], 1, "it is no address of this machine"),
        (["--listen", "mqtts://no-such-host.invalid", "--accounts", "GOOD", *OWN], 1, "no address is known"),
        (["--listen", "http://127.0.0.1"], 2, "expected addresses like mqtts://0.0.0.0:8883"),
        (["--listen", "mqtt://127.0.0.1:99999"], 2, "expected addresses like mqtts://0.0.0.0:8883"),
        (["--listen", "mqtt://127.0.0.1:1, mqtt://127.0.0.1:1"], 2, "each once"),
        (["--listen", "mqtts://127.0.0.1"], 2, "mqtts:// needs a certificate: set `tls_cert`"),
        (["--listen", "mqtts://127.0.0.1", "--tls-cert", "CERT", "--tls-key", "GOOD"], 2, "no certificate and key"),
        (["--listen", "mqtts://127.0.0.1", "--tls-cert", "CERT", "--tls-key", "OPEN"], 2, "chmod 600"),
    ],
)
def test_what_prevents_a_start_is_said_with_the_remedy(
    tmp_path: Path, arguments: list[str], code: int, part: str
) -> None:
    good, certificate = accounts_file(tmp_path, ROLES).path, signed(tmp_path)
    (tmp_path / "open").write_text(good.read_text())
    (tmp_path / "open").chmod(0o644)
    paths = {"GOOD": good, "OPEN": tmp_path / "open", "CERT": certificate.cert, "KEY": certificate.key}
    refused = start(*(str(paths.get(argument, argument)) for argument in arguments))
    assert refused.returncode == code, refused.stderr
    assert part in refused.stderr
    assert "Traceback" not in refused.stderr
