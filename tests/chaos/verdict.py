"""What became of everything that was planted: the store beside the planters' own journals."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from glassline.store import Defect, every_defect
from glassline.store.sqlite import SqliteStore
from workbench.simulate.journal import Planted, read_journals


@dataclass(frozen=True)
class Verdict:
    """Counts of detections. `interrupted` were stored though their planter died before it could say so."""

    planted: int
    stored: int
    lost: int
    duplicated: int
    images_wrong: int
    strangers: int
    dead_letters: int
    interrupted: int

    @property
    def is_good(self) -> bool:
        return self.planted == self.stored > 0 and not any(
            (self.lost, self.duplicated, self.images_wrong, self.strangers, self.dead_letters)
        )

    def __str__(self) -> str:
        text = (
            f"planted {self.planted} stored {self.stored} lost {self.lost} duplicated {self.duplicated} "
            f"images_wrong {self.images_wrong}"
        )
        odd = {"strangers": self.strangers, "dead_letters": self.dead_letters}
        return text + "".join(f" {name} {number}" for name, number in odd.items() if number)


def judge(folder: Path, store_path: Path) -> Verdict:
    """Compare the journals below `folder` with the store.

    A detection is planted once an outbox has taken it. One that was begun and is stored was taken as well.
    """
    truth = read_journals(sorted(folder.glob("*/planted.jsonl")))
    with SqliteStore(store_path) as store:
        rows = list(every_defect(store))
        pictures = {row.event_id: _digest(store.evidence(row.event_id)) for row in rows}
        dead_letters = len(store.dead_letters())
    ids = {row.event_id for row in rows}
    kept = {event_id for event_id, planted in truth.items() if planted.kept}
    interrupted = (ids & set(truth)) - kept
    return Verdict(
        planted=len(kept | interrupted),
        stored=len(rows),
        lost=len(kept - ids),
        duplicated=_surplus([row.event_id for row in rows]) + _surplus([one for one in pictures.values() if one]),
        images_wrong=sum(not _is_right(row, pictures[row.event_id], truth) for row in rows),
        strangers=len(ids - set(truth)),
        dead_letters=dead_letters,
        interrupted=len(interrupted),
    )


def _digest(picture: bytes | None) -> str:
    return hashlib.sha256(picture).hexdigest() if picture else ""


def _surplus(values: list[str]) -> int:
    """How many are there once more."""
    return sum(number - 1 for number in Counter(values).values())


def _is_right(row: Defect, sha256: str, truth: dict[str, Planted]) -> bool:
    planted = truth.get(row.event_id)
    return planted is None or planted.allows(row.rev, sha256)
