"""The simulated fleet as people run it: it loads a server, its truth is known, and it says what is wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

from glassline.contract import Role
from glassline.contract.messages import Info, OutboxHealth, decode
from glassline.program import Credentials, write_credentials, write_secret
from tests.bridge.harness import bridge_process, online
from tests.chaos.verdict import judge
from tests.support.chromium import chromium
from tests.support.embedded_broker import broker_process, free_port
from tests.support.links import listener
from tests.support.waiting import until
from tests.web.processes import Web
from workbench.simulate.journal import Journal, read_journals

DEVICES = [f"sim-{number}" for number in range(1, 5)]
ROLES = dict.fromkeys(DEVICES, Role.NODE) | {"bridge-1": Role.BRIDGE, "web-1": Role.WEB, "watch": Role.OBSERVER}


@pytest.fixture(scope="module")
def broker():
    with broker_process(ROLES) as running:
        yield running


def simulate(folder, broker_url, *flags, devices=3):
    command = [sys.executable, "-m", "workbench.main", "simulate", f"--devices={devices}", f"--folder={folder}"]
    return [*command, f"--broker={broker_url}", "--seed=5", *flags]


def give_credentials(folder, passwords):
    for id in DEVICES:
        made = Credentials(id, Role.NODE, "mqtt://127.0.0.1:1", passwords[id])
        write_credentials(folder / "credentials" / f"{id}.toml", made)


def test_a_fleet_plants_and_all_of_it_is_stored_as_planted(tmp_path, broker):
    give_credentials(tmp_path, broker.passwords)
    with listener(broker) as heard:
        with online(broker):
            bridge = bridge_process(broker, tmp_path)
        flags = ["--seconds=5", "--detections-per-min=120", "--fps=2", "--json"]
        run = subprocess.run(simulate(tmp_path, broker.url, *flags), capture_output=True, text=True, timeout=60)
        bridge.terminate()
        bridge.communicate(timeout=20)
    assert run.returncode == 0, run.stderr
    summary = json.loads(run.stdout)
    print(summary)
    assert "planting: connected 3 of 3" in run.stderr
    verdict = judge(tmp_path, tmp_path / "glass.db")
    assert verdict.is_good, verdict
    assert verdict.planted == summary["planted"] > 10
    assert summary["waiting"] == 0
    assert 3 * 2 * 5 * 0.7 < heard.count("frame") < 3 * 2 * (5 + 10)
    births = {decode(Info, m[2]).id for m in heard.messages if m[0] == "info" and m[1] in DEVICES}
    assert births == set(DEVICES[:3])
    assert [m[2] for m in heard.messages if m[:2] == ("status", "sim-1")][-1] == b"offline"


def test_who_is_refused_is_told_why_in_one_line(tmp_path, broker):
    give_credentials(tmp_path, broker.passwords | {"sim-1": "wrong"})
    run = subprocess.run(simulate(tmp_path, broker.url, devices=1), capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert "no device could connect" in run.stderr
    assert "refused the account 'sim-1'" in run.stderr.replace("\n", " ")


def test_devices_without_credentials_are_told_where_these_come_from(tmp_path, broker):
    run = subprocess.run(simulate(tmp_path, broker.url, devices=1), capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert "give --accounts" in run.stderr.replace("\n", " ")


def test_where_no_broker_is_it_says_so(tmp_path):
    command = simulate(tmp_path, f"mqtt://127.0.0.1:{free_port()}", devices=1)
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert "no broker listens there" in run.stderr.replace("\n", " ")


def test_devices_get_accounts_of_their_own_where_the_accounts_file_is(tmp_path):
    with broker_process(ROLES, log=tmp_path / "log") as broker:
        flags = ["--prefix=hall", f"--accounts={broker.accounts.path}", "--seconds=1", "--detections-per-min=0"]
        command = simulate(tmp_path, broker.url, *flags, devices=2)
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr
        known = broker.accounts.list()
        assert (known["hall-1"], known["hall-2"]) == (Role.NODE, Role.NODE)
        assert (tmp_path / "credentials" / "hall-1.toml").stat().st_mode & 0o777 == 0o600


def test_a_killed_process_of_the_fleet_is_started_again_and_its_outboxes_are_sent(tmp_path, broker):
    give_credentials(tmp_path, broker.passwords)
    with (tmp_path / "err").open("w") as err:
        fleet = subprocess.Popen(
            simulate(tmp_path, broker.url, "--detections-per-min=300", "--drain=20", "--json"),
            stdout=subprocess.PIPE, stderr=err, text=True,
        )  # fmt: skip
    try:
        journals = [tmp_path / id / "planted.jsonl" for id in DEVICES[:3]]
        until(lambda: all(path.exists() and path.stat().st_size > 1000 for path in journals), 30)
        (worker,) = psutil.Process(fleet.pid).children()
        worker.kill()
        with online(broker):
            bridge = bridge_process(broker, tmp_path)
        time.sleep(2)
        os.kill(fleet.pid, signal.SIGINT)
        out, _ = fleet.communicate(timeout=60)
    finally:
        fleet.kill()
        fleet.wait()
    bridge.terminate()
    bridge.communicate(timeout=20)
    assert fleet.returncode == 0, (tmp_path / "err").read_text()
    assert json.loads(out)["restarts"] == 1
    assert "was killed by signal 9: it is started again" in (tmp_path / "err").read_text().replace("\n", " ")
    verdict = judge(tmp_path, tmp_path / "glass.db")
    assert verdict.is_good, verdict


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def test_a_full_outbox_gives_up_the_oldest_pictures_and_says_so_in_health_and_on_the_page(tmp_path, broker, browser):
    give_credentials(tmp_path, broker.passwords)
    command = simulate(tmp_path, broker.url, "--outbox-mb=1", "--detections-per-min=1200", devices=1)
    fleet = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    write_secret(tmp_path / "web", broker.passwords["web-1"])
    try:
        with Web(tmp_path, broker=broker.url, password_file=tmp_path / "web", id="web-1") as web:

            def outbox():
                devices = {device["deviceId"]: device for device in web.get("/api/devices")["devices"]}
                return OutboxHealth(**((devices.get("sim-1", {}).get("health") or {}).get("outbox") or {}))

            until(lambda: outbox().pictures_dropped > 0, 40)
            assert outbox().size_bytes <= 1_000_000

            hops = {hop["hop"]: hop for hop in web.get("/api/devices/sim-1/chain")["hops"]}
            assert hops["node"]["code"] == "outbox.full"
            assert re.search(r"To make room [1-9]\d* pictures and 0 detections were given up", hops["node"]["sentence"])
            page = browser.new_page()
            page.goto(f"{web.url}/#sim-1")
            row = page.locator("div", has=page.locator("> dt", has_text="Given up, no room")).locator("dd")
            until(lambda: row.count() and re.fullmatch(r"\d+ pictures", row.text_content()), 20)
    finally:
        fleet.terminate()
        fleet.kill()
        fleet.wait()


def test_a_state_that_was_begun_but_not_confirmed_may_be_stored_or_not(tmp_path):
    with Journal(tmp_path / "j") as journal:
        journal.write("a", 0, "s0", kept=False)
        journal.write("a", 0, "s0", kept=True)
        journal.write("a", 1, "s1", kept=False)
        journal.write("b", 0, "t0", kept=False)
    truth = read_journals([tmp_path / "j"])
    assert truth["a"].kept
    assert truth["a"].allows(0, "s0")
    assert truth["a"].allows(1, "s1")
    assert not truth["a"].allows(0, "s1")
    assert not truth["b"].kept
    assert truth["b"].allows(0, "t0")
