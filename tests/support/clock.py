"""A clock that is wrong for the programs that are given `environ`, and that jumps when it is set."""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


class NoCompilerError(Exception):
    """The clock cannot be made here; the text says what is missing."""


class WrongClock:
    """Its files lie in `folder`. A library stands before the C library's functions; the kernel's clock goes on."""

    def __init__(self, folder: Path, *, off_s: float = 0.0, is_set: bool | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "clock"
        self.set(off_s=off_s, is_set=is_set)
        self.environ = {"LD_PRELOAD": str(_library(folder)), "CLOCK_FILE": str(self._file)}

    def set(self, *, off_s: float, is_set: bool | None, left_s: float = 0.0) -> None:
        """How far it is off; whether somebody keeps it (None: what the kernel itself says), and has yet to lead it."""
        said = struct.pack("ddd", off_s, -1.0 if is_set is None else float(is_set), left_s)
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(said)


def _library(folder: Path) -> Path:
    if shutil.which("cc") is None:
        raise NoCompilerError("a wrong clock wants a C compiler: apt-get install gcc libc6-dev")
    made = folder / "clock.so"
    done = subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-o", str(made), str(SOURCE), "-lm"], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise NoCompilerError(f"a wrong clock wants a C compiler that works: {done.stderr.strip()}")
    return made
