"""Simulated marks on a belt and a detector as bad as real ones, to test the tracker against the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from glassline.contract import Box
from glassline.vision import Tracker, TrackEvent

LABELS = ("scratch", "crack", "bubble", "chip", "stain")
Xyxy = tuple[float, float, float, float]


@dataclass(frozen=True)
class Mark:
    """Its box where the belt stood at (0, 0)."""

    mark_id: int
    label: str
    xyxy: Xyxy


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What the detector does wrong."""

    missed: float = 0.2
    jitter: float = 0.03
    other_label: float = 0.15
    split: float = 0.1
    false_per_frame: float = 0.0
    score: tuple[float, float] = (0.55, 0.12)


Seen = dict[str, Xyxy]
Position = Callable[[float], tuple[float, float]]


def steady(vx: float, vy: float = 0.0) -> Position:
    return lambda time_s: (vx * time_s, vy * time_s)


def integrated(speed_at: Callable[[float], float], until_s: float) -> Position:
    """Belt along x with a speed that changes with time."""
    times = np.arange(0.0, until_s + 1, 0.01)
    places = np.cumsum([speed_at(float(time_s)) for time_s in times]) * 0.01
    return lambda time_s: (float(np.interp(time_s, times, places)), 0.0)


def scattered_marks(rng: np.random.Generator, panes: int, pitch: float, per_pane: int = 3) -> list[Mark]:
    """Panes in a row towards negative x, each with 0 to `per_pane` marks whose boxes keep clear of one another."""
    marks: list[Mark] = []
    for pane in range(panes):
        placed: list[Xyxy] = []
        for _ in range(int(rng.integers(0, per_pane + 1))):
            long, thin = rng.uniform(0.08, 0.35), rng.uniform(0.01, 0.06)
            small = rng.uniform(0.02, 0.08)
            w, h = [(long, thin), (thin, long), (small, small * rng.uniform(0.7, 1.4)), (long, long * 0.7)][
                int(rng.choice(4, p=(0.25, 0.15, 0.45, 0.15)))
            ]
            x0, y0 = -pitch * (pane + 1) + rng.uniform(0, pitch - w), rng.uniform(0.08, 0.92 - h)
            box = (x0, y0, x0 + w, y0 + h)
            if all(apart(box, other, 0.012) for other in placed):
                placed.append(box)
                marks.append(Mark(len(marks), str(rng.choice(LABELS)), box))
    return marks


def apart(a: Xyxy, b: Xyxy, gap: float) -> bool:
    return a[2] + gap < b[0] or b[2] + gap < a[0] or a[3] + gap < b[1] or b[3] + gap < a[1]


@dataclass
class Simulation:
    """Truth, a faulty detector, and the score of what a tracker makes of it."""

    marks: list[Mark]
    position: Position
    faults: Faults = field(default_factory=Faults)
    seed: int = 0
    opportunities: dict[int, int] = field(default_factory=dict)
    reported: dict[int, list[int]] = field(default_factory=dict)
    false_events: int = 0
    events: list[tuple[float, TrackEvent]] = field(default_factory=list)

    def visible(self, time_s: float) -> dict[int, Xyxy]:
        """By mark, the part of its box inside the frame, where that is enough to be seen."""
        dx, dy = self.position(time_s)
        result = {}
        for mark in self.marks:
            x0, y0, x1, y1 = mark.xyxy
            seen = (max(0.0, x0 + dx), max(0.0, y0 + dy), min(1.0, x1 + dx), min(1.0, y1 + dy))
            whole = (x1 - x0) * (y1 - y0)
            if seen[2] > seen[0] and seen[3] > seen[1] and (seen[2] - seen[0]) * (seen[3] - seen[1]) > 0.25 * whole:
                result[mark.mark_id] = seen
        return result

    def boxes(self, rng: np.random.Generator, time_s: float) -> list[Box]:
        faults, found = self.faults, []
        for mark_id, seen in self.visible(time_s).items():
            self.opportunities[mark_id] = self.opportunities.get(mark_id, 0) + 1
            if rng.random() < faults.missed:
                continue
            label = self.marks[mark_id].label if rng.random() >= faults.other_label else str(rng.choice(LABELS))
            for part in _split(seen) if rng.random() < faults.split else [seen]:
                score = float(np.clip(rng.normal(*faults.score), 0.13, 0.99))
                found.append(Box(label=label, score=score, xyxyn=_jittered(rng, part, faults.jitter)))
        for _ in range(int(rng.poisson(faults.false_per_frame))):
            w, h = rng.uniform(0.02, 0.2, 2)
            x0, y0 = rng.uniform(0, 1 - w), rng.uniform(0, 1 - h)
            score = float(rng.uniform(0.15, 0.6))
            found.append(Box(label=str(rng.choice(LABELS)), score=score, xyxyn=(x0, y0, x0 + w, y0 + h)))
        return found

    def run(self, tracker: Tracker, times: Iterable[float]) -> Simulation:
        rng = np.random.default_rng(self.seed)
        for time_s in times:
            self.take(time_s, tracker.update(self.boxes(rng, time_s), time_s, frame=time_s))
        self.take(time_s, tracker.flush())
        return self

    def take(self, time_s: float, events: list[TrackEvent]) -> None:
        """Score what a tracker told at that instant."""
        for event in events:
            self.events.append((time_s, event))
            if event.phase == "new":
                mark_id = self._mark_of(event)
                if mark_id is None:
                    self.false_events += 1
                else:
                    self.reported.setdefault(mark_id, []).append(event.track.track_id)

    def _mark_of(self, event: TrackEvent) -> int | None:
        box = event.track.best_boxes[0].xyxyn
        overlaps = {mark_id: _inside(box, seen) for mark_id, seen in self.visible(event.track.best_s).items()}
        best = max(overlaps, key=lambda mark_id: overlaps[mark_id], default=None)
        return best if best is not None and overlaps[best] > 0.3 else None

    @property
    def expected(self) -> set[int]:
        """Marks that were in view for ten frames at least."""
        return {mark_id for mark_id, frames in self.opportunities.items() if frames >= 10}

    @property
    def recall(self) -> float:
        return len(self.expected & set(self.reported)) / max(1, len(self.expected))

    @property
    def duplicates(self) -> int:
        return sum(len(tracks) - 1 for tracks in self.reported.values())


def _inside(a: Xyxy, b: Xyxy) -> float:
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return shared / smaller if smaller > 0 else 0.0


def _split(box: Xyxy) -> list[Xyxy]:
    """A long box in two overlapping halves along its longer side; a compact one stays whole."""
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    if max(w, h) < 2.5 * min(w, h):
        return [box]
    if w > h:
        return [(x0, y0, x0 + 0.55 * w, y1), (x0 + 0.45 * w, y0, x1, y1)]
    return [(x0, y0, x1, y0 + 0.55 * h), (x0, y0 + 0.45 * h, x1, y1)]


def _jittered(rng: np.random.Generator, box: Xyxy, jitter: float) -> Xyxy:
    """Ends are off by `jitter` of the side and by up to two pixels of 640; those at the frame's edge stay there."""
    x0, y0, x1, y1 = box
    sides = (x1 - x0, y1 - y0) * 2
    moved = [
        end if end in (0.0, 1.0) else float(np.clip(end + rng.normal(0, jitter * side + 0.0015), 0, 1))
        for end, side in zip(box, sides, strict=True)
    ]
    return min(moved[0], moved[2]), min(moved[1], moved[3]), max(moved[0], moved[2]), max(moved[1], moved[3])
