"""From tracks to detections: gives each confirmed mark its event id and revs, and its picture, and keeps them."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from glassline.contract import Box, ImageRef, from_unix, new_event_id
from glassline.contract.frames import embed
from glassline.contract.messages import Detection, EvidenceMeta
from glassline.link import Link
from glassline.vision import ModelCard, Track, TrackEvent

from .camera import Frame
from .jpeg import encode_evidence
from .outbox import Outbox


@dataclass
class _Known:
    """What was said of a track so far."""

    event_id: str
    rev: int
    confirmed_unix_s: float
    image: ImageRef
    frame_seq: int


class Findings:
    """Called from the inspection thread only."""

    def __init__(self, *, link: Link, outbox: Outbox, evidence_quality: int) -> None:
        self._link, self._outbox, self._quality = link, outbox, evidence_quality
        self._known: dict[int, _Known] = {}

    def record(self, event: TrackEvent, card: ModelCard, now: Frame, clock: Literal["synced", "unsynced"]) -> None:
        """Put what `event` says into the outbox. `now`, the frame just inspected, ties track times to Unix time."""
        track = event.track
        best: Frame = track.best_frame
        known = self._known.get(track.track_id)
        event_id = known.event_id if known else new_event_id(now.unix_s)
        rev = known.rev + 1 if known else 0
        evidence = None
        if known is None or known.frame_seq != best.seq:
            evidence, image = self._picture(best, event_id, rev)
        else:
            image = known.image
        known = _Known(event_id, rev, known.confirmed_unix_s if known else now.unix_s, image, best.seq)
        unix_minus_monotonic_s = now.unix_s - now.monotonic_s
        detection = Detection(
            **self._link.envelope(),
            event_id=event_id,
            rev=rev,
            phase=event.phase,
            label=track.label,
            score=track.score,
            boxes=[_own_box(track, event_id)],
            first_at=from_unix(track.first_s + unix_minus_monotonic_s),
            last_at=from_unix(track.last_s + unix_minus_monotonic_s),
            frame_at=from_unix(best.unix_s),
            confirmed_at=from_unix(known.confirmed_unix_s),
            frames_confirmed=track.hits,
            model=card.name,
            model_sha256=card.sha256,
            image=image,
            clock=clock,
            monotonic_s=now.monotonic_s if clock == "unsynced" else None,
        )
        self._outbox.put(detection, evidence)
        track.event_id = event_id
        self._known[track.track_id] = known
        if event.phase == "end":
            del self._known[track.track_id]

    def _picture(self, frame: Frame, event_id: str, rev: int) -> tuple[bytes, ImageRef]:
        jpeg, image_wh = encode_evidence(frame.bgr, self._quality)
        evidence = embed(jpeg, EvidenceMeta(event_id=event_id, rev=rev).to_json())
        digest = sha256(evidence).hexdigest()
        return evidence, ImageRef(sha256=digest, size_bytes=len(evidence), image_wh=image_wh)


def _own_box(track: Track, event_id: str) -> Box:
    box: Box = track.best_box
    return box.model_copy(update={"track": track.track_id, "event_id": event_id})
