"""Glassline's own wheel, for another machine: built from a checkout, or packed again from what is installed here."""

import base64
import hashlib
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

import glassline

from .lock import LockError

NAME = "glassline"
CHECKOUT = Path(glassline.__file__).parents[1]
_SOURCES = (
    "pyproject.toml", "README.md", "LICENSE", "glassline", "pi_node", "broker", "bridge", "web", "workbench", "deploy",
)  # fmt: skip
_NOT_PACKED = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
_SHARED = "share"
"""Files of the distribution that lie beside the packages begin so, below the environment."""


def deploy_file(name: str) -> Path:
    """A file of `deploy/`, from the checkout or from what is installed; LockError where there is none."""
    here = CHECKOUT / "deploy" / name
    if here.exists():
        return here
    for path in _installed().files or ():
        if path.parts[-3:] == (NAME, "deploy", name):
            return Path(str(path.locate()))
    raise LockError(f"deploy/{name} did not come along with this Glassline: install it anew")


def own_wheel(folder: Path) -> Path:
    """Put the wheel into `folder`; LockError where it cannot be made."""
    return _built(folder) if (CHECKOUT / "pyproject.toml").exists() else packed_again(_installed(), folder)


def _built(folder: Path) -> Path:
    """From a copy: building leaves things behind, and takes what an earlier build left."""
    unwanted = shutil.ignore_patterns("node_modules", "__pycache__", "*.egg-info")
    with TemporaryDirectory() as name:
        for source in _SOURCES:
            path = CHECKOUT / source
            if path.is_dir():
                shutil.copytree(path, Path(name) / source, ignore=unwanted)
            else:
                shutil.copy(path, name)
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-q", "--no-deps"]
        if subprocess.run([*command, "--wheel-dir", str(folder), name], check=False).returncode:
            raise LockError("pip could not build Glassline's own wheel; it says why above. It wants a network once")
    return next(folder.glob(f"{NAME}-*.whl"))


def packed_again(installed: Distribution, folder: Path) -> Path:
    """The wheel of an installed distribution, made of its files; LockError where one was changed meanwhile."""
    stem = f"{NAME}-{installed.version}"
    target = folder / f"{stem}-py3-none-any.whl"
    record: list[str] = []
    with ZipFile(target, "w", ZIP_DEFLATED) as wheel:
        for path in installed.files or ():
            name = _name_in_wheel(path, stem)
            if name is None:
                continue
            content = Path(str(path.locate())).read_bytes()
            digest = _digest(content)
            if path.hash is not None and path.hash.value != digest:
                raise LockError(f"{path.locate()} is not as it was installed: install Glassline anew")
            wheel.writestr(name, content)
            record.append(f"{name},sha256={digest},{len(content)}\n")
        name = f"{stem}.dist-info/RECORD"
        wheel.writestr(name, "".join([*record, f"{name},,\n"]))
    return target


def _name_in_wheel(path: PackagePath, stem: str) -> str | None:
    """None for what pip makes itself when it installs."""
    if path.suffix == ".pyc" or (path.parent.name.endswith(".dist-info") and path.name in _NOT_PACKED):
        return None
    if ".." not in path.parts:
        return path.as_posix()
    below = path.parts[path.parts.count("..") :]
    return f"{stem}.data/data/{'/'.join(below)}" if below[0] == _SHARED else None


def _installed() -> Distribution:
    try:
        return distribution(NAME)
    except PackageNotFoundError:
        raise LockError("Glassline is neither installed here nor a checkout") from None


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
