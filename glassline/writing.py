"""Files that are there as a whole or not at all."""

import os
from pathlib import Path


def write_whole(
    path: Path, content: bytes, *, durable: bool = False, mode: int = 0o666, owner: tuple[int, int] | None = None
) -> None:
    """Replace `path` by a new file with `content` and, less the umask, `mode`; its folder is made where it is missing.

    With `owner` (user and group id) it has exactly `mode`, and is theirs where root writes: before it has its name, so
    that a link which somebody puts there meanwhile is neither followed nor given away.

    A program that dies meanwhile leaves the old file or the new one, never half of it; a loss of power as well where
    `durable`, which waits for the disk. `sync_folder` makes sure that it is the new one. OSError when it cannot be
    written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    temporary.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            if owner is not None:
                os.fchmod(file.fileno(), mode)
                if os.geteuid() == 0:
                    os.fchown(file.fileno(), *owner)
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
