"""Scores that can be reckoned by hand."""

import cv2
import numpy as np
import pytest

from workbench.evaluation import photograph_figures
from workbench.scoring import (
    FoundBox,
    Looked,
    average_precision,
    false_alarms,
    hits,
    iou,
    label_figures,
    recall_by_label,
)
from workbench.subtraction import subtract_background

LEFT, RIGHT, FAR = (0.0, 0.0, 0.2, 0.2), (0.5, 0.0, 0.7, 0.2), (0.0, 0.8, 0.1, 0.9)


def test_overlap_is_shared_area_over_area_covered_together() -> None:
    assert iou((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert iou((0, 0, 1, 1), (1, 0, 2, 1)) == 0
    assert iou(LEFT, LEFT) == pytest.approx(1)


def test_a_truth_is_found_once_and_by_the_best_scored_box() -> None:
    looked = Looked([("a", LEFT)], [FoundBox(0.4, "a", LEFT), FoundBox(0.9, "b", LEFT)])
    assert [(box.score, hit) for box, hit in hits(looked)] == [(0.9, 0), (0.4, None)]


def test_average_precision_is_the_area_under_the_envelope() -> None:
    """Right, wrong, right, and one truth never found: 1/3 x 1 + 1/3 x 2/3."""
    found = [FoundBox(0.9, "a", LEFT), FoundBox(0.8, "a", FAR), FoundBox(0.7, "a", RIGHT)]
    looked = Looked([("a", LEFT), ("a", RIGHT), ("a", (0.0, 0.5, 0.1, 0.6))], found)
    assert average_precision([looked]) == pytest.approx(1 / 3 + 2 / 9)
    assert average_precision([Looked([], found)]) == 0
    assert average_precision([Looked([("a", LEFT)], [])]) == 0


def test_a_wrong_label_counts_against_the_label_but_not_without_labels() -> None:
    looked = Looked([("a", LEFT), ("b", RIGHT)], [FoundBox(0.9, "a", LEFT), FoundBox(0.9, "a", RIGHT)])
    assert average_precision([looked]) == pytest.approx(1)
    assert recall_by_label([looked], 0.5) == {"a": 1.0, "b": 1.0}
    assert recall_by_label([looked], 0.95) == {"a": 0.0, "b": 0.0}
    figures = label_figures([looked], "b", 0.5)
    assert (figures["boxes"], figures["recall"], figures["ap50"]) == (1, 0.0, 0.0)
    assert label_figures([looked], "a", 0.5)["precision"] == 0.5


def test_a_false_alarm_is_a_box_that_finds_nothing_from_the_score_on() -> None:
    found = [FoundBox(0.9, "a", LEFT), FoundBox(0.8, "a", FAR), FoundBox(0.2, "a", FAR)]
    assert false_alarms(Looked([("a", LEFT)], found), 0.3) == 1
    assert false_alarms(Looked([], found), 0.3) == 2
    figures = photograph_figures([Looked([("a", LEFT)], found), Looked([], found)], score_threshold=0.1)
    assert (figures["false_per_picture"], figures["clean_pictures"], figures["false_per_clean_picture"]) == (2.5, 1, 3)


def test_background_subtraction_boxes_what_differs_and_nothing_else() -> None:
    rng = np.random.default_rng(5)
    picture = np.clip(180 + rng.normal(0, 1, (480, 640, 1)) + np.linspace(-20, 20, 640)[None, :, None], 0, 255)
    bgr = np.repeat(picture.astype(np.uint8), 3, axis=2)
    cv2.rectangle(bgr, (100, 60), (199, 99), (60, 60, 60), -1)
    (box,) = subtract_background(bgr)
    assert iou(box.corners, (100 / 640, 60 / 480, 200 / 640, 100 / 480)) > 0.9
