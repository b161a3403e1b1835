"""The lock file of a Pi: every package that it installs, with version and the hash of its one wheel.

lock = Lock.read(Path("deploy/pi-py313.lock"))
lock.missing(Path("wheels"))      # what has to be fetched still
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+) --hash=sha256:(?P<sha256>[0-9a-f]{64})")


class LockError(Exception):
    """The lock file, or what lies beside it, cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Locked:
    """One package. `name` is in the index's normal form: lower case, words joined by '-'."""

    name: str
    version: str
    sha256: str

    @property
    def line(self) -> str:
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


@dataclass(frozen=True)
class Lock:
    """What stands in a lock file, in its order."""

    packages: tuple[Locked, ...]

    @classmethod
    def read(cls, path: Path) -> "Lock":
        """LockError names the first line that is none."""
        try:
            lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
        except OSError as error:
            raise LockError(f"cannot read the lock file {path}: {error.strerror}") from None
        found = [_LINE.fullmatch(line) for line in lines]
        for line, match in zip(lines, found, strict=True):
            if match is None:
                raise LockError(f"{path}: expected NAME==VERSION --hash=sha256:…, got {line[:80]!r}: `make lock`")
        return cls(tuple(Locked(**match.groupdict()) for match in found if match))

    def wheels(self, folder: Path) -> dict[str, Path]:
        """The wheels in `folder` that are locked, by name of their package: those with the very bytes alone."""
        by_hash = {sha256_of(path): path for path in sorted(folder.glob("*.whl"))}
        return {one.name: by_hash[one.sha256] for one in self.packages if one.sha256 in by_hash}

    def missing(self, folder: Path) -> Sequence[Locked]:
        """What is locked and does not lie in `folder`."""
        there = self.wheels(folder)
        return [one for one in self.packages if one.name not in there]


def sha256_of(path: Path) -> str:
    """In hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
