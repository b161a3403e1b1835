"""`glassline join --wait`, as a Pi runs it at its first boot: it goes on trying, says why, and leaves no token."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from glassline.accounts.tokens import Tokens
from glassline.contract import Role
from glassline.program import Credentials, first_contact, read_credentials
from tests.support.authority import NOT_YET, signed
from tests.support.waiting import until

from .certificates import Certificate
from .processes import ROOT, Web, free_port
from .test_enroll import Server, expire
from .test_enroll import server as server  # noqa: PLC0414 - a fixture


class Machine:
    """A Pi with a token in `folder`, which a unit lets join."""

    def __init__(self, folder: Path, token: str) -> None:
        self.token, self.out, self._notes = folder / "token", folder / "credentials.toml", folder / "run"
        self._notes.mkdir()
        self.token.touch(0o600)
        self.token.write_text(token)

    @contextmanager
    def joining(self, url: str, ca: Path) -> "Iterator[subprocess.Popen[str]]":
        command = [sys.executable, "-m", "workbench.main", "join", url, "--wait", "--out", str(self.out)]
        command += ["--ca-file", str(ca)]
        environ = os.environ | {"RUNTIME_DIRECTORY": str(self._notes)}
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [*command, "--token-file", str(self.token)], stdout=pipe, stderr=pipe, text=True, env=environ, cwd=ROOT
        ) as running:
            yield running
            running.kill()

    def why(self) -> str:
        note = self._notes / first_contact.NAME
        return note.read_text() if note.exists() else ""


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    (tmp_path / "pi").mkdir()
    return tmp_path / "pi"


def test_a_server_that_comes_late_is_waited_for(tmp_path: Path, pi: Path, people: object) -> None:
    made, port = signed(tmp_path), free_port()
    credentials = Credentials("pi-1", Role.NODE, "mqtts://server.local:8883", "secret", ca=made.ca.read_text())
    tokens = tmp_path / "tokens.json"
    machine = Machine(pi, Tokens(tokens).issue(credentials, now=datetime.now(UTC)))
    tls = Certificate(cert=made.cert, key=made.key, ca=made.ca)
    with machine.joining(f"https://127.0.0.1:{port}", made.ca) as running:
        until(lambda: "cannot be reached" in machine.why(), timeout_s=30)
        assert not machine.out.exists()
        with Web(tmp_path, broker="", tls=tls, tokens=tokens, people=people.path, port=port):  # type: ignore[attr-defined]
            assert running.wait(60) == 0
    assert read_credentials(machine.out).id == "pi-1"
    assert machine.why() == ""
    assert not machine.token.exists()


def test_a_token_that_is_void_ends_it_and_says_so(server: Server, tmp_path: Path, pi: Path) -> None:
    token = server.token()
    assert server.post(token).status_code == 200
    machine = Machine(pi, token)
    with machine.joining(server.web.url, tmp_path / "ca/ca.crt") as running:
        assert running.wait(60) == 3
    assert "was used already" in machine.why()
    assert not machine.out.exists()


@pytest.mark.parametrize(("late", "said"), [(False, "pi-1 may connect"), (True, "The credentials of pi-1")])
def test_power_that_went_after_the_exchange_costs_nothing(
    server: Server, tmp_path: Path, pi: Path, late: bool, said: str
) -> None:
    """The credentials are on the disk, the token still is: it goes, whether it brings the same again or is void."""
    token, ca = server.token(), tmp_path / "ca/ca.crt"
    machine = Machine(pi, token)
    with machine.joining(server.web.url, ca) as running:
        assert running.wait(60) == 0
    made = machine.out.read_text()
    machine.token.touch(0o600)
    machine.token.write_text(token)
    if late:
        expire(server.tokens.path)
    with machine.joining(server.web.url, ca) as running:
        assert running.wait(60) == 0
        assert said in running.stdout.read()  # type: ignore[union-attr]
    assert machine.out.read_text() == made
    assert not machine.token.exists()


class _Unchecked(Certificate):
    """For clients that only want to know whether it answers."""

    def trusted(self) -> ssl.SSLContext:
        context = super().trusted()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


def test_without_the_right_time_it_waits_for_the_clock(tmp_path: Path, pi: Path, people: object) -> None:
    """A Pi has no clock of its own: when it is switched on, a new certificate is of the future."""
    made, port = signed(tmp_path, age=NOT_YET), free_port()
    credentials = Credentials("pi-1", Role.NODE, "mqtts://server.local:8883", "secret", ca=made.ca.read_text())
    tokens = tmp_path / "tokens.json"
    machine = Machine(pi, Tokens(tokens).issue(credentials, now=datetime.now(UTC)))
    tls = _Unchecked(cert=made.cert, key=made.key, ca=made.ca)
    more = {"broker": "", "tls": tls, "tokens": tokens, "people": people.path, "port": port}  # type: ignore[attr-defined]
    with machine.joining(f"https://127.0.0.1:{port}", made.ca) as running:
        with Web(tmp_path, **more):
            until(lambda: "not valid yet: the clock of this machine" in machine.why(), timeout_s=30)
            assert "The token was not sent" in machine.why()
        signed(tmp_path)
        with Web(tmp_path, **more):
            assert running.wait(60) == 0
    assert read_credentials(machine.out).id == "pi-1"


def test_a_stranger_in_the_servers_place_gets_no_token(server: Server, tmp_path: Path, pi: Path) -> None:
    (tmp_path / "other").mkdir()
    ca = signed(tmp_path / "other").ca
    made = Credentials("pi-1", Role.NODE, "mqtts://server.local:8883", "secret", ca=ca.read_text())
    machine = Machine(pi, Tokens(tmp_path / "other/tokens.json").issue(made, now=datetime.now(UTC)))
    with machine.joining(server.web.url, ca) as running:
        until(lambda: "is not trusted" in machine.why(), timeout_s=30)
        assert "The token was not sent" in machine.why()
        assert running.poll() is None, "the right one may come yet"
    assert "POST /enroll" not in server.web.text()


def test_a_ca_that_is_not_the_tokens_is_said_to_be_so(server: Server, tmp_path: Path, pi: Path) -> None:
    (tmp_path / "other").mkdir()
    machine = Machine(pi, server.token())
    with machine.joining(server.web.url, signed(tmp_path / "other").ca):
        until(lambda: "is not that of this token" in machine.why(), timeout_s=30)
