"""What SQLite or the file system refused, in words, with the remedy."""

import errno
import os
import sqlite3
from pathlib import Path
from tempfile import TemporaryFile

from glassline.contract import Reason

from ..values import StoreError

ROOM_BYTES = 65_536
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM}


def explain(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """The StoreError for what `error` says of the store at `path`."""
    if isinstance(error, OSError):
        return _of_file_system(error, path)
    if _on_read_only_disk(path):
        return _read_only(path)
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(f"another program keeps {path} locked: `fuser -v {path}` shows which; end it")
        case sqlite3.SQLITE_FULL:
            return _full(path)
        case sqlite3.SQLITE_READONLY:
            return _read_only(path)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return StoreError(f"{path} cannot be opened: does its folder exist, and may this user write there?")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreError(
                f"{path} is damaged or no SQLite file ({error}): stop bridge and web, move it away together with its "
                "-wal and -shm files, and put a backup in its place"
            )
        case sqlite3.SQLITE_IOERR if _on_full_disk(path):
            return _full(path)
        case sqlite3.SQLITE_IOERR if _takes_no_files(path):
            return _read_only(path)
        case sqlite3.SQLITE_IOERR:
            return StoreError(f"the disk of {path} failed ({error}): look at `dmesg`, check space and cable")
    return StoreError(f"{path}: {type(error).__name__}: {error}")


def _of_file_system(error: OSError, path: Path) -> StoreError:
    where = Path(error.filename) if isinstance(error.filename, str) else path
    if error.errno in _FULL:
        return _full(path)
    if error.errno == errno.EROFS:
        return _read_only(where)
    if error.errno in _DENIED:
        return StoreError(f"this user may not write {where}: `ls -ld {where}` shows who may", Reason.STORE_READ_ONLY)
    return StoreError(f"{where}: {error.strerror or error}")


def _on_read_only_disk(path: Path) -> bool:
    """Linux remounts a failing disk read-only; SQLite then says many things, but not that."""
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _on_full_disk(path: Path) -> bool:
    """Where there is no room for its shared memory, SQLite says that the disk failed."""
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < ROOM_BYTES


def _takes_no_files(path: Path) -> bool:
    """Whether the file system says "read-only" to a new file: newer kernels say it so, and show no flag."""
    try:
        with TemporaryFile(dir=path.parent):
            return False
    except OSError as error:
        return error.errno == errno.EROFS


def _full(path: Path) -> StoreError:
    return StoreError(f"the disk of {path} is full: `df -h {path.parent}` shows it", Reason.STORE_FULL)


def _read_only(path: Path) -> StoreError:
    return StoreError(
        f"{path} can only be read: `findmnt -T {path}` and `ls -l {path}` show why; remount its disk writable, or give "
        "it to this user",
        Reason.STORE_READ_ONLY,
    )
