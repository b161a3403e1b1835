"""Passwords live in files that only their owner can read, never in settings, arguments or the environment."""

import os
import stat
from pathlib import Path

from glassline.writing import sync_folder, write_whole


class SecretError(Exception):
    """A secret file cannot be used; the text says why and what to do, never what is in it."""

    @property
    def is_closed(self) -> bool:
        """Whether that is only so for whoever runs this, since the file belongs to somebody else."""
        return isinstance(self.__cause__ or self.__context__, PermissionError)


def read_secret(path: Path | str, *, what: str = "password", remedy: str = "Make one with `glassline enroll`") -> str:
    """The first line of a secret file; SecretError if it is missing, empty or readable by others.

    `what` is in it, and `remedy` says how such a file is made, for the error.
    """
    text = read_closed(path, what=what, remedy=remedy).strip()
    if not text:
        raise SecretError(f"the {what} file {path} is empty. {remedy}")
    return text.splitlines()[0].strip()


def read_closed(path: Path | str, *, what: str, remedy: str) -> str:
    """All of a secret file; SecretError if it is missing, no text or readable by others.

    A file of another owner may be open to a group: that is how it is shared with this program.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8") as file:
            facts = os.fstat(file.fileno())
            text = file.read()
    except PermissionError:
        whose = "It belongs to another user: run this as that one, or with sudo"
        raise SecretError(f"cannot read the {what} file {path}: permission denied. {whose}") from None
    except OSError as error:
        raise SecretError(f"cannot read the {what} file {path}: {error.strerror}. {remedy}") from None
    except UnicodeDecodeError:
        raise SecretError(f"{path} is no {what} file, but something else. {remedy}") from None
    refused = stat.S_IRWXO | (stat.S_IRWXG if facts.st_uid == os.getuid() else 0)
    if facts.st_mode & refused:
        raise SecretError(f"others can read the {what} file {path}. Close it: chmod 600 {path}")
    return text


def write_secret(path: Path | str, text: str, *, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Replace `path` by a file of mode 0600 with `text` and a line end; a crash leaves the old file or the new one.

    Where root writes for the program of another user, it is given to that `owner` (user and group id).
    """
    path = Path(path)
    content = (text if text.endswith("\n") else text + "\n").encode()
    write_whole(path, content, durable=True, mode=mode, owner=owner)
    sync_folder(path.parent)


def wipe(path: Path | str) -> None:
    """Overwrite the file where it lies and remove it, durably; nothing where there is none.

    A memory card may keep what lay there in cells that it does not show any more: only what is void is gone for good.
    """
    path = Path(path)
    try:
        with path.open("r+b") as file:
            file.write(bytes(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return
    sync_folder(path.parent)
