"""What a program tells systemd, and that nothing of it may hold the program up."""

import socket
import time
from pathlib import Path

from glassline.program import Systemd
from tests.support.notified import notified


def test_ready_is_said_once_and_a_status_when_it_changes(tmp_path: Path) -> None:
    with notified(tmp_path) as ear:
        systemd = Systemd(ear.environ)
        for _ in range(3):
            systemd.ready()
            systemd.status("all is\nwell at mqtt://me:secret@server")
        systemd.status("not any more")
        systemd.stopping()
        assert ear.wait_for(lambda: ear.said("STOPPING=1"))
        assert len(ear.said("READY=1")) == 1
        assert ear.statuses == ["all is\\nwell at mqtt://…@server", "not any more"]


def test_the_watchdog_is_fed_four_times_a_period_however_often_the_program_says_that_it_lives(tmp_path: Path) -> None:
    with notified(tmp_path, watchdog_s=0.8) as ear:
        systemd = Systemd(ear.environ)
        assert systemd.watches
        until_s = time.monotonic() + 1
        while time.monotonic() < until_s:
            systemd.alive()
        assert ear.wait_for(lambda: len(ear.said("WATCHDOG=1")) >= 4)
        assert len(ear.said("WATCHDOG=1")) <= 6


def test_a_unit_without_a_watchdog_is_not_fed(tmp_path: Path) -> None:
    with notified(tmp_path) as ear:
        systemd = Systemd(ear.environ)
        systemd.alive()
        systemd.ready()
        assert ear.wait_for(lambda: ear.said("READY=1"))
        assert not systemd.watches
        assert not ear.said("WATCHDOG=1")


def test_an_address_in_the_abstract_namespace(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as plug:
        plug.bind(f"\0glassline-test-{tmp_path.name}")
        plug.settimeout(5)
        Systemd({"NOTIFY_SOCKET": f"@glassline-test-{tmp_path.name}"}).ready()
        assert plug.recv(100) == b"READY=1"


def test_nobody_who_listens_or_one_who_does_not_read_is_no_hindrance(tmp_path: Path) -> None:
    Systemd({}).ready()
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as plug:
        plug.bind(str(tmp_path / "full"))
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        systemd = Systemd({"NOTIFY_SOCKET": str(tmp_path / "full")})
        began_s = time.monotonic()
        for number in range(3):
            systemd.status("x" * 300 + str(number))
        assert time.monotonic() - began_s < 5
