"""A node on a real systemd: installed from a clean root, killed, hung, cut off, rebooted, updated."""

import time
from pathlib import Path
from zipfile import ZipFile

import pytest

from glassline.contract.messages import decode_info
from tests.support.clients import connected
from tests.support.waiting import until
from tests.support.wheels import changed_wheel
from workbench.flash.writing import SCRIPTS

from .conftest import CAMERA, HANG, Pi, Server

OUTAGE_S = 60
"""An hour at one detection a minute: the rendered belt has about as many in this time."""


def test_what_is_wrong_with_the_options_is_said_and_nothing_is_changed(pi: Pi, wheel: Path) -> None:
    for flags, said in (
        (["--no-such"], "there is no option --no-such"),
        (["--id"], "--id wants a value"),
        ([], "give this node a name"),
        (["--id", "pi-1", "--server", "https://server"], "--server and --token-file belong together"),
        (["--id", "pi-1", "--credentials", "/nowhere"], "/nowhere cannot be read"),
        (["--id", "pi-1", "--programs", "node"], "expected pi_node, broker, bridge, web, got node"),
        (["--id", "pi-1", "--camera", "rtsp://eye:hunter2@10.0.0.9/1"], "camera_password_file"),
    ):
        assert said in pi.install(*flags, wheel=wheel, check=False)
    assert not (pi.files / "opt/glassline").exists()
    assert not (pi.files / "etc/glassline").exists()


def test_a_machine_that_it_is_installed_on_can_flash_cards(wheel: Path) -> None:
    brought = {Path(name).name for name in ZipFile(wheel).namelist() if "/glassline/deploy/" in name}
    assert set(SCRIPTS) <= brought


def test_a_node_that_was_installed_from_a_clean_root_is_online(installed: Pi, server: Server) -> None:
    with connected(server.broker, "web-1") as web:
        web.subscribe("glass/v1/pi-1/status", "glass/v1/pi-1/info", "glass/v1/pi-1/frame")
        heard = {}
        while len(heard) < 3:
            topic, payload, *_ = web.next(20)
            heard[topic.rpartition("/")[2]] = payload
    assert heard["status"] == b"online"
    assert decode_info(heard["info"], "pi-1").camera.uri == CAMERA
    assert heard["frame"].startswith(b"\xff\xd8")
    until(lambda: bool(server.stored()), 30)


def test_it_runs_as_nobody_else_and_writes_its_status_into_memory(installed: Pi) -> None:
    assert installed.run("stat", "-c", "%U", f"/proc/{installed.pid}").strip() == "pi_node"
    assert installed.run("stat", "-f", "-c", "%T", "/run/pi_node/status.json").strip() == "tmpfs"
    assert not (installed.files / "var/lib/pi_node/status.json").exists()
    assert (installed.files / "etc/glassline/credentials.toml").stat().st_mode & 0o777 == 0o600
    assert "Looks at" in installed.property("pi_node", "StatusText")
    assert installed.run("glassline", "status", check=False).count("✓") >= 5
    assert installed.property("pi_node", "NRestarts") == "0"


def test_the_units_are_sound_and_closed_for_this_systemd(installed: Pi) -> None:
    installed.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", "pi_node.service")
    for unit in ("pi_node", "broker", "bridge", "web"):
        installed.run("systemd-analyze", "security", "--offline=true", "--threshold=20", f"/var/card/{unit}.service")


def test_a_second_run_changes_nothing(installed: Pi, wheel: Path) -> None:
    pid, began_s = installed.pid, time.monotonic()
    assert "nothing to do" in installed.install(wheel=wheel)
    assert installed.pid == pid
    assert time.monotonic() - began_s < 15


def test_it_is_back_after_a_kill_9(installed: Pi) -> None:
    pid, began_s = installed.pid, time.monotonic()
    installed.run("sh", "-c", f"kill -KILL {pid}")
    until(lambda: installed.pid not in (0, pid) and installed.is_online(), 60, what=installed.why)
    print(f"online again {time.monotonic() - began_s:.1f} s after kill -9")


def test_it_is_back_after_a_hang(installed: Pi) -> None:
    pid, began_s = installed.pid, time.monotonic()
    installed.run("sh", "-c", f"kill -STOP {pid}")
    until(lambda: installed.pid not in (0, pid) and installed.is_online(), 60, what=installed.why)
    print(f"online again {time.monotonic() - began_s:.1f} s after it hung")
    assert "Watchdog timeout" in installed.journal("pi_node")


def test_it_is_back_after_its_detector_hung_and_says_where(installed: Pi) -> None:
    pid, began_s = installed.pid, time.monotonic()
    hang = installed.files / HANG.relative_to("/")
    hang.touch()
    until(lambda: installed.pid not in (0, pid), 60, what=installed.why)
    hang.unlink()
    until(installed.is_online, 60, what=installed.why)
    print(f"online again {time.monotonic() - began_s:.1f} s after its detector hung")
    assert "the detector does not come back from a picture" in installed.journal("pi_node")
    assert "in hang_or_look" in installed.journal("pi_node")


def test_it_is_told_to_begin_anew_and_does(installed: Pi, server: Server) -> None:
    pid = installed.pid
    with connected(server.broker, "web-1") as web:
        web.publish("glass/v1/pi-1/cmd/restart", '{"v":1,"id":"1","args":{}}')
    until(lambda: installed.pid not in (0, pid) and installed.is_online(), 60, what=installed.why)
    assert installed.property("pi_node", "Result") == "success"


