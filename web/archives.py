"""The models that nodes may fetch: archives in a folder, put there by `glassline model publish`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from glassline.contract import from_unix
from glassline.contract.archives import MAX_ARCHIVE_BYTES, parse_file_name

MAX_LISTED = 1000


@dataclass(frozen=True)
class Archive:
    """A model that can be fetched; `sha256` is the digest of its archive, as its file is called."""

    name: str
    sha256: str
    size_bytes: int
    published_at: datetime
    path: Path


class Archives:
    """Reads the folder for every question: who publishes need not tell the web."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder).absolute()

    def all(self) -> list[Archive]:
        """The newest first; none where there is no folder."""
        try:
            paths = [path for path in self._folder.iterdir() if parse_file_name(path.name)][:MAX_LISTED]
        except OSError:
            return []
        found = [archive for path in paths if (archive := _archive(path)) is not None]
        return sorted(found, key=lambda archive: archive.published_at, reverse=True)

    def find(self, name: str) -> Archive | None:
        """The newest of that name, or that with this digest."""
        return next((one for one in self.all() if name in (one.name, one.sha256)), None)


def _archive(path: Path) -> Archive | None:
    """None for what is no plain file: nobody is given what a link leads to."""
    named = parse_file_name(path.name)
    if named is None or path.is_symlink() or not path.is_file():
        return None
    facts = path.stat()
    if not 0 < facts.st_size <= MAX_ARCHIVE_BYTES:
        return None
    return Archive(*named, size_bytes=facts.st_size, published_at=from_unix(facts.st_mtime), path=path)
