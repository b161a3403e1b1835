"""Glassline's own wheel on a card: built from a checkout, packed again from an installation; both are the same."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from workbench.flash.own_wheel import own_wheel

_PACK = """
import sys
from pathlib import Path
from workbench.flash.own_wheel import deploy_file, own_wheel
print(own_wheel(Path(sys.argv[1])), deploy_file("install.sh"))
"""


def contents(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist() if not name.endswith("/RECORD")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_wheel(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Path:
    """Of an environment in which Glassline is installed, and no checkout is near."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    command = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "-q", "--no-deps", built]
    subprocess.run(command, check=True)
    return folder / "bin/python"


def packed(python: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [python, "-I", "-c", _PACK, folder]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder, check=False)


def test_what_is_installed_is_packed_as_it_was_built(built: Path, python: Path, tmp_path: Path) -> None:
    ended = packed(python, tmp_path)
    assert ended.returncode == 0, ended.stderr
    wheel, script = map(Path, ended.stdout.split())
    assert contents(wheel) == contents(built)
    assert script.is_relative_to(python.parents[1])
    assert wheel.name == built.name
    again = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", tmp_path / "there", wheel]
    subprocess.run(again, check=True)
    assert (tmp_path / "there/pi_node/__main__.py").exists(), "pip takes it, with the hashes of its RECORD"


def test_what_was_changed_after_it_was_installed_goes_to_no_card(python: Path, tmp_path: Path) -> None:
    changed = next(python.parents[1].glob("lib/*/site-packages/glassline/writing.py"))
    before = changed.read_bytes()
    changed.write_bytes(before + b"# mine\n")
    try:
        ended = packed(python, tmp_path)
    finally:
        changed.write_bytes(before)
    assert ended.returncode == 1
    assert "writing.py is not as it was installed" in ended.stderr


def test_a_wheel_holds_what_a_card_needs_of_deploy(built: Path) -> None:
    names = {Path(name).name for name in contents(built) if "/share/glassline/deploy/" in name}
    assert {"install.sh", "first-boot.sh", "pi_node.service", "glassline-join.service", "pi-py313.lock"} <= names
