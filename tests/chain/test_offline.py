"""A node that froze with its socket open (as after a loss of power) is offline soon, whichever broker is used."""

import signal
import subprocess
import sys
import time

import httpx
import pytest

from glassline.contract import Role
from glassline.program import write_secret
from tests.support.embedded_broker import broker_process, free_port
from tests.support.links import until
from tests.support.mosquitto import mosquitto

ROLES = {"pi-1": Role.NODE, "web-1": Role.WEB}


@pytest.mark.parametrize("broker", [broker_process, mosquitto], ids=["embedded", "mosquitto"])
def test_a_frozen_node_shows_offline_within_20_seconds(tmp_path, broker):
    port = free_port()
    with broker(ROLES) as running:
        for id, password in running.passwords.items():
            write_secret(tmp_path / id, password)
        node = ["pi_node", "--camera=scene:?seed=3", "--id=pi-1", f"--state-dir={tmp_path / 'state'}"]
        web = ["web", "--id=web-1", f"--http-port={port}", f"--store=sqlite:{tmp_path / 'glassline.db'}"]
        processes = []
        for command, id in ((node, "pi-1"), (web, "web-1")):
            reach = [f"--broker={running.url}", f"--password-file={tmp_path / id}"]
            processes.append(subprocess.Popen([sys.executable, "-m", *command, *reach], stderr=subprocess.DEVNULL))

        def device():
            try:
                return httpx.get(f"http://127.0.0.1:{port}/api/devices/pi-1", timeout=5).json()
            except httpx.HTTPError:
                return {}

        try:
            assert until(lambda: device().get("online") is True, 30), device()
            processes[0].send_signal(signal.SIGSTOP)
            began = time.monotonic()
            assert until(lambda: device().get("online") is False, 25), device()
            took_s = time.monotonic() - began
            print(f"offline after {took_s:.1f} s: {device()['why']}")
            assert took_s < 20
            processes[0].send_signal(signal.SIGCONT)
            assert until(lambda: device().get("online") is True, 40), device()
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)
                process.terminate()
            for process in processes:
                process.wait(10)
