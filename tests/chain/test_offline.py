"""A node that froze with its socket open (as after a loss of power) is offline soon, whichever broker is used.

Seen on the wire (`status`), in the web's API, and by a person who looks at the page in Chromium.
"""

import signal
import subprocess
import sys
import time

import httpx
import pytest

from glassline.contract import Role
from glassline.program import write_secret
from tests.support.chromium import chromium
from tests.support.embedded_broker import broker_process, free_port
from tests.support.links import listener
from tests.support.mosquitto import mosquitto
from tests.support.waiting import until

ROLES = {"pi-1": Role.NODE, "web-1": Role.WEB, "web-2": Role.WEB}
WITHIN_S = 20
STATUS_WITHIN_S = 22
"""mosquitto looks only each 5 s whose keepalive, one and a half times 10 s, has passed. Nobody waits for it: whoever is
silent for 15 s is offline, whatever `status` says."""


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("broker", [broker_process, mosquitto], ids=["embedded", "mosquitto"])
def test_a_frozen_node_shows_offline_within_20_seconds(tmp_path, broker, browser):
    port = free_port()
    with broker(ROLES) as running, listener(running) as heard:
        for id, password in running.passwords.items():
            write_secret(tmp_path / id, password)
        node = ["pi_node", "--camera=scene:?seed=3", "--id=pi-1", f"--state-dir={tmp_path / 'state'}"]
        web = ["web", "--id=web-2", f"--http-port={port}", f"--store=sqlite:{tmp_path / 'glassline.db'}"]
        processes = []
        for command, id in ((node, "pi-1"), (web, "web-2")):
            reach = [f"--broker={running.url}", f"--password-file={tmp_path / id}"]
            processes.append(subprocess.Popen([sys.executable, "-m", *command, *reach], stderr=subprocess.DEVNULL))

        def device():
            try:
                return httpx.get(f"http://127.0.0.1:{port}/api/devices/pi-1", timeout=5).json()
            except httpx.HTTPError:
                return {}

        def says_offline():
            return [m[2] for m in list(heard.messages) if m[:2] == ("status", "pi-1")][-1:] == [b"offline"]

        try:
            until(lambda: device().get("online") is True, 30, what=device)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/#pi-1")
            hop = page.locator(".hop.failed .hop-name", has_text="Node")
            until(lambda: page.locator(".mark").inner_text() == "LIVE", 30)
            assert not hop.count()
            processes[0].send_signal(signal.SIGSTOP)
            took_s = seen_after({
                "status on the wire": says_offline,
                "the web's API": lambda: device().get("online") is False,
                "the page": lambda: hop.count() and page.locator(".cause.failed").is_visible(),
            })  # fmt: skip
            print(", ".join(f"{name} {seconds:.1f} s" for name, seconds in took_s.items()))
            print(f"the page says: {page.locator('.cause').inner_text()!r}")
            assert took_s.pop("status on the wire") < STATUS_WITHIN_S
            assert max(took_s.values()) < WITHIN_S
            processes[0].send_signal(signal.SIGCONT)
            until(lambda: device().get("online") is True, 40, what=device)
            until(lambda: page.locator(".mark").inner_text() == "LIVE", 30)
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)
                process.terminate()
            for process in processes:
                process.wait(10)


def seen_after(conditions):
    """Seconds from now until each of them holds; fails when one does not for long."""
    began_s, took_s = time.monotonic(), {}
    while len(took_s) < len(conditions):
        for name, holds in conditions.items():
            if name not in took_s and holds():
                took_s[name] = time.monotonic() - began_s
        assert time.monotonic() < began_s + WITHIN_S + 10, f"seen so far: {took_s}"
        time.sleep(0.05)
    return took_s
