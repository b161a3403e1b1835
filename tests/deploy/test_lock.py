"""What a Pi installs: every wheel is to be had for its Python, nothing is missing, and nothing is too much."""

import tomllib
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from workbench.flash.lock import Lock, LockError, sha256_of
from workbench.flash.wheels import complete

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.13")
MAX_BYTES = 110_000_000


def lock_of(python: str) -> Lock:
    return Lock.read(ROOT / "deploy" / f"pi-py{python.replace('.', '')}.lock")


def wheels_of(python: str) -> dict[str, Path]:
    """From the package index, with their hashes; those that were fetched before are not fetched again."""
    return complete(lock_of(python), ROOT / "var" / "wheels" / f"py{python.replace('.', '')}", python=python)


@pytest.mark.parametrize("python", PYTHONS)
def test_every_wheel_of_a_pi_exists_and_together_they_are_small(python: str) -> None:
    lock, wheels = lock_of(python), wheels_of(python)
    assert {one.name for one in lock.packages} == set(wheels)
    for name, path in wheels.items():
        tag, *_, platform = path.stem.split("-")[2:]
        assert platform == "any" or "aarch64" in platform, path.name
        assert tag.startswith(("py", "cp3")), path.name
        assert "torch" not in name
        assert not name.startswith("nvidia")
    size_bytes = sum(path.stat().st_size for path in wheels.values())
    print(f"Python {python}: {len(wheels)} wheels, {size_bytes / 1e6:.1f} MB")
    assert size_bytes <= MAX_BYTES


@pytest.mark.parametrize("python", PYTHONS)
def test_what_a_pi_needs_is_locked_and_nothing_else(python: str) -> None:
    locked = {one.name: one.version for one in lock_of(python).packages}
    wheels = wheels_of(python)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    open_ends = [Requirement(text) for text in (*project["dependencies"], *extras["pi"], *extras["ncnn"])]
    reached = set()
    while open_ends:
        wanted = open_ends.pop()
        if wanted.marker is not None and not _holds(wanted, python):
            continue
        name = wanted.name.lower().replace("_", "-").replace(".", "-")
        assert wanted.specifier.contains(locked[name], prereleases=True), f"{wanted}: {locked[name]} is locked"
        if name not in reached:
            reached.add(name)
            open_ends += [Requirement(text) for text in _requirements(wheels[name])]
    assert reached == set(locked)


def _holds(wanted: Requirement, python: str) -> bool:
    assert wanted.marker is not None
    pi = {"python_version": python, "python_full_version": f"{python}.2", "platform_machine": "aarch64", "extra": ""}
    return wanted.marker.evaluate(pi | {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"})


def _requirements(wheel: Path) -> list[str]:
    with ZipFile(wheel) as file:
        name = next(name for name in file.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(file.read(name).decode()).get_all("Requires-Dist") or []


def test_bookworms_own_numpy_stays() -> None:
    """With OpenCV 5, which wants NumPy 2, apt's picamera2 would break there."""
    locked = {one.name: one.version for one in lock_of("3.11").packages}
    assert (locked["numpy"], locked["opencv-python-headless"]) == ("1.24.2", "4.11.0.86")


def test_lock_files_hold_no_address() -> None:
    for python in PYTHONS:
        text = (ROOT / "deploy" / f"pi-py{python.replace('.', '')}.lock").read_text()
        assert "://" not in text
        assert "--index" not in text


def test_a_wheel_with_other_bytes_does_not_count(tmp_path: Path) -> None:
    good, lock_file = tmp_path / "a-1-py3-none-any.whl", tmp_path / "x.lock"
    good.write_bytes(b"good")
    lock_file.write_text(f"# made\na==1 --hash=sha256:{sha256_of(good)}\n")
    lock = Lock.read(lock_file)
    assert lock.wheels(tmp_path) == {"a": good}
    good.write_bytes(b"evil")
    assert [one.name for one in lock.missing(tmp_path)] == ["a"]


@pytest.mark.parametrize("line", ["numpy", "numpy==2", "numpy==2 --hash=sha256:beef", "--index-url x"])
def test_a_line_that_locks_nothing_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.lock").write_text(f"{line}\n")
    with pytest.raises(LockError, match="make lock"):
        Lock.read(tmp_path / "x.lock")


def test_wheels_that_cannot_be_had_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.lock").write_text(f"no-such-thing==1 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(LockError, match="could not fetch no-such-thing"):
        complete(Lock.read(tmp_path / "x.lock"), tmp_path / "wheels", python="3.13")
