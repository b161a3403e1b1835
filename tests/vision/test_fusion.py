"""Boxes of several looks at one picture: what belongs together becomes one, and nothing is counted twice."""

import numpy as np
import pytest

from glassline.vision.boxes import Found
from glassline.vision.fusion import fuse


def fused(*seen: tuple[int, int, float, list[float]], looks: int = 4) -> list[tuple[int, float, list[float], int]]:
    """(class, score, corners, which of them) of boxes given as (look, class, score, corners)."""
    found = Found(
        np.array([corners for *_, corners in seen], float).reshape(-1, 4),
        np.array([score for _, _, score, _ in seen], float),
        np.array([class_id for _, class_id, _, _ in seen], int),
        np.arange(len(seen))[:, None],
    )
    got = fuse(found, np.array([look for look, *_ in seen], int), looks=looks)
    return [
        (int(class_id), round(float(score), 6), corners, int(best[0]))
        for class_id, score, corners, best in zip(
            got.class_ids, got.scores, got.xyxy.round(6).tolist(), got.coefficients, strict=True
        )
    ]


def test_corners_are_weighted_by_score_and_scores_are_shared_among_all_looks() -> None:
    one, other = [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.8, 1.0]
    assert fused((0, 0, 0.2, other), (1, 0, 0.6, one)) == [(0, 0.2, [0, 0, 0.95, 1], 1)]


def test_what_every_look_shows_keeps_its_score() -> None:
    box = [0.1, 0.2, 0.3, 0.4]
    assert fused(*((look, 2, 0.7, box) for look in range(4))) == [(2, 0.7, box, 0)]


def test_one_look_counts_once_in_a_box() -> None:
    box, nearly = [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9]
    assert fused((0, 0, 0.8, box), (0, 0, 0.4, nearly)) == [(0, 0.2, box, 0), (0, 0.1, nearly, 1)]


def test_other_classes_and_other_places_stay_apart() -> None:
    here, there = [0.0, 0.0, 0.4, 0.4], [0.5, 0.5, 0.9, 0.9]
    got = fused((0, 0, 0.8, here), (1, 1, 0.6, here), (2, 0, 0.4, there), looks=1 + 2)
    assert [(class_id, best) for class_id, _, _, best in got] == [(0, 0), (1, 1), (0, 2)]


def test_a_box_joins_the_one_that_it_overlaps_most() -> None:
    left, right, between = [0.0, 0.0, 10.0, 1.0], [4.0, 0.0, 14.0, 1.0], [2.5, 0.0, 12.5, 1.0]
    got = fused((0, 0, 0.9, left), (0, 0, 0.8, right), (1, 0, 0.4, between), looks=2)
    assert [(score, best) for _, score, _, best in got] == [(0.6, 1), (0.45, 0)]


@pytest.mark.parametrize("score", [0.0, None])
def test_nothing_seen_is_nothing(score: float | None) -> None:
    assert fused(*([] if score is None else [(0, 0, score, [0.0, 0.0, 1.0, 1.0])])) == []
