"""Compares what is stored with what was planted. It shares nothing with the pipeline but the renderer's seed.

`python -m workbench.demo.truth STORE SEED FROM_S UNTIL_S` prints JSON. A row belongs to the planted mark that its box
covers in the picture at `frame_at`: same place, since the belt's time is Unix time.
"""

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from glassline.scene import Conveyor, PlantedMark, VisibleMark
from glassline.store import Defect, every_defect, open_store

MIN_OVERLAP = 0.3
FRAME_WH = (640, 480)
CLEAN_S = 10.0
"""For so long before the first planted pane the glass is clean: rows of that time are false, older ones not ours."""


@dataclass
class Comparison:
    """Rows by the planted mark they belong to; rows that belong to none."""

    planted: list[PlantedMark]
    found: dict[str, list[Defect]] = field(default_factory=dict)
    false: list[Defect] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """What the report says of it."""
        kinds = Counter(mark.label for mark in self.planted)
        found = [mark for mark in self.planted if mark.mark_id in self.found]
        found_kinds = Counter(mark.label for mark in found)
        right_label = sum(mark.label in {row.label for row in self.found[mark.mark_id]} for mark in found)
        return {
            "defects_planted": len(self.planted),
            "defects_found": len(found),
            "false_defects": len(self.false),
            "duplicate_defects": sum(len(rows) - 1 for rows in self.found.values()),
            "right_label": right_label,
            "by_kind": {kind: {"planted": n, "found": found_kinds[kind]} for kind, n in sorted(kinds.items())},
        }


def overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two xyxy boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(0.0, width) * max(0.0, height)
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / area if area > 0 else 0.0


def compare(rows: list[Defect], *, seed: int, from_s: float, until_s: float) -> Comparison:
    """Match rows with the marks of panes that entered the view from `from_s` to `until_s` (Unix seconds)."""
    belt = Conveyor(seed=seed, image_wh=FRAME_WH, from_s=from_s, until_s=until_s)
    result = Comparison(belt.planted(from_s, until_s + belt.passage_s))
    for row in rows:
        mark = _mark_of(row, belt.truth(row.frame_at.timestamp()))
        if mark is None:
            result.false.append(row)
        else:
            result.found.setdefault(mark.mark_id, []).append(row)
    return result


def _mark_of(row: Defect, visible: list[VisibleMark]) -> VisibleMark | None:
    scored = [(overlap(box.xyxyn, mark.xyxyn), mark) for box in row.boxes for mark in visible]
    best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return best[1] if best[0] >= MIN_OVERLAP else None


def main(store_url: str, seed: str, from_s: str, until_s: str) -> None:
    with open_store(store_url) as store:
        rows = [row for row in every_defect(store) if row.confirmed_at.timestamp() >= float(from_s) - CLEAN_S]
    comparison = compare(rows, seed=int(seed), from_s=float(from_s), until_s=float(until_s))
    stored_ms = [(row.stored_at - row.confirmed_at).total_seconds() * 1000 for row in rows]
    print(json.dumps({"defects_stored": len(rows), **comparison.figures(), "stored_ms": stored_ms}))


if __name__ == "__main__":
    main(*sys.argv[1:])
