"""A Debian root is made once, for this machine and for a Pi's processor, and is what was asked for."""

import subprocess
from pathlib import Path

from tests.support.debian import PROJECT, trixie, trixie_arm64


def _needed_machine(program: Path) -> str:
    header = program.read_bytes()[:20]
    return {0x3E: "x86_64", 0xB7: "aarch64"}[int.from_bytes(header[18:20], "little")]


def test_a_root_of_this_machine_runs_its_programs() -> None:
    root = trixie()
    said = subprocess.run(["chroot", root, "systemctl", "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("systemd 257")
    code = "import sys, numpy, libcamera; print(sys.version_info[:2])"
    said = subprocess.run(["chroot", root, "python3", "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "(3, 13)"


def test_one_for_a_pi_holds_its_programs() -> None:
    assert _needed_machine((trixie_arm64() / "usr/bin/python3.13").resolve()) == "aarch64"


def test_one_that_is_there_is_not_made_again() -> None:
    root = trixie()
    made_ns = (root / ".glassline-root").stat().st_mtime_ns
    assert trixie() == root
    assert (root / ".glassline-root").stat().st_mtime_ns == made_ns


def test_what_cannot_be_made_is_said_and_does_not_count_as_made(tmp_path: Path) -> None:
    made = subprocess.run(
        [PROJECT / "deploy/debian-root.sh", "no-such-suite", "amd64", tmp_path / "root"], capture_output=True, text=True
    )
    assert made.returncode == 1
    assert "no no-such-suite, see" in made.stderr
    assert not (tmp_path / "root" / ".glassline-root").exists()
