"""What the node remembers over a restart: the marks in view, so that none of them is announced a second time.

The file is written without waiting for the disk: after a loss of power it is worth nothing, the glass has moved on.
"""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from glassline.contract import ImageRef
from glassline.vision import RememberedMark
from glassline.writing import write_whole

log = logging.getLogger(__name__)

FORGET_S = 10.0


@dataclass(frozen=True)
class KnownDetection:
    """What was said last of a detection: its rev, and the picture it has. Times are monotonic."""

    rev: int
    confirmed_s: float
    image: ImageRef
    frame_seq: int
    frame_s: float


@dataclass(frozen=True)
class Memory:
    """`monotonic_s` is the instant of saving on the machine's monotonic clock, which goes on over a restart.

    `boot` is the kernel's boot id: that clock begins anew with every boot of the machine.
    """

    boot: str
    monotonic_s: float
    marks: list[RememberedMark]
    known: dict[str, KnownDetection]


_MEMORY = TypeAdapter(Memory)


class MemoryFile:
    """One JSON file, replaced as a whole."""

    def __init__(self, *, path: Path, boot: str) -> None:
        self._path, self._boot = path, boot
        self._is_empty = False

    def save(self, marks: list[RememberedMark], known: dict[str, KnownDetection]) -> None:
        """Keep the marks and what was said of them; a failure is logged and costs nothing but the memory."""
        kept = {mark.event_id: known[mark.event_id] for mark in marks if mark.event_id in known}
        if not marks and self._is_empty:  # good glass for hours is worth no write
            return
        try:
            write_whole(self._path, _MEMORY.dump_json(Memory(self._boot, time.monotonic(), marks, kept)))
        except OSError as error:
            log.warning("the marks in view cannot be kept in %s: %s", self._path, error.strerror)
        else:
            self._is_empty = not marks

    def load(self) -> Memory | None:
        """What was saved, if that was a moment ago and on this boot of the machine."""
        try:
            memory = _MEMORY.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            log.warning("the marks in view, kept in %s, are forgotten: %s", self._path, error)
            return None
        is_recent = 0 <= time.monotonic() - memory.monotonic_s <= FORGET_S
        return memory if is_recent and memory.boot == self._boot else None
