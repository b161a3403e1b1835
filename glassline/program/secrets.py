"""Passwords live in files that only their owner can read, never in settings, arguments or the environment."""

import os
import stat
from pathlib import Path


class SecretError(Exception):
    """A secret file cannot be used; the text says why and what to do, never what is in it."""


def read_secret(path: Path | str) -> str:
    """The first line of a secret file; SecretError if it is missing, empty or readable by others."""
    path = Path(path)
    try:
        mode = path.stat().st_mode
        text = path.read_text().strip()
    except OSError as error:
        raise SecretError(
            f"cannot read the password file {path}: {error.strerror}. Make one with `glassline enroll`"
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and os.stat(path).st_uid == os.getuid():
        raise SecretError(f"others can read the password file {path}. Close it: chmod 600 {path}")
    if not text:
        raise SecretError(f"the password file {path} is empty. Make it anew with `glassline enroll`")
    return text.splitlines()[0].strip()


def write_secret(path: Path | str, text: str) -> None:
    """Replace `path` by a file of mode 0600 with `text` and a line end; a crash leaves the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else text + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
