"""The packages that deploy/install.sh installs, as a folder, and versions of the program that are newer or broken."""

import fcntl
import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from .debian import PROJECT

COPY = 'here=$1; . "$here/install-version.sh"; copy_source "$2"'
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def packages_of(extras: tuple[str, ...], python: str = "3.13") -> Path:
    """The folder with all that the program needs with these extras, fetched once; a lock file lies in it."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = sorted(
        {*project["dependencies"], *(one for name in extras for one in project["optional-dependencies"][name])}
    )
    digest = hashlib.sha256(repr((wanted, python)).encode()).hexdigest()[:12]
    folder = PROJECT / "var" / "wheels" / digest
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".fetching").open("w") as fetching:
        fcntl.flock(fetching, fcntl.LOCK_EX)  # whoever else fetches the same is waited for
        _fetch(wanted, folder, python)
    return folder


def _fetch(wanted: list[str], folder: Path, python: str) -> None:
    if not (folder / "lock").exists():
        platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
        subprocess.run(
            [
                sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--python-version", python,
                *platforms, "--dest", folder, *wanted,
            ],
            check=True,
        )  # fmt: skip
        lines = [f"{_pin(wheel)} --hash=sha256:{_sha256(wheel)}\n" for wheel in sorted(folder.glob("*.whl"))]
        (folder / "lock").write_text("".join(lines))


def program_wheel(folder: Path) -> Path:
    """The program's own wheel, built into `folder` as deploy/install.sh builds it."""
    with TemporaryDirectory() as name:
        source = Path(name) / "source"
        subprocess.run(["sh", "-ec", COPY, "sh", PROJECT / "deploy", source], check=True)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, source]
        subprocess.run(command, check=True)
    return next(folder.glob("glassline-*.whl"))


def changed_wheel(wheel: Path, folder: Path, version: str, **changes: tuple[str, str]) -> Path:
    """The wheel as another version, with text replaced: `pi_node__app=("old", "new")` is about pi_node/app.py."""
    before = wheel.name.split("-")[1]
    made = folder / wheel.name.replace(f"-{before}-", f"-{version}-")
    folder.mkdir(parents=True, exist_ok=True)
    files = {name.replace("__", "/") + ".py": change for name, change in changes.items()}
    files["glassline/__init__.py"] = (f'"{before}"', f'"{version}"')
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name in files:
                old, new = files[name]
                assert old in content.decode(), f"{name} holds no {old!r}"
                content = content.decode().replace(old, new).encode()
            if name.startswith(f"glassline-{before}.dist-info/"):
                name = name.replace(before, version, 1)
                content = re.sub(
                    rf"^Version: {re.escape(before)}$", f"Version: {version}", content.decode(), flags=re.M
                ).encode()
            if name.endswith("/RECORD"):
                content = content.replace(
                    f"glassline-{before}.dist-info".encode(), f"glassline-{version}.dist-info".encode()
                )
            target.writestr(name, content)
    return made


def _pin(wheel: Path) -> str:
    name, version, *_ = wheel.name.split("-")
    return f"{name}=={version}"


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
