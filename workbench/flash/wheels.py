"""Fetching a Pi's wheels on another machine: by pip, for 64-bit Raspberry Pi OS, each with its hash.

`python -m workbench.flash.wheels REQUIREMENTS FOLDER` fetches what a file with versions and hashes lists.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .lock import Lock, LockError

_GLIBC = range(17, 37)
"""Minor versions of glibc 2 that a wheel may be built for: Bookworm has 2.36, Trixie a newer one."""
PLATFORMS = ("manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in _GLIBC))


def complete(lock: Lock, folder: Path, *, python: str) -> dict[str, Path]:
    """The locked wheels in `folder`, for a Python like "3.13"; those that lack are fetched into it, pip shows how far.

    LockError where they cannot be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = lock.missing(folder)
    if missing:
        with TemporaryDirectory(dir=folder) as name:
            wanted = Path(name) / "wanted.txt"
            wanted.write_text("".join(f"{one.line}\n" for one in missing))
            if fetch(wanted, Path(name), python=python):
                for wheel in Path(name).glob("*.whl"):
                    wheel.replace(folder / wheel.name)
            else:
                raise LockError(
                    f"pip could not fetch {', '.join(one.name for one in missing)}; it says why above. Without a "
                    f"network put the wheels into {folder}"
                )
    if wrong := lock.missing(folder):
        raise LockError(f"{folder} lacks the locked wheel of {', '.join(one.name for one in wrong)}")
    return lock.wheels(folder)


def fetch(requirements: Path, folder: Path, *, python: str) -> bool:
    """Have pip fetch what is listed with hashes, as wheels only, and print what is downloaded; whether it could."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python, "--progress-bar=off"]
    command += [argument for platform in PLATFORMS for argument in ("--platform", platform)]
    command += ["--requirement", str(requirements), "--dest", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout or ():
            if line.lstrip().startswith("Downloading"):
                print(line.rstrip(), flush=True)
    return running.returncode == 0


if __name__ == "__main__":
    digits = Path(sys.argv[1]).name.removeprefix("pi-py")
    sys.exit(not fetch(Path(sys.argv[1]), Path(sys.argv[2]), python=f"{digits[0]}.{digits[1:]}"))
