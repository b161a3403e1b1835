"""Files that belong to whoever their folder belongs to, secret and public ones, and those that a group shares."""

import contextlib
import os
import stat
from pathlib import Path

from glassline.program import write_secret
from glassline.writing import write_whole


def write_shared(path: Path, text: str) -> None:
    """Replace `path` by a secret file that those can read who could read it before.

    A file that exists keeps its owner, group and mode, as far as others stay out. A new one is its owner's alone, who
    is the folder's where root writes it; in another user's folder that hands its group on (setgid) the group may then
    read it as well. Who writes for itself gets a closed file, for programs refuse secrets of their own that are open.
    """
    owner = _folder_owner(path)
    folder = path.parent.stat()
    shares = folder.st_mode & stat.S_ISGID and os.geteuid() == 0 != folder.st_uid
    mode = 0o640 if shares else 0o600
    with contextlib.suppress(FileNotFoundError):
        before = path.lstat()
        if stat.S_ISREG(before.st_mode):
            owner, mode = (before.st_uid, before.st_gid), stat.S_IMODE(before.st_mode) & 0o640
    write_secret(path, text, mode=mode, owner=owner)


def write_own(path: Path, text: str) -> None:
    """Replace `path` by a secret file that the owner of its folder alone can read."""
    write_secret(path, text, owner=_folder_owner(path))


def write_public(path: Path, text: str) -> None:
    """Replace `path` by a file that everybody can read, whatever the umask: a certificate is no secret."""
    write_whole(path, text.encode(), durable=True, mode=0o644, owner=_folder_owner(path))


def _folder_owner(path: Path) -> tuple[int, int]:
    """User and group of the folder, which is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    folder = path.parent.stat()
    return folder.st_uid, folder.st_gid
