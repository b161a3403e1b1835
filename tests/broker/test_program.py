"""`python -m broker`: how it starts, what it says, how it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.broker.conftest import ROLES
from tests.support.clients import connected
from tests.support.embedded_broker import accounts_file, broker_process, free_port


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
        f"(process {running.pid}). Stop that, or set another port with `listen`"
    ]


@pytest.mark.parametrize("address", ["mqtt://0.0.0.0:1", "mqtt://192.0.2.7", "mqtt://[::]:1", "mqtt://example.org"])
def test_it_does_not_listen_beyond_loopback_without_accounts(address: str) -> None:
    refused = start("--listen", address)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "without accounts" in line
    assert "Set `accounts`" in line


def test_with_accounts_it_listens_beyond_loopback(tmp_path: Path) -> None:
    accounts = accounts_file(tmp_path, ROLES)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "broker", "--listen", f"mqtt://0.0.0.0:{port}", "--accounts", str(accounts.path)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert f"ready, listening on 0.0.0.0:{port}" in process.stderr.readline()
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["--accounts", "/nonexistent/accounts.json"], 2, "cannot read the accounts file"),
        (["--listen", "mqtt://192.0.2.7", "--accounts", "OPEN"], 2, "others can read the accounts file"),
        (["--listen", "mqtt://192.0.2.7", "--accounts", "GOOD"], 1, "it is no address of this machine"),
        (["--listen", "mqtt://no-such-host.invalid", "--accounts", "GOOD"], 1, "no address is known"),
        (["--listen", "http://127.0.0.1"], 2, "expected an address like mqtt://127.0.0.1:1883"),
        (["--listen", "mqtt://127.0.0.1:99999"], 2, "expected an address like mqtt://127.0.0.1:1883"),
    ],
)
def test_what_prevents_a_start_is_said_with_the_remedy(
    tmp_path: Path, arguments: list[str], code: int, part: str
) -> None:
    good = accounts_file(tmp_path, ROLES).path
    (tmp_path / "open").write_text(good.read_text())
    (tmp_path / "open").chmod(0o644)
    paths = {"GOOD": str(good), "OPEN": str(tmp_path / "open")}
    refused = start(*(paths.get(argument, argument) for argument in arguments))
    assert refused.returncode == code, refused.stderr
    assert part in refused.stderr
    assert "Traceback" not in refused.stderr
