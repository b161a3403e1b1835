"""The files for mosquitto and for its command line tools, used by the real programs."""

import fcntl
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glassline.accounts import Accounts, client_options, mosquitto_files
from glassline.contract import Role
from tests.support.clients import connected
from tests.support.embedded_broker import RunningBroker, accounts_file, broker_process, embedded_broker
from tests.support.mosquitto import mosquitto, needs_mosquitto_clients

ROLES = {"pi-1": Role.NODE, "eyes": Role.OBSERVER}


@pytest.fixture(params=["embedded", "mosquitto"])
def running(request: pytest.FixtureRequest) -> Iterator[RunningBroker]:
    with (embedded_broker if request.param == "embedded" else mosquitto)(ROLES) as running:
        yield running


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_account_has_a_password_entry_and_its_own_block_of_permissions(tmp_path: Path) -> None:
    passwords, acl = mosquitto_files(accounts_file(tmp_path, ROLES), tmp_path / "mosquitto")
    assert mode(passwords) == mode(acl) == 0o600
    assert [line.split(":$7$")[0] for line in passwords.read_text().splitlines()] == ["eyes", "pi-1"]
    blocks = acl.read_text().split("user ")[1:]
    assert [block.split("\n")[0] for block in blocks] == ["eyes", "pi-1"]
    assert "topic read glass/v1/#" in blocks[0]
    assert "topic write glass/v1/pi-1/detection" in blocks[1]
    assert "pattern" not in acl.read_text()


def test_nobody_changes_the_accounts_while_the_files_are_written(tmp_path: Path) -> None:
    """Or of two who enroll at once the slower would write, last, what was true before the other."""
    accounts = accounts_file(tmp_path, ROLES)
    with ThreadPoolExecutor(1) as pool, accounts.path.with_name(f".{accounts.path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        writing = pool.submit(mosquitto_files, accounts, tmp_path / "mosquitto")
        with pytest.raises(TimeoutError):
            writing.result(timeout=0.5)
        content = json.loads(accounts.path.read_text())
        accounts.path.write_text(json.dumps(content | {"late": content["eyes"]}))
        fcntl.flock(lock, fcntl.LOCK_UN)
        passwords, acl = writing.result(timeout=10)
    assert "late:" in passwords.read_text()
    assert "user late\n" in acl.read_text()


@pytest.mark.skipif(shutil.which("mosquitto_passwd") is None, reason="mosquitto_passwd is missing")
def test_the_password_entry_has_the_form_of_mosquittos_own_tool(tmp_path: Path) -> None:
    passwords, _ = mosquitto_files(accounts_file(tmp_path, ROLES), tmp_path)
    own = tmp_path / "own"
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(own), "pi-1", "whatever"], check=True, capture_output=True)
    ours, theirs = (path.read_text().splitlines()[-1].split("$") for path in (passwords, own))
    assert [len(part) for part in ours[3:]] == [len(part) for part in theirs[3:]]
    assert ours[:2] == theirs[:2]


@needs_mosquitto_clients
def test_mosquitto_sub_and_pub_find_account_and_password_in_their_options_files(
    running: RunningBroker, tmp_path: Path
) -> None:
    for id in ROLES:
        paths = client_options(tmp_path / id, id, running.passwords[id], "127.0.0.1", running.port)
        assert [mode(path) for path in paths] == [0o600, 0o600]
    with connected(running, "pi-1") as node:
        node.publish("glass/v1/pi-1/status", b"online", retain=True)
        listening = subprocess.Popen(
            ["mosquitto_sub", "-t", "glass/v1/pi-1/+", "-v", "-C", "2", "-W", "20"],
            env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "eyes")},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert running.passwords["eyes"] not in Path(f"/proc/{listening.pid}/cmdline").read_text()
        assert listening.stdout is not None
        assert listening.stdout.readline() == "glass/v1/pi-1/status online\n"
        subprocess.run(
            ["mosquitto_pub", "-t", "glass/v1/pi-1/health", "-m", "well", "-q", "1"],
            env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "pi-1")},
            check=True,
            timeout=20,
        )
        assert listening.communicate(timeout=30)[0] == "glass/v1/pi-1/health well\n"
        assert listening.returncode == 0


@needs_mosquitto_clients
def test_a_password_with_every_kind_of_character_passes_through_the_options_file(tmp_path: Path) -> None:
    password = "ein langes #Wort, \"quoted\" $HOME 'äöü' \\ %s"
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.add("eyes", Role.OBSERVER, password)
    with broker_process(accounts=accounts) as running:
        client_options(tmp_path, "eyes", password, "127.0.0.1", running.port)
        subprocess.run(
            ["mosquitto_pub", "-t", "glass/v1/eyes/probe", "-m", "x", "-q", "1"],
            env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path)},
            check=True,
            timeout=20,
        )
