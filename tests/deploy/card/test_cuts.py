"""What the card's script does at its sharp corners, on a real systemd, with an installer that installs nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.container import Container
from tests.support.debian import PROJECT, trixie

KEY = "0123456789abcdef" * 4
TOKEN = "glassline1.FINGERPRINT.SECRET"
NETPLAN = "etc/netplan/50-cloud-init.yaml"


class Card:
    """A card of pi-1 in a machine that is switched on."""

    def __init__(self, machine: Container) -> None:
        self._machine, self.boot = machine, machine.files / "boot/firmware"
        machine.run("rm", "-rf", "/boot/firmware", "/etc/glassline", "/stand-ins")
        self.folder, self.token = self.boot / "glassline", machine.files / "etc/glassline/token"
        (self.folder / "wheels").mkdir(parents=True)
        for name in ("first-boot.sh", "glassline-join.service"):
            (self.folder / name).write_text((PROJECT / "deploy" / name).read_text())
        (self.folder / "install.sh").write_text("exit 0\n")
        (self.folder / "ca.crt").touch()
        (self.folder / "join.conf").write_text("SERVER=auto\n")
        (self.folder / "token").write_text(f"{TOKEN}\n")
        (self.folder / "machine.conf").write_text(f"ID=pi-1\nCAMERA=usb:0\nWRITTEN_UNIX_S={int(time.time())}\n")
        self.network = self.boot / "network-config"
        self.network.write_text(f"      password: {KEY}\n")
        (machine.files / NETPLAN).write_text(f"password: {KEY}\n")

    def stand_in(self, program: str, text: str) -> None:
        """From now on `text` runs in place of `program`."""
        place = self._machine.files / "stand-ins" / program
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"#!/bin/sh\n{text}\n")
        place.chmod(0o755)

    def boots(self) -> str:
        """What the script printed."""
        path = "PATH=/stand-ins:/usr/sbin:/usr/bin:/sbin:/bin"
        return self._machine.run("env", path, "sh", "/boot/firmware/glassline/first-boot.sh", check=False, timeout_s=60)

    def said(self, file: str) -> str:
        return (self._machine.files / file).read_text()

    @property
    def is_done(self) -> bool:
        return not self.folder.exists()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with Container(trixie(), tmp_path_factory.mktemp("pi")) as made:
        yield made


@pytest.fixture
def card(machine: Container) -> Card:
    return Card(machine)


def _files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


@pytest.mark.parametrize("count", [1, 2])
def test_power_that_goes_between_overwriting_and_removing_costs_no_token(card: Card, count: int) -> None:
    """The first file to be wiped is the token, the second the network's key."""
    wiped = f"echo >>/stand-ins/n; [ $(wc -l </stand-ins/n) != {count} ] || {{ kill -9 $PPID; exit; }}"
    card.stand_in("rm", f'case "$*" in *token* | *config*) {wiped} ;; esac\n/bin/rm "$@"')
    card.boots()
    assert not card.is_done
    card.stand_in("rm", 'exec /bin/rm "$@"')
    card.boots()
    assert card.is_done
    assert card.token.read_text() == f"{TOKEN}\n"
    assert _files_of(card.boot) == []


def test_an_empty_token_holds_nothing_up_and_takes_no_good_ones_place(card: Card) -> None:
    (card.folder / "token").write_text("")
    card.token.parent.mkdir()
    card.token.write_text(TOKEN)
    said = card.boots()
    assert card.is_done, said
    assert card.token.read_text() == TOKEN


def test_the_networks_key_is_nobodys_argument(card: Card) -> None:
    card.stand_in("grep", 'echo "$@" >>/stand-ins/arguments; exec /bin/grep "$@"')
    card.boots()
    assert not card.network.exists()
    assert card.said("stand-ins/arguments")
    assert KEY not in card.said("stand-ins/arguments")


@pytest.mark.parametrize("behind", [True, False])
def test_a_clock_behind_the_card_is_set_to_when_it_was_written(card: Card, behind: bool) -> None:
    """The stand-in keeps this machine's own clock out of it."""
    written = int((card.folder / "machine.conf").read_text().rpartition("=")[2])
    now = written - 86_400 if behind else written + 1
    card.stand_in("date", f'[ "$1" != +%s ] || echo {now}\necho "$@" >>/stand-ins/dates')
    card.boots()
    assert card.is_done
    assert (f"--set @{written}" in card.said("stand-ins/dates")) is behind
