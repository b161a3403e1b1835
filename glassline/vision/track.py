"""One physical mark on its way through the picture, and the best picture taken of it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, Literal

from glassline.contract import Box

from .motion import EDGE, Motion, Xyxy

Phase = Literal["new", "update", "end"]
_TOUCHES_EDGE = 0.5
_SIZE_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class View:
    """A mark in one frame. `quality` says how good a picture of it this is; only comparisons mean something."""

    box: Box
    time_s: float
    quality: float


@dataclass(frozen=True, slots=True)
class RememberedMark:
    """What is worth keeping of a confirmed mark over a restart, so that it is not announced a second time."""

    event_id: str
    label: str
    score: float
    frames_confirmed: int
    first_s: float
    motion: Motion
    best: View
    """The best view of it: only a better one is worth a new picture."""


class Track:
    """A mark as the tracker knows it. Read it while handling an event; only the tracker writes, but for `event_id`."""

    def __init__(self, *, track_id: int, motion: Motion, window: int) -> None:
        self.track_id = track_id
        self.event_id: str | None = None
        """Set by whoever announces the detection; the boxes carry it from then on."""
        self.score = 0.0
        """The best score seen."""
        self.frames_confirmed = 0
        """In how many frames the mark was seen."""
        self.first_s = self.last_s = self.excused_s = motion.time_s
        """When it was seen first and last, and when it was last seen or out of the frame, where it cannot be seen."""
        self.best_frame: Any = None
        """What was passed as `frame` with the best view; None once released and not bettered since."""
        self.confirmed = False
        self.ended = False
        self.carried = True
        """Whether it moves with the belt, as far as is known."""
        self.motion = motion
        self.current_score = 0.0
        self.recent: deque[bool] = deque(maxlen=window)
        """Whether the mark was seen, for the last frames."""
        self._votes: Counter[str] = Counter()
        self._best: View | None = None
        self._told: tuple[float, str, float] | None = None

    @classmethod
    def recalled(cls, mark: RememberedMark, *, track_id: int, window: int, now_s: float) -> Track:
        """A track that ended just now in the tracker's eyes: it goes on if its mark is seen where it must be."""
        track = cls(track_id=track_id, motion=mark.motion, window=window)
        track.event_id, track.score, track.frames_confirmed = mark.event_id, mark.score, mark.frames_confirmed
        track.first_s, track.last_s, track.excused_s = mark.first_s, now_s, now_s
        track.confirmed = track.ended = True
        track._votes[mark.label] = mark.score * mark.frames_confirmed  # type: ignore[assignment]
        track._best, track._told = mark.best, (mark.best.quality, mark.label, now_s)
        return track

    def remembered(self) -> RememberedMark | None:
        """What to keep of it; None before it has an event id."""
        if self.event_id is None:
            return None
        return RememberedMark(
            self.event_id, self.label, self.score, self.frames_confirmed, self.first_s, self.motion, self._best_view
        )

    @property
    def label(self) -> str:
        """The label with the largest sum of scores."""
        return max(self._votes, key=lambda label: self._votes[label])

    @property
    def labels_seen(self) -> frozenset[str]:
        return frozenset(self._votes)

    @property
    def best_s(self) -> float:
        """Time of the best view."""
        return self._best_view.time_s

    @property
    def best_boxes(self) -> list[Box]:
        """The mark in the best view, under the label that was voted."""
        update = {"label": self.label, "track": self.track_id, "event_id": self.event_id}
        return [self._best_view.box.model_copy(update=update)]

    def box_of(self, xyxyn: Xyxy) -> Box:
        """A box for this mark at another place, with the score it was last seen with."""
        return Box(label=self.label, score=self.current_score, xyxyn=xyxyn, track=self.track_id, event_id=self.event_id)

    def release(self) -> None:
        """Let go of the frame of the best view."""
        self.best_frame = None

    def see(self, box: Box, extent: Xyxy, time_s: float, frame: Any) -> None:
        """Take in a sighting: `box` is the best one, `extent` what all boxes of this mark cover together."""
        self.frames_confirmed += 1
        self.last_s = self.excused_s = time_s
        self.current_score = box.score
        self.score = max(self.score, box.score)
        self._votes[box.label] += box.score  # type: ignore[assignment]
        self.recent.append(True)
        quality = view_quality(box.score, extent)
        if self._best is None or quality > self._best.quality:
            self._best = View(box.model_copy(update={"xyxyn": extent}), time_s, quality)
            self.best_frame = frame

    def miss(self) -> None:
        """A frame went by without a sighting."""
        self.recent.append(False)

    def tell(self, phase: Phase, time_s: float) -> TrackEvent:
        """The event that brings others up to date."""
        self._told = (self._best_view.quality, self.label, time_s)
        return TrackEvent(phase, self)

    def has_news(self, time_s: float, *, gain: float, interval_s: float) -> bool:
        """Whether the best view is better by `gain` than what was told, or the label changed, and it is time."""
        if self._told is None:
            return False
        quality, label, told_s = self._told
        changed = self._best_view.quality >= quality * gain or self.label != label
        return changed and time_s - told_s >= interval_s

    @property
    def _best_view(self) -> View:
        if self._best is None:
            raise RuntimeError("a track exists only from its first sighting on")
        return self._best


@dataclass(frozen=True, slots=True)
class TrackEvent:
    """`new` at confirmation, `update` when the best view or the label got better, `end` when the mark is gone.

    A mark that ended and is recognised when it comes back keeps its track: `update` and `end` may follow an `end`.
    """

    phase: Phase
    track: Track


def view_quality(score: float, extent: Xyxy) -> float:
    """Sure, whole and large is good: the score, halved at the frame's edge, times a weak power of the area."""
    x0, y0, x1, y1 = extent
    whole = x0 > EDGE and y0 > EDGE and x1 < 1 - EDGE and y1 < 1 - EDGE
    return float(score * (1.0 if whole else _TOUCHES_EDGE) * max(1e-6, (x1 - x0) * (y1 - y0)) ** _SIZE_WEIGHT)
