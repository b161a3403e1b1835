"""What was planted, written down beside the pipeline: the truth that a store is compared with.

One JSON object a line: {"event_id", "rev", "sha256", "kept"}. A line with `kept` false says what is about to be put
into the outbox, one with `kept` true that the outbox has it, from where on it must never be lost. `sha256` is that of
the picture which the detection has at that rev.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


class Journal:
    """Appends to a file; each line is on the disk when the call returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._fd)

    def write(self, event_id: str, rev: int, sha256: str, *, kept: bool) -> None:
        """Add a line."""
        line = {"event_id": event_id, "rev": rev, "sha256": sha256, "kept": kept}
        os.write(self._fd, json.dumps(line).encode() + b"\n")
        os.fdatasync(self._fd)


@dataclass
class Planted:
    """What the journal says of one detection. `rev` and `sha256` are of its newest kept state, None before that."""

    rev: int | None = None
    sha256: str | None = None
    begun: set[tuple[int, str]] = field(default_factory=set)
    """(rev, sha256) of states that were begun after that: a node that died meanwhile may have kept them or not."""

    @property
    def kept(self) -> bool:
        return self.rev is not None

    def allows(self, rev: int, sha256: str) -> bool:
        """Whether a store may hold it in this state, once all outboxes are empty."""
        return (rev, sha256) == (self.rev, self.sha256) or (rev, sha256) in self.begun


def read_journals(paths: Iterable[Path]) -> dict[str, Planted]:
    """By event id."""
    found: dict[str, Planted] = {}
    for path in paths:
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            planted = found.setdefault(entry["event_id"], Planted())
            if entry["kept"]:
                planted.rev, planted.sha256 = entry["rev"], entry["sha256"]
                planted.begun.clear()
            else:
                planted.begun.add((entry["rev"], entry["sha256"]))
    return found
