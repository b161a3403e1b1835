"""A copy of the store in a folder, taken while it is in use, and put back."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..images import Images
from .migrate import APPLICATION_ID

DATABASE, PICTURES = "glassline.db", "images"
_NAMED = """
    SELECT event_id, image_sha256 FROM defects WHERE image_stored = 1 AND image_removed_at IS NULL
    UNION SELECT event_id, sha256 FROM orphans"""


class BackupError(Exception):
    """There is nothing to copy, or no room for it; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What was copied. `missing` pictures are named by rows and were not there."""

    defects: int
    pictures: int
    missing: int


def backup(store: Path, folder: Path, *, progress: Callable[[int, int], None] = lambda done, of: None) -> Copied:
    """Copy the SQLite store at `store` into `folder`, which may hold an older copy: its pictures are not copied again.

    Bridge and web may go on meanwhile: the database is that of one instant, and a picture never changes its content.
    BackupError where there is no store; OSError where it cannot be copied.
    """
    if not store.is_file():
        raise BackupError(f"there is no store {store} to copy")
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{DATABASE}.new"
    copy.unlink(missing_ok=True)
    with closing(_open(store)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        named = target.execute(_NAMED).fetchall()
        defects = target.execute("SELECT count(*) FROM defects").fetchone()[0]
    missing = _copy_pictures(_pictures_of(store), Images(folder / PICTURES), named, progress)
    copy.replace(folder / DATABASE)
    _remove_others(folder / PICTURES, named)
    return Copied(defects=defects, pictures=len(named) - missing, missing=missing)


def restore(folder: Path, store: Path, *, progress: Callable[[int, int], None] = lambda done, of: None) -> Copied:
    """Put the copy in `folder` where `store` is to be. Bridge and web must not run.

    BackupError where there is no whole copy, or where a store is already: it is never overwritten.
    """
    source = folder / DATABASE
    if not source.is_file():
        raise BackupError(f"there is no copy of a store in {folder}: {source} is missing")
    logs = (store.with_name(f"{store.name}-{log}") for log in ("wal", "shm"))
    taken = [path for path in (store, _pictures_of(store).folder, *logs) if path.exists()]
    if taken:
        raise BackupError(f"{taken[0]} is there already: stop bridge and web, and move it away first")
    with closing(_open(source)) as db:
        _check_whole(db, source)
        named = db.execute(_NAMED).fetchall()
        defects = db.execute("SELECT count(*) FROM defects").fetchone()[0]
    store.parent.mkdir(parents=True, exist_ok=True)
    missing = _copy_pictures(Images(folder / PICTURES), _pictures_of(store), named, progress)
    copy = store.with_name(f"{store.name}.new")
    shutil.copyfile(source, copy)
    copy.replace(store)
    return Copied(defects=defects, pictures=len(named) - missing, missing=missing)


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    db.execute("PRAGMA query_only = ON")
    return db


def _check_whole(db: sqlite3.Connection, path: Path) -> None:
    try:
        ours = db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        said = db.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        ours, said = True, str(error)
    if not ours or said != "ok":
        raise BackupError(f"{path} is damaged ({said}): take another copy" if ours else f"{path} is no store of ours")


def _pictures_of(store: Path) -> Images:
    return Images(store.with_name(store.name + ".images"))


def _copy_pictures(
    source: Images, target: Images, named: list[tuple[str, str]], progress: Callable[[int, int], None]
) -> int:
    """Copy what is not there yet; the number of those that `source` lacks."""
    missing = 0
    for done, (event_id, sha256) in enumerate(named, 1):
        try:
            if not target.path(event_id, sha256).exists():
                target.write([(event_id, sha256, source.read(event_id, sha256))])
        except FileNotFoundError:
            missing += 1
        progress(done, len(named))
    return missing


def _remove_others(folder: Path, named: list[tuple[str, str]]) -> None:
    """Pictures of an older copy that the store has given up since."""
    kept = {f"{event_id}-{sha256}.jpg" for event_id, sha256 in named}
    for path in folder.glob("*/*"):
        if path.name not in kept:
            path.unlink()
