"""`glassline ca`, as somebody uses it who sets a server up."""

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from glassline.accounts.authority import SERVER_LIFE, Authority, facts_of
from tests.support.authority import EXPIRED, signed

FILES = ("ca/ca.crt", "ca/ca.key", "tls/server.crt", "tls/server.key")


def ca(folder: Path, *arguments: str, umask: int = 0o022) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "workbench.main", "ca", *arguments, "--accounts", str(folder / "accounts.json")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, umask=umask)


def test_init_makes_all_that_broker_and_web_need_and_says_how_they_use_it(tmp_path: Path) -> None:
    made = ca(tmp_path, "init", "--name", "glass.example", "--name", "192.0.2.77")
    assert made.returncode == 0, made.stderr
    names = facts_of(tmp_path / "tls/server.crt").names
    assert names[:2] == ("glass.example", "192.0.2.77")
    assert {"localhost", "127.0.0.1", "::1"} < set(names)
    for line in (
        f'tls_cert = "{tmp_path}/tls/server.crt"',
        f'tls_key = "{tmp_path}/tls/server.key"',
        "[broker]",
        "[web]",
    ):
        assert line in made.stdout
    assert facts_of(tmp_path / "ca/ca.crt").fingerprint_text in made.stdout


def test_certificates_are_public_and_keys_closed_whatever_the_umask(tmp_path: Path) -> None:
    """Root's umask is often 077, and the broker and the web run as another user."""
    owner = tmp_path.stat().st_uid
    (tmp_path / "tls").mkdir()
    if os.geteuid() == 0:  # only root can give files away
        owner = 65534
        os.chown(tmp_path / "tls", owner, owner)
    for command in ("init", "server"):
        assert ca(tmp_path, command, umask=0o077).returncode == 0
        modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in FILES}
        assert modes == {"ca/ca.crt": 0o644, "ca/ca.key": 0o600, "tls/server.crt": 0o644, "tls/server.key": 0o600}
        assert {one.stat().st_uid for one in (tmp_path / "tls").iterdir()} == {owner}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    ca(tmp_path, "init")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    again = ca(tmp_path, "init")
    assert again.returncode == 1
    assert "move that folder away first" in again.stderr
    assert {path: path.read_bytes() for path in before} == before


def test_a_server_certificate_is_renewed_with_its_names_and_more_by_the_same_ca(tmp_path: Path) -> None:
    ca(tmp_path, "init", "--name", "one.example")
    first = facts_of(tmp_path / "tls/server.crt")
    authority = (tmp_path / "ca/ca.crt").read_bytes()
    renewed = ca(tmp_path, "server", "--name", "two.example")
    assert renewed.returncode == 0, renewed.stderr
    second = facts_of(tmp_path / "tls/server.crt")
    assert second.fingerprint != first.fingerprint
    assert second.names == (*first.names, "two.example")
    assert (tmp_path / "ca/ca.crt").read_bytes() == authority
    refused = ca(tmp_path, "server", "--name", "no name")
    assert refused.returncode == 1
    assert "expected a host name or an address" in refused.stderr
    assert facts_of(tmp_path / "tls/server.crt") == second


@pytest.mark.parametrize(
    ("age", "code", "said"),
    [
        (timedelta(), 0, ""),
        (SERVER_LIFE - timedelta(days=10), 0, "the server's certificate expires on"),
        (EXPIRED, 1, "the server's certificate expired on"),
        (-timedelta(days=3), 1, "is the clock right"),
    ],
)
def test_show_warns_before_and_after_it_expires(tmp_path: Path, age: timedelta, code: int, said: str) -> None:
    signed(tmp_path, age=age)
    shown = ca(tmp_path, "show")
    assert shown.returncode == code
    assert said in shown.stderr
    if said:
        assert "ca server" in shown.stderr or "timedatectl" in shown.stderr


def test_show_says_when_the_machine_has_another_name_now(tmp_path: Path) -> None:
    signed(tmp_path, names=("old.local",))
    assert "this machine is now also" in ca(tmp_path, "show").stderr
    ca(tmp_path, "server")
    assert "this machine is now also" not in ca(tmp_path, "show").stderr


def test_an_old_ca_is_said_to_be_so(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path / "ca", "Old", datetime.now(UTC) - timedelta(days=4000))
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls/server.crt").write_text(authority.issue(["localhost"], datetime.now(UTC))[0])
    shown = ca(tmp_path, "show")
    assert shown.returncode == 1
    assert "the CA expired on" in shown.stderr


def test_the_cas_certificate_can_be_copied(tmp_path: Path) -> None:
    ca(tmp_path, "init")
    assert ca(tmp_path, "copy", str(tmp_path / "out.crt")).returncode == 0
    assert (tmp_path / "out.crt").read_bytes() == (tmp_path / "ca/ca.crt").read_bytes()