def test_wrong_settings_are_said_and_do_not_loop(installed: Pi) -> None:
    file = installed.files / "etc/glassline/glassline.toml"
    good = file.read_text()
    # One that a kill or a hang of the tests before had called would start it a second time.
    installed.run("systemctl", "stop", "glassline-again@pi_node.service", check=False)
    file.write_text(good + 'detect_fps = "many"\n')
    try:
        installed.run("systemctl", "restart", "pi_node", check=False)
        time.sleep(5)
        assert installed.property("pi_node", "ActiveState") == "failed"
        assert installed.journal("pi_node").count("got 'many'") == 1
        assert installed.property("glassline-again@pi_node.service", "ActiveState") == "active"
        assert "got 'many'" in installed.run("glassline", "status", check=False)
    finally:
        file.write_text(good)
        installed.run("systemctl", "start", "pi_node")
    until(installed.is_online, 60, what=installed.why)


def test_an_outage_loses_nothing_and_neither_does_a_sudden_end_in_it(installed: Pi, server: Server) -> None:
    before = server.stored() | installed.waiting()
    before_found = installed.found()
    began_s = time.monotonic()
    installed.cable(plugged_in=False)
    until(lambda: not installed.says()["link"]["connected"], 40, what=installed.why)
    pid = installed.pid
    time.sleep(max(0.0, OUTAGE_S - (time.monotonic() - began_s)))
    assert installed.pid == pid, "a missing network is no hang"
    found, arrived = installed.found() - before_found, server.stored() - before
    kept = installed.waiting() - before
    assert len(kept | arrived) >= found > len(arrived) + 20
    installed.switch_off(cleanly=False)
    installed.boot()
    until(installed.is_online, 60, what=installed.why)
    until(lambda: kept <= server.stored(), 60, what=lambda: kept - server.stored())
    print(f"{found} found, {len(arrived)} of them stored before the sudden end, all of them after it")


def test_it_is_back_after_a_reboot(installed: Pi, server: Server) -> None:
    began_s = time.monotonic()
    installed.reboot()
    until(installed.is_online, 60, what=installed.why)
    print(f"online {time.monotonic() - began_s:.1f} s after it was told to reboot")
    assert installed.property("pi_node", "NRestarts") == "0"


def test_an_update_takes_the_place_of_what_ran(installed: Pi, wheel: Path, tmp_path: Path) -> None:
    said = installed.install(wheel=changed_wheel(wheel, tmp_path, "0.1.1"))
    assert "0.1.1" in said
    until(installed.is_online, 60, what=installed.why)
    assert installed.says()["info"]["version"] == "0.1.1"
    assert len(list((installed.files / "opt/glassline/releases").iterdir())) == 2


ENTER = "    def __enter__(self) -> Self:\n"
CRASHES = {"pi_node__app": (ENTER, ENTER + "        raise MemoryError('no room')\n")}
IS_BLIND = {"pi_node__camera__capture": ("self.captured += 1", "time.sleep(1e6)")}
LOOKS = "            boxes = self._look(detector, frame)\n"
FINDS_NOTHING = {"pi_node__detection__inspection": (LOOKS, "            raise OSError('no model')\n")}


@pytest.mark.parametrize(
    ("version", "change", "said"),
    [
        ("0.1.2", CRASHES, "no room"),
        ("0.1.3", IS_BLIND, "pi_node does not stay up"),
        ("0.1.4", FINDS_NOTHING, "does not work now: detector"),
    ],
)
def test_one_that_does_not_come_up_is_taken_back(
    installed: Pi, wheel: Path, tmp_path: Path, version: str, change: dict[str, tuple[str, str]], said: str
) -> None:
    answer = installed.install(wheel=changed_wheel(wheel, tmp_path, version, **change), check=False)
    assert said in answer
    assert "so 0.1.1" in answer
    until(installed.is_online, 60, what=installed.why)
    assert installed.says()["info"]["version"] == "0.1.1"
    assert not [one for one in (installed.files / "opt/glassline/releases").iterdir() if version in one.name]


def test_uninstalled_it_leaves_what_was_written_and_goes_on_from_there(installed: Pi, wheel: Path) -> None:
    installed.cable(plugged_in=False)
    until(lambda: bool(installed.waiting()), 60, what=installed.why)
    assert "install.sh goes on from there" in installed.uninstall()
    kept = installed.waiting()
    assert kept
    assert not (installed.files / "opt/glassline").exists()
    assert not (installed.files / "usr/local/bin/glassline").is_symlink()
    assert not list((installed.files / "etc/systemd/system").rglob("*glassline*"))
    assert not list((installed.files / "etc/systemd/system").rglob("pi_node.service"))
    installed.install(wheel=wheel)
    until(lambda: installed.pid != 0 and kept <= installed.waiting(), 60, what=installed.why)


def test_what_is_not_stored_yet_is_not_purged_unasked(installed: Pi) -> None:
    assert "are not stored yet" in installed.uninstall("--purge", check=False)
    until(lambda: installed.pid != 0, 60, what=installed.why)
    assert "gone, with all that was written" in installed.uninstall("--purge", "--lose-detections")
    assert not (installed.files / "etc/glassline").exists()
    assert not (installed.files / "var/lib/pi_node").exists()
    assert "pi_node" not in (installed.files / "etc/passwd").read_text()
