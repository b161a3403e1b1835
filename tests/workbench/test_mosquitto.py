"""`make broker`: mosquitto from the working tree, with all that it needs made where it is missing."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from glassline.contract import Reason
from glassline.link import BrokerAddress, probe_broker
from glassline.link.other_side import speaks_mqtt
from glassline.program import read_credentials
from tests.support.embedded_broker import free_port, wait_for_port
from tests.support.mosquitto import needs_mosquitto
from tests.support.waiting import until
from workbench.mosquitto import ACCOUNTS, conf_for, find_mosquitto

pytestmark = needs_mosquitto


def wait_until_it_serves(port: int, process: "subprocess.Popen[bytes]") -> None:
    """mosquitto listens before it heeds SIGTERM."""
    wait_for_port(port, process)
    until(lambda: speaks_mqtt(BrokerAddress("127.0.0.1", port)))


@contextmanager
def made_broker(folder: Path) -> Iterator[tuple[int, int]]:
    port, tls_port = free_port(), free_port()
    command = [sys.executable, "-m", "workbench.mosquitto", str(folder), f"--port={port}", f"--tls-port={tls_port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_it_serves(port, process)
        yield process.pid, tls_port
    finally:
        process.terminate()
        process.wait(10)


def test_everybody_gets_in_with_the_file_that_was_made_and_nobody_else(tmp_path: Path) -> None:
    with made_broker(tmp_path) as (pid, tls_port):
        assert psutil.Process(pid).name() == "mosquitto", "it took the place of what started it: signals reach it"
        for id in ACCOUNTS:
            file = tmp_path / "credentials" / f"{id}.toml"
            made = read_credentials(file)
            assert made.broker == f"mqtts://127.0.0.1:{tls_port}"
            assert probe_broker(BrokerAddress.parse(made.broker), id=id, credentials=str(file)).ok
        stranger = probe_broker(BrokerAddress.parse(made.broker), id="pi-1", ca_file=str(tmp_path / "ca/ca.crt"))
        assert stranger.code is Reason.BROKER_BAD_CREDENTIALS
        listening = [one.laddr.ip for one in psutil.Process(pid).net_connections() if one.status == psutil.CONN_LISTEN]
        assert set(listening) == {"127.0.0.1"}


def test_a_second_start_finds_everything_again(tmp_path: Path) -> None:
    with made_broker(tmp_path):
        pass
    names = ("accounts.json", "ca/ca.crt", "credentials/pi-1.toml")
    before = [(tmp_path / name).read_text() for name in names]
    with made_broker(tmp_path) as (_, tls_port):
        assert [(tmp_path / name).read_text() for name in names] == before
        address = BrokerAddress("127.0.0.1", tls_port, tls=True)
        assert probe_broker(address, id="pi-1", credentials=str(tmp_path / "credentials/pi-1.toml")).ok


def test_websockets_can_be_switched_on_as_the_file_says(tmp_path: Path) -> None:
    """The commented lines are right: uncommented, mosquitto listens there as well."""
    with made_broker(tmp_path):
        pass
    conf, plain, port = tmp_path / "mosquitto.conf", free_port(), free_port()
    text = conf_for(tmp_path, port=plain, tls_port=free_port(), host="127.0.0.1")
    begin = text.index("#listener 9001")
    end = text.index("\n\n", begin)
    wanted = text[begin:end].replace("#", "").replace("listener 9001", f"listener {port} 127.0.0.1")
    conf.write_text(text[:begin] + wanted + "\nsocket_domain ipv4" + text[end:])
    process = subprocess.Popen([find_mosquitto() or "", "-c", str(conf)], stderr=subprocess.DEVNULL)
    try:
        wait_until_it_serves(plain, process)
        with socket.create_connection(("127.0.0.1", port), 5):
            pass
    finally:
        process.terminate()
        process.wait(10)
