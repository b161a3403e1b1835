"""`glassline enroll`, `rotate`, `revoke` and `accounts`, with both brokers running and real connections open."""

import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from glassline.contract import Reason, Role
from glassline.link import BrokerAddress, Link, probe_broker
from glassline.program import read_credentials
from tests.support.authority import signed
from tests.support.embedded_broker import RunningBroker, embedded_broker
from tests.support.links import make_link
from tests.support.mosquitto import mosquitto, needs_mosquitto_clients
from tests.support.waiting import until

ROLES = {"web-1": Role.WEB}


@dataclass(frozen=True)
class Place:
    """A running broker and the folder that its accounts and its CA lie in."""

    folder: Path
    broker: RunningBroker

    def run(self, *arguments: str, **options: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "workbench.main", *arguments, "--accounts", str(self.folder / "accounts.json")]
        for name, value in options.items():
            command += [f"--{name}", value]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def enroll(self, id: str, role: str, **options: str) -> Path:
        made = self.run("enroll", id, "--role", role, broker=self.broker.tls_url, **options)
        assert made.returncode == 0, made.stderr
        return self.folder / "credentials" / f"{id}.toml"

    def works(self, file: Path) -> bool:
        found = read_credentials(file)
        return probe_broker(BrokerAddress.parse(found.broker), id=found.id, credentials=str(file)).ok


def link_with(file: Path) -> Link:
    found = read_credentials(file)
    link: Link = make_link(found.broker, found.id, None, found.role.value, credentials=str(file))
    return link


@pytest.fixture(params=["embedded", "mosquitto"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with (embedded_broker if request.param == "embedded" else mosquitto)(
        ROLES, folder=tmp_path, certificate=signed(tmp_path)
    ) as running:
        yield Place(tmp_path, running)


@pytest.mark.parametrize("role", list(Role))
def test_one_file_is_all_that_the_other_machine_needs(place: Place, tmp_path: Path, role: Role) -> None:
    file = place.enroll("new-1", role.value)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    elsewhere = tmp_path / "elsewhere" / "mine.toml"
    elsewhere.parent.mkdir()
    shutil.copy(file, elsewhere)
    assert place.works(elsewhere)
    listed = place.run("accounts")
    assert re.search(rf"^{role.value} +new-1$", listed.stdout, re.MULTILINE)
    assert read_credentials(file).password not in listed.stdout


def test_a_name_that_is_taken_or_none_and_a_file_that_is_there_are_refused(place: Place) -> None:
    file = place.enroll("pi-1", "node")
    before = file.read_text()
    for arguments, said in [
        (("enroll", "pi-1", "--role", "node"), "is there already: move it away"),
        (("enroll", "web-1", "--role", "node"), "glassline rotate web-1"),
        (("enroll", "Pi", "--role", "node"), "expected an id"),
        (("revoke", "pi-9"), "there is no account pi-9"),
        (("rotate", "pi-9"), "there is no account pi-9"),
        (("rotate", "pi-1", "--finish"), "`glassline rotate pi-1` makes one"),
    ]:
        refused = place.run(*arguments)
        assert refused.returncode == 1
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
    assert file.read_text() == before
    assert place.works(file)


def test_revoking_ends_the_open_connection_and_lets_nobody_in_again(place: Place) -> None:
    file = place.enroll("pi-1", "node")
    copied = file.with_name("copied.toml")
    shutil.copy(file, copied)
    with link_with(copied) as link:
        until(lambda: link.state.connected)
        assert place.run("revoke", "pi-1").returncode == 0
        until(lambda: link.state.code is Reason.BROKER_BAD_CREDENTIALS, 10, what=lambda: link.state)
    assert "pi-1" not in place.run("accounts").stdout


def test_a_rotation_never_locks_the_device_out(place: Place) -> None:
    """At each step a running device and one that is started anew get in, and the old password ends with the last."""
    file = place.enroll("pi-1", "node")
    old = file.with_name("old.toml")
    shutil.copy(file, old)
    with link_with(file) as running:
        until(lambda: running.state.connected)
        begun = place.run("rotate", "pi-1")
        assert begun.returncode == 0, begun.stderr
        assert "glassline rotate pi-1 --finish" in place.run("accounts").stdout
        assert place.works(old), "the device still has the file of before"
        assert place.works(file), "the device has the new file, and the broker has not changed over"
        assert running.state.connected
        assert place.run("rotate", "pi-1", "--finish").returncode == 0
        until(lambda: place.works(file))
        until(lambda: running.state.connected and place.works(file), 10, what=lambda: running.state)
        found = probe_broker(BrokerAddress.parse(place.broker.tls_url), id="pi-1", credentials=str(old))
        assert found.code is Reason.BROKER_BAD_CREDENTIALS
    assert read_credentials(file).previous_password == ""


def test_a_device_that_runs_on_gets_through_a_rotation_with_a_file_that_holds_the_new_password_alone(
    place: Place,
) -> None:
    file = place.enroll("pi-1", "node")
    theirs = file.with_name("theirs.toml")
    shutil.move(file, theirs)
    with link_with(theirs) as running:
        until(lambda: running.state.connected)
        begun = place.run("rotate", "pi-1", broker=place.broker.tls_url)
        assert "The password before is not known here" in begun.stdout
        shutil.copy(file, theirs)
        assert place.run("rotate", "pi-1", "--finish").returncode == 0
        until(lambda: not running.state.connected, 10)
        until(lambda: running.state.connected, 10, what=lambda: running.state)


def test_a_rotation_may_be_begun_again(place: Place) -> None:
    file = place.enroll("pi-1", "node")
    first = read_credentials(file).password
    for _ in range(2):
        assert place.run("rotate", "pi-1").returncode == 0
        assert read_credentials(file).previous_password == first
        assert place.works(file)
    assert place.run("rotate", "pi-1", "--finish").returncode == 0
    until(lambda: place.works(file))


@needs_mosquitto_clients
def test_an_observer_uses_mosquittos_tools_under_tls(place: Place, tmp_path: Path) -> None:
    place.enroll("eyes", "observer", clients=str(tmp_path / "tools"))
    with link_with(place.enroll("pi-1", "node")) as link:
        until(lambda: link.state.connected)
        heard = subprocess.run(
            ["mosquitto_sub", "-t", "glass/v1/pi-1/status", "-C", "1", "-W", "10"],
            env={"XDG_CONFIG_HOME": str(tmp_path / "tools"), "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert heard.stdout == "online\n", heard.stderr
