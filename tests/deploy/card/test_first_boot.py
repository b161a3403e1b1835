"""A card's first boot, by the real cloud-init on a real systemd: power goes twice, the server comes late."""

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.container import Container
from tests.support.debian import trixie
from tests.support.waiting import until
from tests.support.wheels import packages_of
from workbench.flash.wifi import network_key

from .office import PASSPHRASE, Office

IMAGE = """\
datasource_list: [NoCloud, None]
datasource:
  NoCloud:
    seedfrom: file:///boot/firmware
"""
"""As Raspberry Pi OS has it."""


class Pi(Container):
    """A machine in which a flashed card is, and which nobody has switched on yet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(trixie(), folder)
        self.written = folder / "upper"
        self.boot_partition = self.written / "boot/firmware"
        self.boot_partition.parent.mkdir(parents=True)
        for name, text in (("etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg", IMAGE), ("etc/netplan/.keep", "")):
            (self.written / name).parent.mkdir(parents=True)
            (self.written / name).write_text(text)
        # The test's cable has no DHCP server, and a networkd that asks for one would take its address away.
        units = self.written / "etc/systemd/system"
        units.mkdir(parents=True)
        (units / "systemd-networkd.service").symlink_to("/dev/null")

    def insert(self, card: Path) -> None:
        """With packages for this machine in place of those for a Pi; the program's own stays."""
        shutil.copytree(card, self.boot_partition)
        wheels = self.boot_partition / "glassline/wheels"
        own = next(wheels.glob("glassline-*.whl"))
        for wheel in wheels.glob("*.whl"):
            if wheel != own:
                wheel.unlink()
        for wheel in packages_of(("pi", "ncnn")).glob("*.whl"):
            shutil.copy(wheel, wheels)

    def setup_is(self, state: str) -> bool:
        return self.property("glassline-setup", "ActiveState") == state

    def first_cause(self) -> dict[str, Any]:
        """What `glassline status` names; empty where nothing is wrong, or nothing known yet."""
        said: dict[str, Any] = json.loads(self.run("glassline", "status", "--json", check=False))
        return said.get("first_cause") or {}

    def is_connected(self) -> bool:
        """Whether its node has the broker."""
        try:
            said = json.loads((self.files / "run/pi_node/status.json").read_text())
        except (OSError, ValueError):
            return False
        return bool(said["link"]["connected"])

    def holds(self, secret: str) -> list[Path]:
        """Files, of all that was written since it was switched on first, in which `secret` stands."""
        files = [path for path in self.written.rglob("*") if path.is_file() and not path.is_symlink()]
        return [path for path in files if secret.encode() in path.read_bytes()]


@pytest.fixture
def pi(tmp_path: Path) -> Iterator[Pi]:
    machine = Pi(tmp_path / "pi")
    yield machine
    machine.switch_off()


@pytest.fixture
def office(tmp_path: Path, pi: Pi) -> Iterator[Office]:
    made = Office(tmp_path / "office", pi.host_ip)
    yield made
    made.stop()


def test_a_flashed_card_boots_into_inspecting_whatever_goes_wrong_on_the_way(
    pi: Pi, office: Office, tmp_path: Path
) -> None:
    office.flash(tmp_path / "card", "--camera", "scene:?seed=7")
    token = (tmp_path / "card/glassline/token").read_text().strip()
    key = network_key('Halle 7 "Ost"', PASSPHRASE)
    pi.insert(tmp_path / "card")

    with pi:
        releases = pi.files / "opt/glassline/releases"
        until(lambda: any(releases.glob("*/lib")), 120, what=lambda: pi.journal("glassline-setup"))
        pi.switch_off(cleanly=False)  # in the middle of installing
        assert pi.boot_partition.exists()
        pi.boot()
        until(
            lambda: pi.property("glassline-join", "ActiveState") == "active",
            240,
            what=lambda: pi.journal("glassline-setup"),
        )
        pi.reboot(cleanly=False)  # before anything was cleaned up, or while it is
        until(
            lambda: not (pi.files / "boot/firmware/glassline").exists(), 240, what=lambda: pi.journal("glassline-setup")
        )

        until(
            lambda: pi.first_cause().get("code") == "broker.not_joined", 120, what=lambda: pi.run("glassline", "status")
        )
        assert f"{office.page} cannot be reached" in pi.first_cause()["sentence"]
        assert "cannot be reached" in pi.journal("glassline-join")
        until(lambda: "found " in pi.run("journalctl", "-b", "-u", "pi_node"), 60, what=lambda: pi.journal("pi_node"))

        office.start("broker")
        office.start("web")
        online = office.hears("glass/v1/pi-1/status", b"online", within_s=240)
        assert online, pi.journal("glassline-join") + pi.journal("pi_node")
        until(lambda: not (pi.files / "etc/glassline/token").exists(), 10)
        assert json.loads(pi.run("cloud-init", "status", "--format", "json", check=False))["errors"] == []

        pi.reboot()
        until(pi.is_connected, 60, what=lambda: pi.journal("pi_node"))
        assert pi.property("glassline-setup", "LoadState") == "not-found"
        assert pi.property("glassline-join", "ConditionResult") == "no"

    assert not (pi.boot_partition / "network-config").exists()
    for secret in (PASSPHRASE, token, token.rpartition(".")[2]):
        assert pi.holds(secret) == []
    keepers = pi.holds(key)
    assert keepers, "the network would not be joined"
    for path in keepers:
        assert not path.stat().st_mode & stat.S_IRWXO, f"others can read the network's key in {path}"
        assert "boot" not in path.relative_to(pi.written).parts
