"""Secret files that another user's program reads too, like mosquitto."""

import contextlib
import stat
from pathlib import Path

from glassline.program import write_secret


def write_shared(path: Path, text: str) -> None:
    """Replace `path` by a secret file that those can read who could read it before.

    A file that exists keeps its owner, group and mode, as far as others stay out. A new one is its owner's alone, who
    is the folder's where root writes it; in a folder that hands its group on (setgid) the group may read it as well.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    folder = path.parent.stat()
    owner, mode = (folder.st_uid, folder.st_gid), 0o640 if folder.st_mode & stat.S_ISGID else 0o600
    with contextlib.suppress(FileNotFoundError):
        before = path.lstat()
        if stat.S_ISREG(before.st_mode):
            owner, mode = (before.st_uid, before.st_gid), stat.S_IMODE(before.st_mode) & 0o640
    write_secret(path, text, mode=mode, owner=owner)
