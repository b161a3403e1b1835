"""Evidence pictures on the disk, named by their event and digest: never by a name from the wire."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from glassline.writing import sync_folder, write_whole

STRAY_AGE_S = 3600.0


class Images:
    """Pictures below `folder`, spread over 256 folders by the last two digits of the event id.

    (The first digits of a UUIDv7 are its time and would put everything into one.) A picture is whole and on the disk
    before it has its name; a name never changes its content, since the SHA-256 is part of it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, event_id: str, sha256: str) -> Path:
        """Where the picture is, or would be."""
        return self.folder / event_id[-2:] / f"{event_id}-{sha256}.jpg"

    def write(self, pictures: Iterable[tuple[str, str, bytes]]) -> None:
        """Have all (event_id, sha256, jpeg) safely on the disk when this returns; what is there already is kept."""
        folders = set()
        for event_id, sha256, jpeg in pictures:
            path = self.path(event_id, sha256)
            self._make_folder(path.parent)
            if _has_size(path, len(jpeg)):
                os.utime(path)
            else:
                write_whole(path, jpeg, durable=True)
            folders.add(path.parent)
        for folder in folders:
            sync_folder(folder)

    def read(self, event_id: str, sha256: str) -> bytes:
        """The bytes of a picture; FileNotFoundError if it is gone."""
        return self.path(event_id, sha256).read_bytes()

    def remove(self, event_id: str, sha256: str) -> None:
        """Remove a picture that nothing names any more."""
        self.path(event_id, sha256).unlink(missing_ok=True)

    def old_files(self, shard: int, *, now: float | None = None) -> Iterator[tuple[Path, str, str]]:
        """Files of folder number `shard` (0-255) older than an hour, as (path, event_id, sha256).

        Half-written ones, left by a crash, have a digest that no row knows.
        """
        folder = self.folder / f"{shard:02x}"
        oldest = (time.time() if now is None else now) - STRAY_AGE_S
        for entry in os.scandir(folder) if folder.is_dir() else ():
            if entry.stat().st_mtime < oldest:
                yield Path(entry.path), entry.name[:36], entry.name[37:].removesuffix(".jpg")

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self.folder.parent)
            sync_folder(self.folder)


def _has_size(path: Path, size_bytes: int) -> bool:
    try:
        return path.stat().st_size == size_bytes
    except FileNotFoundError:
        return False
