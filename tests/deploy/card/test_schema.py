"""What `glassline flash` writes is what the cloud-init of Raspberry Pi OS takes, which refuses a misspelt key."""

import subprocess
from pathlib import Path

import pytest

from tests.support.debian import trixie
from workbench.flash.card import Card, Wifi, is_used, machine_of
from workbench.flash.wifi import network_key

_IN_ROOT = 'mount --bind "$1" "$2/mnt" && exec chroot "$2" cloud-init schema $3 --config-file "/mnt/$4"'
KINDS = {"user-data": "", "network-config": "--schema-type=network-config"}


def card(**changes: object) -> Card:
    wifi = Wifi(ssid="Halle 7: \"Ost\" – 'süd'", key=network_key("x", "12345678"), country="DE")
    values = {"id": "pi-1", "hostname": "pi-1", "flashed": "0a1b2c3d", "timezone": "Europe/Berlin", "wifi": wifi}
    return Card(**values | {"ssh_keys": ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 anna@office: # 1",)} | changes)  # type: ignore[arg-type]


def judged(folder: Path, name: str, text: str) -> "subprocess.CompletedProcess[str]":
    """What cloud-init 25.1 says of a file."""
    (folder / name).write_text(text)
    command = ["unshare", "--mount", "sh", "-c", _IN_ROOT, "sh", folder, trixie(), KINDS[name], name]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("changes", [{}, {"wifi": None, "ssh_keys": ()}])
def test_cloud_init_accepts_the_files(tmp_path: Path, changes: dict[str, object]) -> None:
    made = card(**changes)
    for name, text in (("user-data", made.user_data()), ("network-config", made.network_config())):
        said = judged(tmp_path, name, text)
        assert said.returncode == 0, said.stdout + said.stderr
        assert "Valid schema" in said.stdout


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("user-data", "bootcmd:", "bootcmds:"),
        ("user-data", "ssh_authorized_keys:", "ssh_authorised_keys:"),
        ("user-data", "manage_etc_hosts: true", "manage_etc_hosts: perhaps"),
        ("network-config", "regulatory-domain:", "regulatory-domian:"),
        ("network-config", "access-points:", "acces-points:"),
    ],
)
def test_it_would_refuse_a_misspelt_key(tmp_path: Path, name: str, right: str, wrong: str) -> None:
    text = {"user-data": card().user_data(), "network-config": card().network_config()}[name]
    assert right in text
    said = judged(tmp_path, name, text.replace(right, wrong))
    assert said.returncode != 0
    assert "schema" in (said.stdout + said.stderr).lower()


def test_a_card_tells_whose_it_is() -> None:
    assert machine_of(card().meta_data()) == "pi-1"
    assert machine_of("dsmode: local\ninstance_id: rpios-image\n") is None
    assert machine_of("- [") is None
    assert not is_used("#cloud-config\n\n# hostname: x\n")
    assert is_used(card().user_data())


def test_a_pass_phrase_becomes_the_key_that_the_standard_says() -> None:
    """The vectors of IEEE 802.11i, annex H.4.3."""
    assert network_key("IEEE", "password") == "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"
    assert network_key("Z" * 32, "a" * 32) == "becb93866bb8c3832cb777c2f559807c8c59afcb6eae734885001300a981cc62"
    assert network_key("any", "AB" * 32) == "ab" * 32
    for ssid, phrase in (("", "12345678"), ("x" * 33, "12345678"), ("x", "1234567"), ("x", "ü" * 8)):
        with pytest.raises(ValueError, match="Wi-Fi"):
            network_key(ssid, phrase)
