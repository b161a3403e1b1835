"""The same on the systemd 252 and the Python 3.11 of Debian bookworm, which Raspberry Pi OS was before trixie."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.debian import bookworm
from tests.support.waiting import until
from tests.support.wheels import changed_wheel, packages_of

from .conftest import Pi, switched_on


@pytest.fixture(scope="module")
def pi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pi]:
    with switched_on(bookworm(), packages_of(("pi", "ncnn"), "3.11"), tmp_path_factory.mktemp("pi")) as machine:
        yield machine


def test_it_is_online_once_installed_and_its_units_are_sound(installed: Pi) -> None:
    assert installed.run("systemctl", "--version").startswith("systemd 252")
    installed.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", "pi_node.service")
    unit = installed.files / "etc/systemd/system/pi_node.service"
    assert unit.readlink() == Path("/opt/glassline/current/units/pi_node.service")


def test_it_is_back_after_a_kill_9(installed: Pi) -> None:
    pid = installed.pid
    installed.run("sh", "-c", f"kill -KILL {pid}")
    until(lambda: installed.pid not in (0, pid) and installed.is_online(), 60, what=installed.why)


def test_an_update_and_a_reboot_keep_it_running(installed: Pi, wheel: Path, tmp_path: Path) -> None:
    installed.install(wheel=changed_wheel(wheel, tmp_path, "0.1.1"))
    installed.reboot()
    until(installed.is_online, 60, what=installed.why)
    assert installed.says()["info"]["version"] == "0.1.1"
    assert installed.property("pi_node", "NRestarts") == "0"
