"""Power goes, or install.sh is ended, while a new version is on trial: the one before runs again."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from glassline.program import read_credentials, write_credentials
from tests.support.trace import calls_in, tracing
from tests.support.waiting import until
from tests.support.wheels import changed_wheel

from .conftest import CARD, Pi

IS_BLIND = {"pi_node__camera__capture": ("self.captured += 1", "continue")}
"""It comes up and stays up, and has no picture: whoever looks at the unit alone takes it for good."""
REPLACED, WATCHED = "systemctl daemon-reload", "sleep 10"
"""What install.sh does next, once `current` is another; and while it watches."""
BIN = Path("/var/ends")
ENDING = """\
#!/bin/sh
PATH=/usr/sbin:/usr/bin
if [ "$(basename "$0") $*" = "{step}" ] && [ -L /opt/glassline/on-trial ]; then kill -{signal} $PPID; fi
exec "$(basename "$0")" "$@"
"""

Ended = Callable[[str, str], str]


@pytest.fixture
def ended(installed: Pi, wheel: Path, tmp_path: Path) -> Ended:
    """Installs a version that is blind; with the step, its install.sh gets the signal. What it said."""

    def install(step: str, signal: str) -> str:
        folder = installed.files / BIN.relative_to("/")
        folder.mkdir(exist_ok=True)
        name = step.partition(" ")[0]
        (folder / name).write_text(ENDING.format(step=step, signal=signal))
        (folder / name).chmod(0o755)
        path = f"PATH={BIN}:/usr/local/bin:/usr/sbin:/usr/bin"
        try:
            made = changed_wheel(wheel, tmp_path / "blind", "0.2.0", **IS_BLIND)
            return installed.install(wheel=made, before=("env", path), check=False)
        finally:
            (folder / name).unlink()

    return install


def version(pi: Pi) -> str:
    said: str = pi.says()["info"]["version"]
    return said


def on_trial(pi: Pi) -> bool:
    return (pi.files / "opt/glassline/on-trial").is_symlink()


@pytest.mark.parametrize("step", [REPLACED, WATCHED])
def test_a_boot_goes_back_from_what_had_not_stood_its_trial(installed: Pi, ended: Ended, step: str) -> None:
    before = version(installed)
    ended(step, "KILL")
    assert on_trial(installed)
    assert "0.2.0" in str((installed.files / "opt/glassline/current").readlink())
    installed.reboot(cleanly=False)
    until(installed.is_online, 60, what=installed.why)
    assert version(installed) == before
    assert not on_trial(installed)
    fragment = installed.files / "etc/systemd/system/pi_node.service"
    assert fragment.readlink() == Path("/opt/glassline/current/units/pi_node.service")


def test_the_next_run_goes_back_first(installed: Pi, ended: Ended, wheel: Path, tmp_path: Path) -> None:
    before = version(installed)
    ended(WATCHED, "KILL")
    said = installed.install(wheel=changed_wheel(wheel, tmp_path, before))
    assert "broken off before its version had stood its trial" in said
    assert "nothing to do" in said
    until(installed.is_online, 60, what=installed.why)
    assert version(installed) == before
    assert not on_trial(installed)


def test_a_terminal_that_is_closed_takes_the_trial_back(installed: Pi, ended: Ended) -> None:
    before = version(installed)
    assert f"going back to {before}-" in ended(WATCHED, "HUP")
    until(installed.is_online, 60, what=installed.why)
    assert version(installed) == before
    assert not on_trial(installed)


def test_each_step_of_an_update_is_on_the_disk_before_the_next(installed: Pi, wheel: Path, tmp_path: Path) -> None:
    installed.install(
        wheel=changed_wheel(wheel, tmp_path, "0.2.1"),
        by=tracing("sync,syncfs,rename,renameat,renameat2,unlink,unlinkat", tmp_path / "trace"),
    )
    steps = ""
    for call in calls_in(tmp_path / "trace"):
        if not call.text.endswith("= 0"):  # mv(1) tries first whether there is nothing to replace
            continue
        names = re.findall(r'"/opt/glassline/([\w-]+)"', call.text)
        steps += " sync" if call.name == "sync" else "".join(f" {call.name[:6]} {name}" for name in names[-1:])
    assert re.search(r"rename on-trial( sync)+ rename current( sync)+ unlink on-trial sync", steps), steps


def test_new_credentials_reach_a_node_that_runs(installed: Pi) -> None:
    pid, file = installed.pid, installed.files / "etc/glassline/credentials.toml"
    known = read_credentials(file)
    write_credentials(file, type(known)(**{**vars(known), "previous_password": "the one before"}))
    until(lambda: installed.pid not in (0, pid) and installed.is_online(), 60, what=installed.why)
    assert "the one before" in installed.run("cat", "/run/credentials/pi_node.service/credentials.toml")


def test_modules_of_cameras_are_asked_for_before_the_node_starts(installed: Pi) -> None:
    for module in ("videodev", "mc"):
        assert installed.property(f"modprobe@{module}.service", "ConditionTimestamp"), "it was not started"
        assert f"modprobe@{module}.service" in installed.property("pi_node", "After")


def test_what_was_installed_before_belongs_to_the_next_version(installed: Pi) -> None:
    said = installed.run("sh", "-x", CARD / "install.sh", "--programs", "web", "--wheels", "/var/empty", check=False)
    assert "+ programs=pi_node web\n" in said
    assert "there is no such folder" in said
