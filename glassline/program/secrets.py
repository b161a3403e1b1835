"""Passwords live in files that only their owner can read, never in settings, arguments or the environment."""

import os
import stat
from pathlib import Path

from glassline.writing import sync_folder, write_whole


class SecretError(Exception):
    """A secret file cannot be used; the text says why and what to do, never what is in it."""


def read_secret(path: Path | str) -> str:
    """The first line of a secret file; SecretError if it is missing, empty or readable by others.

    A file of another owner may be open to a group: that is how it is shared with this program.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8") as file:
            facts = os.fstat(file.fileno())
            text = file.read().strip()
    except OSError as error:
        raise SecretError(
            f"cannot read the password file {path}: {error.strerror}. Make one with `glassline enroll`"
        ) from None
    except UnicodeDecodeError:
        raise SecretError(f"{path} is no password file, but something else. Make one with `glassline enroll`") from None
    refused = stat.S_IRWXO | (stat.S_IRWXG if facts.st_uid == os.getuid() else 0)
    if facts.st_mode & refused:
        raise SecretError(f"others can read the password file {path}. Close it: chmod 600 {path}")
    if not text:
        raise SecretError(f"the password file {path} is empty. Make it anew with `glassline enroll`")
    return text.splitlines()[0].strip()


def write_secret(path: Path | str, text: str) -> None:
    """Replace `path` by a file of mode 0600 with `text` and a line end; a crash leaves the old file or the new one."""
    path = Path(path)
    write_whole(path, (text if text.endswith("\n") else text + "\n").encode(), durable=True, mode=0o600)
    sync_folder(path.parent)
