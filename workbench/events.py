"""How good detector and tracker are together: the detections of a rendered conveyor against the marks on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import cv2

from glassline.scene import LABELS, Conveyor, PlantedMark
from glassline.scene.conveyor import SPEED
from glassline.scene.dataset import FIRST_TRAINING_SEED
from glassline.scene.pane import PITCH
from glassline.vision import Detector, Tracker, TrackerSettings, TrackEvent
from workbench.evaluation import FALSE_BGR, FOUND_BGR, MISSED_BGR, outline
from workbench.scoring import Corners, iou

Motion = Literal["steady", "stop-and-go"]

#: A detection is of the mark that its picture shows it on, from this overlap on (intersection over union).
MATCHING_IOU = 0.3
_FIRST_PANE = 5_000_000
_PANE_S = PITCH / SPEED


@dataclass(frozen=True, kw_only=True)
class Run:
    """`panes` panes pass the camera in `minutes`, one right behind the other; frames are taken at `fps`.

    A steady belt is as fast as that takes. One that stops and goes moves on by a pane at the conveyor's own speed, and
    stands for the rest of that pane's time.
    """

    seed: int
    minutes: float = 10.0
    fps: float = 10.0
    panes: int = 100
    motion: Motion = "steady"
    conveyor: Conveyor = field(init=False)

    def __post_init__(self) -> None:
        if self.seed >= FIRST_TRAINING_SEED:
            raise ValueError(f"seeds from {FIRST_TRAINING_SEED} on are those of training, got {self.seed}")
        first_s = _FIRST_PANE * _PANE_S
        conveyor = Conveyor(seed=self.seed, from_s=first_s, until_s=first_s + (self.panes - 0.5) * _PANE_S)
        object.__setattr__(self, "conveyor", conveyor)

    @property
    def frames(self) -> int:
        return round(self.minutes * 60 * self.fps)

    @property
    def marks(self) -> list[PlantedMark]:
        """Those that pass from end to end."""
        first_s = _FIRST_PANE * _PANE_S
        return self.conveyor.planted(first_s, first_s + self._length_s)

    @property
    def frame_widths_per_s(self) -> float:
        """Mean speed of the belt."""
        view_s = self.conveyor.passage_s - _PANE_S
        return self._length_s / (self.minutes * 60) / view_s

    def belt_s(self, frame: int) -> float:
        """The conveyor's own time at which the belt stands as it does in this frame."""
        share = frame / self.frames
        if self.motion == "stop-and-go":
            steps, way = self._length_s / _PANE_S, self.minutes * 60 / self._length_s
            whole, part = divmod(share * steps, 1)
            share = (whole + min(1.0, part * way)) / steps
        return _FIRST_PANE * _PANE_S + share * self._length_s

    @property
    def _length_s(self) -> float:
        """What passes, from the first pane's entering to the last one's leaving, in the conveyor's own seconds."""
        return (self.panes - 1) * _PANE_S + self.conveyor.passage_s


@dataclass(frozen=True)
class Found:
    """A detection as it was told last: its best view, and the mark that is there, if any."""

    label: str
    score: float
    corners: Corners
    frame: int
    sightings: int
    mark_id: str | None


def watch(detector: Detector, run: Run, *, progress: Callable[[int], None]) -> list[Found]:
    """All detections of the run, as a node would tell them; `progress` is told of each frame."""
    tracker = Tracker(settings=TrackerSettings.for_threshold(detector.score_threshold))
    last: dict[int, Found] = {}

    def note(events: Iterable[TrackEvent]) -> None:
        for event in events:
            last[event.track.track_id] = _found(event, run)

    for frame in range(run.frames):
        boxes = detector.detect(run.conveyor.frame(run.belt_s(frame)))
        note(tracker.update(boxes, frame / run.fps, frame))
        progress(1)
    note(tracker.flush())
    return list(last.values())


