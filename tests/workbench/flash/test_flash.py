"""`glassline flash` as people call it: what is wrong is said before anything is made, and no secret gets out."""

import re
import stat
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from glassline.accounts import Accounts
from glassline.accounts.tokens import TokenError, Tokens
from glassline.contract import Role
from glassline.program.credentials import parse_credentials
from tests.support.authority import signed
from workbench.flash import command as flash
from workbench.flash import writing
from workbench.flash.lock import Lock, sha256_of
from workbench.main import app

PASSPHRASE = "planted pass phrase 7"


@dataclass(frozen=True)
class Desk:
    """A server's accounts in `folder`, and a card's partition in `card`."""

    folder: Path
    card: Path

    def flash(self, *more: str, said: str = "", id: str = "pi-1") -> Any:
        command = ["flash", "--id", id, "--out", str(self.card), "--wheels", str(self.folder / "wheels")]
        command += ["--accounts", str(self.folder / "accounts.json"), *more]
        return CliRunner().invoke(app, command, input=said)

    def refuses(self, *more: str, said: str = "", id: str = "pi-1") -> str:
        """One sentence; nothing was made."""
        before = self._made()
        ended = self.flash(*more, said=said, id=id)
        assert ended.exit_code in (1, 2), ended.stdout
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        assert self._made() == before
        return " ".join(ended.stderr.split())

    def token(self) -> str:
        return (self.card / "glassline/token").read_text().strip()

    def redeemed(self) -> str:
        """The password that the card's token brings."""
        text = Tokens(self.folder / "tokens.json").redeem(self.token(), now=datetime.now(UTC))
        return parse_credentials(text).password

    def _made(self) -> list[tuple[str, bytes]]:
        files = [*self.card.rglob("*"), *self.folder.glob("*.json")]
        return [(str(path), path.read_bytes()) for path in sorted(files) if path.is_file()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """One small locked package stands for a Pi's hundred megabytes."""
    signed(tmp_path)
    (tmp_path / "card").mkdir()
    (tmp_path / "wheels").mkdir()
    wheel = tmp_path / "wheels/thing-1-py3-none-any.whl"
    wheel.write_bytes(b"thing")
    (tmp_path / "x.lock").write_text(f"thing==1 --hash=sha256:{sha256_of(wheel)}\n")
    monkeypatch.setattr(flash, "locked_for_card", lambda: Lock.read(tmp_path / "x.lock"))
    monkeypatch.setattr(writing, "own_wheel", lambda folder: (folder / "glassline-0-py3-none-any.whl").touch())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return Desk(tmp_path, tmp_path / "card")


def test_a_card_holds_all_that_its_machine_needs_and_a_token_for_it(desk: Desk) -> None:
    (desk.folder / "id.pub").write_text("# mine\nssh-ed25519 AAAAC3Nza anna@office\n")
    more = ("--wifi", "Halle 7", "--country", "DE", "--ssh-key", str(desk.folder / "id.pub"), "--camera", "usb:1")
    ended = desk.flash(*more, "--timezone", "Europe/Berlin", "--server", "https://server.local:5000", said=PASSPHRASE)
    assert ended.exit_code == 0, ended.stderr
    user_data = yaml.safe_load((desk.card / "user-data").read_text())
    assert (user_data["hostname"], user_data["timezone"], user_data["ssh_pwauth"]) == ("pi-1", "Europe/Berlin", False)
    assert user_data["users"][0]["ssh_authorized_keys"] == ["ssh-ed25519 AAAAC3Nza anna@office"]
    assert user_data["users"][0]["lock_passwd"] is True
    assert 'Acquire::Check-Date "false";' in user_data["apt"]["conf"]
    wlan = yaml.safe_load((desk.card / "network-config").read_text())["network"]["wifis"]["wlan0"]
    assert wlan["regulatory-domain"] == "DE"
    folder = desk.card / "glassline"
    assert (folder / "join.conf").read_text() == "SERVER=https://server.local:5000\n"
    facts = (folder / "machine.conf").read_text()
    assert facts.startswith("ID=pi-1\nCAMERA=usb:1\nWRITTEN_UNIX_S=")
    assert abs(int(facts.rpartition("=")[2]) - time.time()) < 60
    assert (folder / "wheels/thing-1-py3-none-any.whl").read_bytes() == b"thing"
    assert {one.name for one in folder.iterdir()} >= {*writing.SCRIPTS, "ca.crt", "ssh"}
    assert (folder / "ca.crt").read_text() == (desk.folder / "ca/ca.crt").read_text()
    assert Accounts(desk.folder / "accounts.json").verify("pi-1", desk.redeemed()) is Role.NODE


def test_no_secret_gets_out_and_the_pass_phrase_lies_nowhere(desk: Desk) -> None:
    ended = desk.flash("--wifi", "Halle 7", "--country", "DE", said=PASSPHRASE)
    assert ended.exit_code == 0, ended.stderr
    token = desk.token()
    assert token not in ended.stdout + ended.stderr
    assert PASSPHRASE not in ended.stdout + ended.stderr
    files = [path for path in desk.folder.rglob("*") if path.is_file()]
    assert [path for path in files if PASSPHRASE.encode() in path.read_bytes()] == []
    assert [path for path in files if token.encode() in path.read_bytes()] == [desk.card / "glassline/token"]
    for name in ("glassline/token", "network-config"):
        assert stat.S_IMODE((desk.card / name).stat().st_mode) == 0o600


def test_a_cable_needs_no_wifi(desk: Desk) -> None:
    assert desk.flash().exit_code == 0
    network = yaml.safe_load((desk.card / "network-config").read_text())["network"]
    assert list(network) == ["version", "ethernets"]
    assert (desk.card / "glassline/join.conf").read_text() == "SERVER=auto\n"


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--wifi", "x"], "give --country, like DE"),
        (["--wifi", "x", "--country", "Germany"], "give --country, like DE"),
        (["--wifi", "x", "--country", "DE"], "a Wi-Fi pass phrase has 8 to 63 characters"),
        (["--wifi", "x" * 33, "--country", "DE"], "a Wi-Fi network's name has 1 to 32 bytes"),
        (["--wifi", "x", "--country", "DE", "--wifi-password-file", "/nowhere"], "cannot read the pass phrase file"),
        (["--country", "DE"], "name it with --wifi"),
        (["--camera", "lens"], "expected picamera:0"),
        (["--camera", 'usb:0";reboot'], "expected picamera:0"),
        (["--camera", "rtsp://eye:secret@10.0.0.9/x"], "camera_password_file"),
        (["--camera", "rtsp://eye:a/b@10.0.0.9/x"], "camera_password_file"),
        (["--server", "http://server"], "expected an address like https://"),
        (["--timezone", "Berlin"], "there is no time zone 'Berlin'"),
        (["--hostname", "pi 1"], "a host's name has"),
        (["--ssh-key", "/etc/hosts"], "holds no public key of SSH"),
        (["--out", "/nowhere/boot"], "is the card's boot partition mounted?"),
        (["--again"], "there is no account of a node pi-1"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(desk: Desk, more: list[str], text: str) -> None:
    assert text in desk.refuses(*more)


def test_a_network_camera_is_named_without_its_password(desk: Desk) -> None:
    ended = desk.flash("--camera", "rtsp://eye@10.0.0.9:554/a@b")
    assert ended.exit_code == 0, ended.stderr
    assert "CAMERA=rtsp://eye@10.0.0.9:554/a@b\n" in (desk.card / "glassline/machine.conf").read_text()


def test_no_id_is_no_id(desk: Desk) -> None:
    assert "Pi 1" in desk.refuses(id="Pi 1")


def test_another_machines_files_are_not_written_over(desk: Desk) -> None:
    assert desk.flash().exit_code == 0
    assert "holds the files of pi-1 already" in desk.refuses(id="pi-2")
    assert desk.flash("--force", id="pi-2").exit_code == 0
    (desk.card / "meta-data").write_text("instance_id: rpios-image\n")
    assert "settings of another tool or person" in desk.refuses(id="pi-3")
    (desk.card / "user-data").write_text("#cloud-config\n# hostname: raspberrypi\n")
    assert desk.flash(id="pi-3").exit_code == 0, "an image comes with examples"


def test_flashing_again_before_first_contact_voids_the_token_before(desk: Desk) -> None:
    assert desk.flash().exit_code == 0
    first, instance = desk.token(), (desk.card / "meta-data").read_text()
    assert desk.flash().exit_code == 0
    with pytest.raises(TokenError):
        Tokens(desk.folder / "tokens.json").redeem(first, now=datetime.now(UTC))
    assert desk.redeemed()
    assert (desk.card / "meta-data").read_text() != instance, "cloud-init is to do it all again"


def test_an_account_in_use_gets_a_new_password_only_when_that_is_said(desk: Desk) -> None:
    assert desk.flash().exit_code == 0
    before = desk.redeemed()
    assert "with --again" in desk.refuses()
    ended = desk.flash("--again")
    assert ended.exit_code == 0, ended.stderr
    assert "glassline rotate pi-1 --finish" in ended.stdout
    accounts, after = Accounts(desk.folder / "accounts.json"), desk.redeemed()
    assert accounts.verify("pi-1", before) is accounts.verify("pi-1", after) is Role.NODE
    assert before != after


def test_without_a_ca_or_its_packages_there_is_no_account(tmp_path: Path, desk: Desk) -> None:
    (desk.folder / "wheels/thing-1-py3-none-any.whl").write_bytes(b"evil")
    assert "could not fetch thing" in desk.refuses()
    (desk.folder / "ca/ca.crt").unlink()
    assert "glassline ca init" in desk.refuses()


def test_the_pass_phrase_is_never_an_argument() -> None:
    said = CliRunner().invoke(app, ["flash", "--help"], env={"COLUMNS": "200"}).stdout
    assert "--wifi-password-file" in said
    assert not re.search(r"--wifi-password(?!-file)", said)
