"""From the boxes of single frames to physical marks: one mark, one track."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassline.contract import Box

from .association import Pairs, assign, pairs_of
from .belt import MAX_SPEED, Belt
from .detector import FAINT_SHARE
from .motion import Motion, beside, clipped
from .pieces import extent_of, further_boxes, with_pieces
from .track import RememberedMark, Track, TrackEvent

_MAX_BOXES = 300
_MAX_MISSES = 2
_TRACK_IDS = itertools.count(1)
"""One row for all trackers of a process, so that a number never means two marks."""
_FOLLOWED = 3
"""Sightings after which a track's velocity means something."""
_GAP_FRAMES, _INTERVALS = 2.5, 5
"""A mark may stay unseen for so many frames at the rate of the last ones, however slow that is."""
_AT_THE_EDGE = 0.05
"""A mark that ended so little beyond the frame may be back in it."""


@dataclass(frozen=True, kw_only=True)
class TrackerSettings:
    """When a mark begins, goes on and ends."""

    start_score: float = 0.25
    """A box needs this score to begin a track."""
    keep_share: float = FAINT_SHARE
    """A box needs this share of it to carry one on."""
    label_scores: Mapping[str, float] = field(default_factory=dict)
    """Start scores of single labels, where they differ."""
    confirm_hits: int = 3
    """Sightings that make a mark, with at most two frames without among them; one sighting more for a mark that does
    not move with the belt, or while it is not known how that moves."""
    max_gap_s: float = 1.0
    """A mark not seen for so long has ended, unless frames come so seldom that it could hardly have been seen."""
    remember_s: float = 3.0
    """So long after its end a mark that should be in view is still recognised. One that was carried out of it is for as
    long as others in view tell how far, up to one and a half frame sizes."""
    update_gain: float = 1.15
    """A view must be better by this factor to be told again,"""
    update_interval_s: float = 1.0
    """and so long after the last telling."""
    max_tracks: int = 128
    """At most so many tracks at a time, and as many remembered."""

    @classmethod
    def for_threshold(cls, score_threshold: float) -> TrackerSettings:
        """Settings for a detector that believes boxes from this score on."""
        return cls(start_score=score_threshold)

    def starts(self, box: Box) -> bool:
        """Whether the box is sure enough to begin a track."""
        return box.score >= self.label_scores.get(box.label, self.start_score)

    def keeps(self, box: Box) -> bool:
        """Whether the box is sure enough to carry one on."""
        return box.score >= self.keep_share * self.label_scores.get(box.label, self.start_score)