def figures(run: Run, found: list[Found]) -> dict[str, Any]:
    """Recall (marks found), precision (detections that are a mark's only or first one), duplicates, and by label."""
    marks = {mark.mark_id: mark.label for mark in run.marks}
    times = Counter(one.mark_id for one in found if one.mark_id in marks)
    twice = [mark_id for mark_id, count in times.items() if count > 1]
    planted, hit = Counter(marks.values()), Counter(marks[mark_id] for mark_id in times)
    told = Counter(one.label for one in found)
    right = Counter(one.label for one in found if one.mark_id and marks.get(one.mark_id) == one.label)
    return {
        "seed": run.seed, "minutes": run.minutes, "fps": run.fps, "panes": run.panes, "motion": run.motion,
        "frame_widths_per_s": round(run.frame_widths_per_s, 4),
        "marks": len(marks), "found": len(times), "detections": len(found), "doubled": len(twice),
        "recall": round(len(times) / max(1, len(marks)), 4),
        "precision": round(len(times) / max(1, len(found)), 4),
        "duplicates": round(len(twice) / max(1, len(times)), 4),
        "by_label": {
            label: {
                "marks": planted[label], "recall": round(hit[label] / max(1, planted[label]), 4),
                "detections": told[label], "rightly_named": round(right[label] / max(1, told[label]), 4),
            }
            for label in LABELS
        },
    }  # fmt: skip


def as_text(of_run: dict[str, Any]) -> str:
    """The figures as a table."""
    lines = [f"{'':10}{'marks':>8}{'recall':>8}{'detections':>12}{'rightly named':>15}"]
    for label, row in of_run["by_label"].items():
        lines.append(
            f"{label:10}{row['marks']:8}{row['recall']:8.3f}{row['detections']:12}{row['rightly_named']:15.3f}"
        )
    lines.append(f"{'all':10}{of_run['marks']:8}{of_run['recall']:8.3f}{of_run['detections']:12}")
    return "\n".join([*lines, f"precision {of_run['precision']:.3f}, duplicates {of_run['duplicates']:.3f}"])


def draw_mistakes(run: Run, found: list[Found], directory: Path) -> int:
    """A picture of each mark that was missed, and of each detection that is false or a second one; returns how many.

    Green: detections that are right; red: marks missed, in the middle of their passage; blue: what was told wrongly.
    """
    directory.mkdir(parents=True, exist_ok=True)
    hit = {one.mark_id for one in found}
    missed = [mark for mark in run.marks if mark.mark_id not in hit]
    for mark in missed:
        belt_s = (mark.enters_s + mark.leaves_s) / 2
        canvas = run.conveyor.frame(belt_s)
        for seen in run.conveyor.truth(belt_s):
            if seen.mark_id == mark.mark_id:
                outline(canvas, seen.xyxyn, f"missed {mark.label}", MISSED_BGR)
        cv2.imwrite(str(directory / f"missed-{mark.mark_id}-{mark.label}.jpg"), canvas)
    first: set[str] = set()
    wrong = 0
    for one in sorted(found, key=lambda one: one.frame):
        again = one.mark_id in first
        if one.mark_id is None or again:
            canvas = run.conveyor.frame(run.belt_s(one.frame))
            for seen in run.conveyor.truth(run.belt_s(one.frame)):
                outline(canvas, seen.xyxyn, seen.label, FOUND_BGR)
            outline(canvas, one.corners, f"{one.label} {one.score:.2f}", FALSE_BGR)
            kind = f"again-{one.mark_id}" if again else "false"
            cv2.imwrite(str(directory / f"{kind}-{one.frame:06d}-{one.label}.jpg"), canvas)
            wrong += 1
        if one.mark_id is not None:
            first.add(one.mark_id)
    return len(missed) + wrong


def _found(event: TrackEvent, run: Run) -> Found:
    track = event.track
    corners = track.best_boxes[0].xyxyn
    frame = round(track.best_s * run.fps)
    overlaps = {mark.mark_id: iou(corners, mark.xyxyn) for mark in run.conveyor.truth(run.belt_s(frame))}
    best = max(overlaps, key=lambda mark_id: overlaps[mark_id], default=None)
    mark_id = best if best is not None and overlaps[best] >= MATCHING_IOU else None
    return Found(track.label, track.score, corners, frame, track.frames_confirmed, mark_id)
