"""The events bar: detections against the marks that passed, reckoned on small runs."""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from glassline.contract import Box
from glassline.scene.dataset import FIRST_TRAINING_SEED
from workbench.events import Found, Run, draw_mistakes, figures, watch
from workbench.model import app

SMALL = {"seed": 4711, "minutes": 0.5, "fps": 5.0, "panes": 5}


@dataclass
class Knowing:
    """A detector that reads the truth of its run, but for the marks it is blind for; it is asked frame by frame."""

    run: Run
    blind: frozenset[str] = frozenset()
    score_threshold: float = 0.3
    asked: int = 0

    def detect(self, bgr: np.ndarray) -> list[Box]:
        seen = self.run.conveyor.truth(self.run.belt_s(self.asked))
        self.asked += 1
        return [
            Box(label=mark.label, score=0.9, xyxyn=mark.xyxyn)
            for mark in seen
            if mark.mark_id not in self.blind and mark.visible_share > 0.2
        ]


@pytest.mark.parametrize("motion", ["steady", "stop-and-go"])
def test_the_belt_brings_all_panes_past_the_camera_in_the_time_given(motion: str) -> None:
    run = Run(**SMALL, motion=motion)
    belt = [run.belt_s(frame) for frame in range(run.frames + 1)]
    assert belt == sorted(belt)
    assert not run.conveyor.truth(belt[0])
    assert not run.conveyor.truth(belt[-1])
    seen = {mark.mark_id for belt_s in belt for mark in run.conveyor.truth(belt_s)}
    assert seen == {mark.mark_id for mark in run.marks}
    assert {int(mark_id.split("-")[0]) for mark_id in seen} <= set(range(5_000_000, 5_000_005))
    standing = sum(a == b for a, b in pairwise(belt))
    assert (standing > 0.5 * run.frames) == (motion == "stop-and-go")


@pytest.mark.parametrize("motion", ["steady", "stop-and-go"])
def test_a_detector_that_sees_all_gets_full_marks(motion: str) -> None:
    run = Run(**SMALL, motion=motion)
    got = figures(run, watch(Knowing(run), run, progress=lambda _: None))
    assert got["marks"] == len(run.marks) >= 4
    assert (got["recall"], got["precision"], got["duplicates"]) == (1, 1, 0)


def test_what_is_missed_false_and_told_twice_is_counted_and_drawn(tmp_path: Path) -> None:
    run = Run(**SMALL)
    blind = run.marks[0]
    found = watch(Knowing(run, frozenset({blind.mark_id})), run, progress=lambda _: None)
    again = found[0]
    found = [*found, again, Found("stain", 0.5, (0.0, 0.0, 0.01, 0.01), 10, 4, None)]
    got, marks = figures(run, found), len(run.marks)
    assert got["recall"] == pytest.approx((marks - 1) / marks, abs=1e-4)
    assert got["precision"] == pytest.approx((marks - 1) / (marks + 1), abs=1e-4)
    assert got["duplicates"] == pytest.approx(1 / (marks - 1), abs=1e-4)
    assert got["by_label"][blind.label]["recall"] < 1
    assert draw_mistakes(run, found, tmp_path) == 3
    assert sorted(path.name.split("-")[0] for path in tmp_path.glob("*.jpg")) == ["again", "false", "missed"]


def test_the_shipped_model_finds_most_on_a_short_run(tmp_path: Path) -> None:
    command = ["events", "--minutes", "0.35", "--fps", "5", "--panes", "4", "--seed", "4711", "--json"]
    result = CliRunner().invoke(app, [*command, "--mistakes", str(tmp_path)])
    assert result.exit_code == 0, result.output
    got = json.loads(result.stdout)
    assert got["marks"] >= 4
    assert got["recall"] >= 0.7
    assert got["precision"] >= 0.7


def test_seeds_of_training_are_refused() -> None:
    result = CliRunner().invoke(app, ["events", "--seed", str(FIRST_TRAINING_SEED)])
    assert result.exit_code == 1
    assert "training" in result.output
