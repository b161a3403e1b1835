"""Plants detections as a tracker would confirm them: new, perhaps better seen a moment later, and over."""

import logging
import random
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal

from glassline.contract import Box, ImageRef, from_unix, new_event_id
from glassline.contract.frames import embed
from glassline.contract.messages import Detection, EvidenceMeta
from glassline.link import Link
from pi_node.outbox import Outbox, OutboxError
from pi_node.uplink.sender import Sender

from .journal import Journal
from .receipts import ReceiptTimes
from .stills import IMAGE_WH, Still

log = logging.getLogger(__name__)

MODEL = "simulated"
BETTER_SHARE = 0.3
"""So many detections get a better picture after a while."""
VIEW_S = (0.5, 3.0)
"""So long a mark stays in view."""


@dataclass(frozen=True)
class _Mark:
    """A planted mark in view: what was said of it last."""

    event_id: str
    rev: int
    box: Box
    began_at: datetime
    image: ImageRef
    better: bool
    due_s: float
    """When there is more to say of it, monotonic seconds."""


class Planter:
    """A thread that puts detections into `outbox`, `per_min` a minute at random instants, and writes them down."""

    def __init__(
        self, *, link: Link, outbox: Outbox, sender: Sender, times: ReceiptTimes, journal: Journal, stills: list[Still],
        per_min: float, randomness: random.Random,
    ) -> None:  # fmt: skip
        self.planted = 0
        self.failures = 0
        """Times that the outbox could not be written."""
        self._link, self._outbox, self._sender, self._times = link, outbox, sender, times
        self._journal = journal
        self._stills, self._per_s, self._random = stills, per_min / 60, randomness
        self._marks: list[_Mark] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="planter", daemon=True)

    def start(self) -> None:
        if self._per_s:
            self._thread.start()

    def stop(self) -> None:
        """Plant nothing more; marks in view are over."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        next_s = time.monotonic() + self._random.expovariate(self._per_s)
        while not self._stopping.wait(max(0.0, self._next_s(next_s) - time.monotonic())):
            self._go_on(time.monotonic())
            if time.monotonic() >= next_s:
                self._plant()
                next_s = time.monotonic() + self._random.expovariate(self._per_s)
        while self._marks:
            self._go_on(float("inf"))

    def _next_s(self, next_s: float) -> float:
        """When there is something to do, given when the next mark comes into view."""
        return min([next_s, *(mark.due_s for mark in self._marks)])

    def _plant(self) -> None:
        still = self._random.choice(self._stills)
        box = self._random.choice(still.boxes)
        event_id = new_event_id()
        evidence, image = _picture(still, event_id, 0)
        due_s = time.monotonic() + self._random.uniform(*VIEW_S)
        better = self._random.random() < BETTER_SHARE
        mark = _Mark(event_id, 0, box, from_unix(time.time()), image, better, due_s)
        if self._put(mark, "new", evidence):
            self.planted += 1
            self._marks.append(mark)

    def _go_on(self, now_s: float) -> None:
        """Say what is new of the marks whose time has come."""
        due = [mark for mark in self._marks if mark.due_s <= now_s]
        self._marks = [mark for mark in self._marks if mark.due_s > now_s]
        for mark in due:
            if mark.better:
                self._see_better(replace(mark, rev=mark.rev + 1, better=False))
            else:
                self._put(replace(mark, rev=mark.rev + 1), "end", None)

    def _see_better(self, mark: _Mark) -> None:
        evidence, image = _picture(self._random.choice(self._stills), mark.event_id, mark.rev)
        mark = replace(mark, image=image, due_s=mark.due_s + self._random.uniform(*VIEW_S))
        if self._put(mark, "update", evidence):
            self._marks.append(mark)

    def _put(self, mark: _Mark, phase: Literal["new", "update", "end"], evidence: bytes | None) -> bool:
        now = from_unix(time.time())
        detection = Detection(
            **self._link.envelope(), event_id=mark.event_id, rev=mark.rev, phase=phase, label=mark.box.label,
            score=mark.box.score, boxes=[mark.box], first_at=mark.began_at, last_at=now, frame_at=mark.began_at,
            confirmed_at=mark.began_at, frames_confirmed=3 + 10 * mark.rev, model=MODEL, image=mark.image,
        )  # fmt: skip
        self._journal.write(mark.event_id, mark.rev, mark.image.sha256, kept=False)
        self._times.begin(mark.event_id, mark.rev)
        try:
            self._outbox.put(detection, evidence)
        except OutboxError as error:
            self.failures += 1
            log.error("%s", error)
            return False
        self._journal.write(mark.event_id, mark.rev, mark.image.sha256, kept=True)
        self._sender.wake()
        return True


def _picture(still: Still, event_id: str, rev: int) -> tuple[bytes, ImageRef]:
    evidence = embed(still.jpeg, EvidenceMeta(event_id=event_id, rev=rev).to_json())
    return evidence, ImageRef(sha256=sha256(evidence).hexdigest(), size_bytes=len(evidence), image_wh=IMAGE_WH)