class Tracker:
    """Follows marks from frame to frame; tells of each once it is sure, when a better view of it comes, at its end.

    Two score levels keep a mark alive through faint frames (ByteTrack, Zhang et al. 2022). All marks lie on one belt,
    as far as they show it: tracks begin with its velocity, are brought along together where it stopped, started or
    turned unseen (compare camera motion compensation in BoT-SORT, Aharon et al. 2022), and those that nobody sees, in
    the frame or beside it, are moved by what the others were off, as an odometer would. So a mark that shows again is
    the same one (compare the re-update of OC-SORT, Cao et al. 2023). Times are seconds on any clock that only goes
    forward; when it steps back all tracks end. Safe to use from several threads.

    >>> tracker = Tracker()
    >>> box = Box(label="crack", score=0.9, xyxyn=(0.4, 0.4, 0.5, 0.5))
    >>> [event.phase for k in range(5) for event in tracker.update([box], k / 10, frame=None)]
    ['new']
    """

    def __init__(self, *, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        """May be replaced at any time; it counts from the next frame on."""
        self._lock = threading.Lock()
        self._live: list[Track] = []
        self._past: list[Track] = []
        self._belt = Belt()
        self._corrections: list[tuple[float, float]] = []
        self._time_s: float | None = None
        self._intervals_s: deque[float] = deque(maxlen=_INTERVALS)

    def update(self, boxes: Sequence[Box], time_s: float, frame: Any) -> list[TrackEvent]:
        """Take in the boxes of a frame captured at `time_s`; `frame` is kept for the best views only."""
        with self._lock:
            events = []
            if self._time_s is not None and time_s < self._time_s:
                events = self._end_all()
            for track in self._past:
                track.release()
            if self._time_s is not None:
                self._intervals_s.append(time_s - self._time_s)
            self._time_s = time_s
            kept = [box for box in boxes if self.settings.keeps(box)]
            kept = sorted(kept, key=lambda box: -box.score)[:_MAX_BOXES]
            self._follow_belt(kept, time_s)
            events += self._expire(time_s)
            left = self._carry_on(kept, time_s, frame)
            self._begin(left, time_s, frame)
            events += self._tell(time_s)
            self._measure_belt(time_s)
            return events

    def boxes_at(self, time_s: float, *, unconfirmed: bool = False) -> list[Box]:
        """The marks carried forward to that instant, clipped to the frame; those out of it are left out."""
        with self._lock:
            result, gap_s = [], self._gap_s()
            for track in self._live:
                recent = time_s - track.last_s <= gap_s
                if recent and (track.confirmed or unconfirmed):
                    seen = clipped(track.motion.at(time_s))
                    if seen is not None:
                        result.append(track.box_of(seen))
            return result

    def flush(self) -> list[TrackEvent]:
        """End all tracks and forget what was."""
        with self._lock:
            return self._end_all()

    def remembered(self) -> list[RememberedMark]:
        """The confirmed marks that are, or just were, in view: to be kept over a restart and given to `recall`."""
        with self._lock:
            marks = [track.remembered() for track in self._live + self._past if track.confirmed]
            return [mark for mark in marks if mark is not None]

    def recall(self, marks: Sequence[RememberedMark], now_s: float) -> None:
        """Go on with marks of an earlier run. `now_s` is on the same clock as their times were."""
        with self._lock:
            window = self.settings.confirm_hits + _MAX_MISSES
            if marks:
                self._belt.resume([mark.motion for mark in marks])
            for mark in marks[-self.settings.max_tracks :]:
                track_id = next(_TRACK_IDS)
                self._past.append(Track.recalled(mark, track_id=track_id, window=window, now_s=now_s))

    def _end_all(self) -> list[TrackEvent]:
        events = [self._end(track) for track in self._live if track.confirmed]
        self._live, self._past, self._belt, self._time_s = [], [], Belt(), None
        self._intervals_s.clear()
        return events

    def _gap_s(self) -> float:
        """For how long a mark may stay unseen, at the rate at which frames come."""
        usual_s = float(np.median(self._intervals_s)) if self._intervals_s else 0.0
        return max(self.settings.max_gap_s, _GAP_FRAMES * usual_s)

    def _expire(self, time_s: float) -> list[TrackEvent]:
        """End what was not seen for too long, forget what ended long ago."""
        gap_s = self._gap_s()
        gone = [track for track in self._live if time_s - track.last_s > gap_s]
        oldest_s = time_s - gap_s - self.settings.remember_s
        self._past = [track for track in self._past if track.excused_s >= oldest_s]
        return self._retire(gone)

    def _follow_belt(self, boxes: list[Box], time_s: float) -> None:
        """Where the belt stopped, started or turned since it was seen last, bring all that it carries along."""
        elapsed_s = self._belt.unobserved_s(time_s)
        if elapsed_s <= 0:
            return
        telling = [t for t in self._live if t.frames_confirmed >= _FOLLOWED] + [t for t in self._past if t.carried]
        telling = [t for t in telling if clipped(t.motion.at(time_s), margin=MAX_SPEED * elapsed_s)]
        shift = self._belt.found_shift(pairs_of(telling, boxes, time_s), time_s)
        if shift is None:
            return
        for track in self._live + self._past:
            if track.carried:
                track.motion.jump(shift, elapsed_s, time_s, velocity_sigma=0.15)
        self._belt.jump(shift, elapsed_s)

    def _carry_on(self, boxes: list[Box], time_s: float, frame: Any) -> list[Box]:
        """Give the boxes to the tracks whose marks they show; return those that may begin new ones."""
        tracks = self._live + [t for t in self._past if clipped(t.motion.at(time_s), margin=_AT_THE_EDGE)]
        pairs = pairs_of(tracks, boxes, time_s)
        rank = np.array([0.0 if t.confirmed and not t.ended else 6.0 if t.ended else 3.0 for t in tracks])
        assigned = {row: column for row, column in assign(pairs, rank) if self._may_revive(tracks[row], boxes[column])}
        parts = further_boxes(pairs, assigned)
        self._corrections = []
        for row, column in assigned.items():
            extent = extent_of(pairs, row, [column, *parts[row]])
            correction = tracks[row].motion.observe(extent, time_s)
            if tracks[row].carried:
                self._corrections.append(correction)
            tracks[row].see(boxes[column], extent, time_s, frame)
            self._revive(tracks[row])
        for row, track in enumerate(tracks):
            if row not in assigned and not track.ended:
                track.miss()
        used = set(assigned.values()).union(*parts.values())
        self._drop_covered(tracks, pairs, assigned)
        return [box for column, box in enumerate(boxes) if column not in used]

    def _may_revive(self, track: Track, box: Box) -> bool:
        return not track.ended or self.settings.starts(box)

    def _revive(self, track: Track) -> None:
        if track.ended:
            track.ended = False
            self._past.remove(track)
            self._live.append(track)

    def _drop_covered(self, tracks: list[Track], pairs: Pairs, assigned: dict[int, int]) -> None:
        """A track not yet confirmed whose place is taken by a box of another one was a part of that mark."""
        if not assigned:
            return
        taken = list(assigned.values())
        for row, track in enumerate(tracks):
            if row in assigned or track.confirmed:
                continue
            covered = (pairs.within[row, taken] > 0.7) & pairs.same_label[row, taken]
            if covered.any() or (pairs.overlap[row, taken] > 0.5).any():
                self._live.remove(track)

    def _begin(self, boxes: list[Box], time_s: float, frame: Any) -> None:
        for box, extent in with_pieces(boxes):
            if len(self._live) >= self.settings.max_tracks:
                return
            if not self.settings.starts(box):
                continue
            sigma = self._belt.sigma(time_s)
            motion = Motion.begin(extent, time_s, velocity=self._belt.velocity, velocity_sigma=sigma)
            track = Track(track_id=next(_TRACK_IDS), motion=motion, window=self.settings.confirm_hits + _MAX_MISSES)
            track.see(box, extent, time_s, frame)
            self._live.append(track)

    def _measure_belt(self, time_s: float) -> None:
        """Take the belt's speed from the marks that were seen, and move with it those that were not."""
        seen = [track for track in self._live if track.last_s == time_s]
        self._belt.measure([t.motion for t in seen if t.confirmed], time_s)
        dx, dy = np.median(np.array(self._corrections or [(0.0, 0.0)]), axis=0).tolist()
        for track in self._live + self._past:
            if track.last_s == time_s:
                if self._belt.moves:
                    track.carried = self._belt.carries(track.motion)
            elif track.carried:
                track.motion.coast(time_s, (dx, dy), self._belt.velocity)
                if self._corrections and beside(track.motion.xyxy):
                    track.excused_s = time_s

    def _tell(self, time_s: float) -> list[TrackEvent]:
        settings, events = self.settings, []
        self._live = [track for track in self._live if track.confirmed or self._is_hopeful(track)]
        left = [t for t in self._live if t.last_s < time_s and clipped(t.motion.at(time_s)) is None]
        for track in self._live:
            if not track.confirmed and self._is_sure(track, time_s):
                track.confirmed = True
                events.append(track.tell("new", time_s))
            elif track.has_news(time_s, gain=settings.update_gain, interval_s=settings.update_interval_s):
                events.append(track.tell("update", time_s))
        return events + self._retire(left)

    def _is_hopeful(self, track: Track) -> bool:
        return sum(not seen for seen in track.recent) <= _MAX_MISSES

    def _is_sure(self, track: Track, time_s: float) -> bool:
        typical = self._belt.known(time_s) and self._belt.carries(track.motion, tolerance=0.15)
        return sum(track.recent) >= self.settings.confirm_hits + (not typical)

    def _retire(self, tracks: list[Track]) -> list[TrackEvent]:
        """Take tracks out; remember those that were confirmed."""
        self._live = [track for track in self._live if track not in tracks]
        confirmed = [track for track in tracks if track.confirmed]
        self._past = (self._past + confirmed)[-self.settings.max_tracks :]
        return [self._end(track) for track in confirmed]

    def _end(self, track: Track) -> TrackEvent:
        track.ended = True
        return track.tell("end", track.last_s)
