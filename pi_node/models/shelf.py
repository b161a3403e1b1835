"""The models that were sent to this node, each in a folder named by the digest of its archive."""

import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from glassline.contract.archives import is_sha256
from glassline.contract.messages import KeptModel
from glassline.vision.archive import unpack
from glassline.writing import sync_folder

log = logging.getLogger(__name__)

KEPT = 3
"""Models that stay: the one in force, and what one may want to go back to."""
PART, NEW = ".part", ".new"


class Shelf:
    """A model is on it as a whole or not at all: its folder gets its name once all is on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        return self._folder

    def names(self) -> list[str]:
        """Digests of the archives whose models are here, the newest last."""
        try:
            found = [path for path in self._folder.iterdir() if is_sha256(path.name) and path.is_dir()]
            return [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]
        except OSError:
            return []

    def kept(self) -> list[KeptModel]:
        """The models for `info`, the newest last."""
        return [
            KeptModel(name=card.stem[:1000], sha256=sha256)
            for sha256 in self.names()
            if (card := self._card(sha256)) is not None
        ]

    def path_of(self, model: str) -> str:
        """What the setting `model` stands for: the card of a model that is here, or the setting as it is."""
        if not is_sha256(model):
            return model
        return str(self._card(model) or self._folder / model / "its card")

    def part(self, sha256: str) -> Path:
        """Where its archive lies while it is fetched."""
        return self._folder / f"{sha256}{PART}"

    def put(self, sha256: str) -> None:
        """Unpack the archive that was fetched, and remove it; DetectorError or OSError where that cannot be."""
        new = self._folder / f"{sha256}{NEW}"
        unpack(self.part(sha256), new)
        new.rename(self._folder / sha256)
        sync_folder(self._folder)
        self.part(sha256).unlink()

    def tidy(self, *, part_of: str | None = None) -> None:
        """Remove what was left half unpacked, and, with `part_of`, what has come of any other archive."""
        for path in self._leftovers():
            if path.suffix == NEW or (part_of is not None and path != self.part(part_of)):
                log.info("removed %s, which was never finished", path)
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def prune(self, in_force: Collection[str], *, room_for: int = 0) -> None:
        """Remove the oldest models, but none in force, so that with `room_for` more there are `KEPT`."""
        others = [name for name in self.names() if name not in in_force]
        surplus = len(self.names()) + room_for - KEPT
        for name in others[: max(0, surplus)]:
            log.info("removed the model %s, of which there are newer ones", name)
            shutil.rmtree(self._folder / name, ignore_errors=True)

    def _card(self, sha256: str) -> Path | None:
        return next((self._folder / sha256).glob("*.json"), None)

    def _leftovers(self) -> list[Path]:
        try:
            return [path for path in self._folder.iterdir() if path.suffix in (PART, NEW)]
        except OSError:
            return []
