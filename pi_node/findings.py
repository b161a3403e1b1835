"""From tracks to detections: gives each confirmed mark its event id and revs, and its picture, and keeps them."""

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Literal

from glassline.contract import ImageRef, from_unix, new_event_id
from glassline.contract.frames import embed
from glassline.contract.messages import Detection, EvidenceMeta
from glassline.link import Link
from glassline.vision import ModelCard, RememberedMark, TrackEvent

from .camera import Frame
from .jpeg import encode_evidence
from .memory import KnownDetection
from .outbox import Outbox, OutboxError
from .speed import Speed

log = logging.getLogger(__name__)

WANTED_S, MOST_S = 0.3, 5.0
"""Nothing else gets through while a picture is on the way. For the first some quality is given, for the other size."""
MAX_WAITING = 50
MAX_OTHERS = 40
MAX_KNOWN = 1000
"""A mark may come back into view long after its end was told; then it keeps its event id."""


class Findings:
    """Called from the inspection thread only."""

    def __init__(self, *, link: Link, outbox: Outbox, speed: Speed, evidence_quality: Callable[[], int]) -> None:
        self._link, self._outbox, self._speed, self._quality = link, outbox, speed, evidence_quality
        self.failing = False
        """Whether the outbox cannot be written; then detections wait in memory."""
        self.lost = 0
        self._known: OrderedDict[str, KnownDetection] = OrderedDict()
        self._waiting: deque[tuple[Detection, bytes | None]] = deque(maxlen=MAX_WAITING)

    @property
    def known(self) -> dict[str, KnownDetection]:
        """What was said last, by event id."""
        return self._known

    def recall(self, known: dict[str, KnownDetection]) -> None:
        """Go on with detections of an earlier run. It may have said one thing more than it kept: revs skip one."""
        for event_id, detection in known.items():
            self._known[event_id] = replace(detection, rev=detection.rev + 1, frame_seq=-1)

    def record(self, event: TrackEvent, card: ModelCard, now: Frame, clock: Literal["synced", "unsynced"]) -> None:
        """Put what `event` says into the outbox. `now`, the frame just inspected, ties track times to Unix time."""
        track = event.track
        best: Frame | None = track.best_frame
        event_id = track.event_id = track.event_id or new_event_id(now.unix_s)
        known = self._known.get(event_id)
        rev = known.rev + 1 if known else 0
        evidence = None
        if known is None or (best is not None and known.frame_seq != best.seq):
            best = best or now
            evidence, image = self._picture(best, event_id, rev)
            confirmed_unix_s = known.confirmed_unix_s if known else now.unix_s
            known = KnownDetection(rev, confirmed_unix_s, image, best.seq, best.unix_s)
        known = replace(known, rev=rev)
        unix_minus_monotonic_s = now.unix_s - now.monotonic_s
        detection = Detection(
            **self._link.envelope(),
            event_id=event_id,
            rev=rev,
            phase=event.phase,
            label=track.label,
            score=track.score,
            boxes=track.best_boxes,
            first_at=from_unix(track.first_s + unix_minus_monotonic_s),
            last_at=from_unix(track.last_s + unix_minus_monotonic_s),
            frame_at=from_unix(known.frame_unix_s),
            confirmed_at=from_unix(known.confirmed_unix_s),
            frames_confirmed=track.frames_confirmed,
            model=card.name,
            model_sha256=card.sha256,
            image=known.image,
            clock=clock,
            monotonic_s=now.monotonic_s if clock == "unsynced" else None,
        )
        self._known[event_id] = known
        self._known.move_to_end(event_id)
        while len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        track.release()
        if len(self._waiting) == self._waiting.maxlen:
            self.lost += 1
        self._waiting.append((detection, evidence))
        self.put_waiting()

    def put_waiting(self) -> None:
        """Put what waits into the outbox; what cannot be written now is tried again with the next call."""
        while self._waiting:
            try:
                self._outbox.put(*self._waiting[0])
            except OutboxError as error:
                if not self.failing:
                    log.error("%s; %d detections wait in memory", error, len(self._waiting))
                self.failing = True
                return
            self._waiting.popleft()
            self.failing = False

    def keep_in_mind(self, marks: Sequence[RememberedMark]) -> None:
        """These marks are still followed: what was said of them must not be forgotten."""
        for mark in marks:
            if mark.event_id in self._known:
                self._known.move_to_end(mark.event_id)

    def _picture(self, frame: Frame, event_id: str, rev: int) -> tuple[bytes, ImageRef]:
        now_s = time.monotonic()
        jpeg, image_wh = encode_evidence(
            frame.picture,
            self._quality(),
            wanted_bytes=self._speed.carried_in(WANTED_S, now_s),
            max_bytes=self._speed.carried_in(MOST_S, now_s),
        )
        others = [mark for mark in frame.marks if mark.event_id not in (None, event_id)][:MAX_OTHERS]
        evidence = embed(jpeg, EvidenceMeta(event_id=event_id, rev=rev, others=others).to_json())
        digest = sha256(evidence).hexdigest()
        return evidence, ImageRef(sha256=digest, size_bytes=len(evidence), image_wh=image_wh)
