"""From tracks to detections: gives each confirmed mark its event id and revs, and its picture, and keeps them."""

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from glassline.contract import ImageRef, new_event_id
from glassline.contract.frames import embed
from glassline.contract.messages import Detection, EvidenceMeta
from glassline.link import Link
from glassline.vision import ModelCard, RememberedMark, TrackEvent

from ..camera import Frame
from ..camera.jpeg import encode_evidence
from ..clock.machine import Reading
from ..clock.retiming import clock_word, is_outdated, retimed
from ..outbox import Outbox, OutboxError
from ..uplink.speed import Speed
from .memory import KnownDetection

log = logging.getLogger(__name__)

WANTED_S, MOST_S = 0.3, 5.0
"""Nothing else gets through while a picture is on the way. For the first some quality is given, for the other size."""
MAX_WAITING = 50
MAX_OTHERS = 40
MAX_KNOWN = 1000
"""A mark may come back into view long after its end was told; then it keeps its event id."""


@dataclass(frozen=True)
class Waiting:
    """What could not be written yet, and by which reading of the clock its times were told."""

    detection: Detection
    evidence: bytes | None
    told: Reading


class Findings:
    """`set_clock` and `correct` are for the watch on the clock; the rest is called from the inspection thread."""

    def __init__(
        self, *, link: Link, outbox: Outbox, speed: Speed, evidence_quality: Callable[[], int], clock: Reading
    ) -> None:
        self.clock = self._earlier = clock
        """What tells times, until `set_clock`."""
        self._link, self._outbox, self._speed, self._quality = link, outbox, speed, evidence_quality
        self.failing = False
        """Whether the outbox cannot be written; then detections wait in memory."""
        self.lost = 0
        self.corrected = 0
        """Detections whose times were told again after the clock had been set."""
        self._lock = threading.Lock()
        self._known: OrderedDict[str, KnownDetection] = OrderedDict()
        self._waiting: deque[Waiting] = deque(maxlen=MAX_WAITING)

    @property
    def known(self) -> dict[str, KnownDetection]:
        """What was said last, by event id."""
        return self._known

    def recall(self, known: dict[str, KnownDetection]) -> None:
        """Go on with detections of an earlier run. It may have said one thing more than it kept, and corrected that."""
        for event_id, detection in known.items():
            self._known[event_id] = replace(detection, rev=detection.rev + 2, frame_seq=-1)

    def set_clock(self, now: Reading, *, earlier: Reading) -> None:
        """From now on `now` tells times. `earlier` is what is known by now of the clock before."""
        with self._lock:
            self.clock, self._earlier = now, earlier
            for event_id, known in self._known.items():  # the next rev of each belongs to the correction
                self._known[event_id] = replace(known, rev=known.rev + 1)
            for _ in range(len(self._waiting)):
                one = self._waiting.popleft()
                if is_outdated(one.told, earlier):
                    one = replace(one, detection=retimed(one.detection, one.told, earlier), told=earlier)
                self._waiting.append(one)

    def correct(self) -> int:
        """Tell again what was told in this boot of the machine with times that are known to be wrong by now.

        Returns how many detections these are. OutboxError: not all could be.
        """
        corrected = self._outbox.correct(self._earlier)
        self.corrected += corrected
        return corrected

    @property
    def uncorrected(self) -> int:
        """What waits for room in the outbox to be told again."""
        return self._outbox.uncorrected

    def record(self, event: TrackEvent, card: ModelCard, now: Frame) -> None:
        """Put what `event` says into the outbox. `now` is the frame just inspected."""
        with self._lock:
            self._record(event, card, now)
            self._put_waiting()

    def _record(self, event: TrackEvent, card: ModelCard, now: Frame) -> None:
        track, clock = event.track, self.clock
        best: Frame | None = track.best_frame
        event_id = track.event_id = track.event_id or new_event_id(clock.time_of(now.monotonic_s).timestamp())
        known = self._known.get(event_id)
        rev = known.rev + 1 if known else 0
        evidence = None
        if known is None or (best is not None and known.frame_seq != best.seq):
            best = best or now
            evidence, image = self._picture(best, event_id, rev)
            confirmed_s = known.confirmed_s if known else now.monotonic_s
            known = KnownDetection(rev, confirmed_s, image, best.seq, best.monotonic_s)
        known = replace(known, rev=rev)
        detection = Detection(
            **self._link.envelope(),
            event_id=event_id,
            rev=rev,
            phase=event.phase,
            label=track.label,
            score=track.score,
            boxes=track.best_boxes,
            first_at=clock.time_of(track.first_s),
            last_at=clock.time_of(track.last_s),
            frame_at=clock.time_of(known.frame_s),
            confirmed_at=clock.time_of(known.confirmed_s),
            frames_confirmed=track.frames_confirmed,
            model=card.name,
            model_sha256=card.sha256,
            image=known.image,
            clock=clock_word(clock),
            monotonic_s=None if clock.synced else now.monotonic_s,
        )
        self._known[event_id] = known
        self._known.move_to_end(event_id)
        while len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        track.release()
        if len(self._waiting) == self._waiting.maxlen:
            self.lost += 1
        self._waiting.append(Waiting(detection, evidence, clock))

    def put_waiting(self) -> None:
        """Put what waits into the outbox; what cannot be written now is tried again with the next call."""
        with self._lock:
            self._put_waiting()

    def _put_waiting(self) -> None:
        while self._waiting:
            one = self._waiting[0]
            try:
                self._outbox.put(one.detection, one.evidence, one.told)
            except OutboxError as error:
                if not self.failing:
                    log.error("%s; %d detections wait in memory", error, len(self._waiting))
                self.failing = True
                return
            self._waiting.popleft()
            self.failing = False

    def keep_in_mind(self, marks: Sequence[RememberedMark]) -> None:
        """These marks are still followed: what was said of them must not be forgotten."""
        with self._lock:
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
