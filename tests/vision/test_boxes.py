"""Overlap, decoding of raw output, suppression."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from glassline.vision.boxes import Found, decode, inside, iou, one_per_mark, suppress

SIDES = st.floats(0, 400, width=32)


@st.composite
def found(draw: st.DrawFn, max_size: int = 25) -> Found:
    """Boxes of three classes, best first."""
    count = draw(st.integers(0, max_size))
    corners = draw(arrays.arrays(np.float64, (count, 4), elements=SIDES))
    xyxy = np.concatenate((np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])), 1)
    scores = np.sort(draw(arrays.arrays(np.float64, count, elements=st.floats(0, 1))))[::-1]
    return Found(xyxy, scores, draw(arrays.arrays(np.int64, count, elements=st.integers(0, 2))), np.zeros((count, 0)))


def xyxy(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 4)


def found_of(*rows: tuple[tuple[float, float, float, float], float, int]) -> Found:
    boxes, scores, class_ids = zip(*rows, strict=True)
    return Found(xyxy(*boxes), np.array(scores), np.array(class_ids), np.zeros((len(scores), 0)))


def test_overlap_of_hand_made_boxes() -> None:
    a = xyxy((0, 0, 10, 10))
    b = xyxy((0, 0, 10, 10), (5, 0, 15, 10), (2, 2, 4, 4), (20, 20, 30, 30), (3, 3, 3, 9))
    assert iou(a, b)[0] == pytest.approx([1, 50 / 150, 4 / 100, 0, 0])
    assert inside(a, b)[0] == pytest.approx([1, 0.5, 1, 0, 0])


@settings(deadline=None)
@given(found(), found())
def test_overlap_is_symmetric_and_a_share(one: Found, other: Found) -> None:
    for overlap in (iou, inside):
        shares = overlap(one.xyxy, other.xyxy)
        assert shares.shape == (len(one.xyxy), len(other.xyxy))
        assert ((shares >= 0) & (shares <= 1 + 1e-9)).all()
        assert np.allclose(shares, overlap(other.xyxy, one.xyxy).T)


@settings(deadline=None)
@given(arrays.arrays(np.float32, (4 + 3 + 2, 40), elements=st.floats(0, 1, width=32)), st.floats(0.1, 0.9))
def test_decoding_agrees_with_a_plain_loop(raw: np.ndarray, min_score: float) -> None:
    expected = []
    for x, y, w, h, *rows in raw.T.tolist():
        best = max(rows[:3])
        if best >= np.float32(min_score):
            expected.append(((x - w / 2, y - h / 2, x + w / 2, y + h / 2), best, rows[:3].index(best)))
    expected.sort(key=lambda box: -box[1])
    got = decode(raw, class_count=3, min_score=float(np.float32(min_score)))
    assert got.scores.tolist() == [score for _, score, _ in expected]
    assert got.class_ids.tolist() == [class_id for _, _, class_id in expected]
    assert np.allclose(got.xyxy, xyxy(*(box for box, _, _ in expected)), atol=1e-6)


@settings(deadline=None)
@given(arrays.arrays(np.float32, (4 + 3, 40), elements=st.floats(0, 1, width=32)), st.floats(0.1, 0.9))
def test_with_every_label_a_place_gives_a_box_for_each_that_it_reaches(raw: np.ndarray, min_score: float) -> None:
    least = np.float32(min_score)
    expected = sorted(-score for rows in raw[4:].tolist() for score in rows if score >= least)
    got = decode(raw, class_count=3, min_score=float(least), every_label=True)
    assert (-got.scores).tolist() == expected
    places = [np.flatnonzero(raw[4 + label] == score) for label, score in zip(got.class_ids, got.scores, strict=True)]
    centres, got_centres = raw[:2].T, (got.xyxy[:, :2] + got.xyxy[:, 2:]) / 2
    for place, centre in zip(places, got_centres, strict=True):
        assert np.abs(centres[place] - centre).max(axis=1).min() < 1e-6


def test_rows_of_mask_coefficients_are_never_taken_for_scores() -> None:
    raw = np.zeros((4 + 2 + 32, 5), np.float32)
    raw[6:] = 7.0
    raw[:6, 3] = (100, 50, 20, 10, 0.1, 0.8)
    got = decode(raw, class_count=2, min_score=0.25)
    assert (got.xyxy.tolist(), got.class_ids.tolist()) == ([[90, 45, 110, 55]], [1])


def test_scores_a_little_above_one_and_no_numbers_do_no_harm() -> None:
    raw = np.zeros((5, 2), np.float32)
    raw[4] = (1.0001, np.nan)
    assert decode(raw, class_count=1, min_score=0.5).scores.tolist() == [1.0]


@settings(deadline=None)
@given(found(), st.floats(0.1, 0.9))
def test_suppression_keeps_no_two_that_overlap_and_drops_nothing_else(boxes: Found, threshold: float) -> None:
    kept = suppress(boxes, iou_threshold=threshold)
    overlap = iou(boxes.xyxy, kept.xyxy)
    same = boxes.class_ids[:, None] == kept.class_ids[None]
    among_kept = (iou(kept.xyxy, kept.xyxy) > threshold) & (kept.class_ids[:, None] == kept.class_ids[None])
    assert not (among_kept & ~np.eye(len(kept.scores), dtype=bool)).any()
    is_kept = (boxes.xyxy[:, None] == kept.xyxy[None]).all(axis=2) & (boxes.scores[:, None] == kept.scores) & same
    better = (kept.scores[None] >= boxes.scores[:, None]) & (overlap > threshold) & same
    assert (is_kept.any(axis=1) | better.any(axis=1)).all()
    assert suppress(kept, iou_threshold=threshold).scores.tolist() == kept.scores.tolist()


def test_a_label_that_is_not_wanted_hides_none_that_is() -> None:
    raw = np.zeros((6, 2), np.float32)
    raw[:, 0] = (50, 50, 20, 20, 0.9, 0.4)
    raw[:, 1] = (51, 50, 20, 20, 0.8, 0.1)
    got = one_per_mark(decode(raw, class_count=2, min_score=np.array([np.inf, 0.3])))
    assert got.class_ids.tolist() == [1]
    assert got.scores.tolist() == pytest.approx([0.4])


def test_suppression_stops_at_the_largest_number_of_boxes() -> None:
    apart = found_of(*(((20.0 * k, 0, 20.0 * k + 10, 10), 0.9, 0) for k in range(10)))
    assert len(suppress(apart, iou_threshold=0.7, max_boxes=4).scores) == 4


@pytest.mark.parametrize(
    ("case", "rows", "kept"),
    [
        ("one mark under two labels", [((0, 0, 10, 10), 0.9, 0), ((1, 0, 11, 10), 0.8, 1)], [0]),
        ("a piece of a long mark", [((0, 0, 100, 10), 0.9, 0), ((60, 0, 101, 10), 0.8, 0)], [0]),
        ("a whole behind its surer piece", [((60, 0, 100, 10), 0.9, 0), ((0, 0, 100, 10), 0.8, 0)], [0]),
        ("another mark in the box of a slanting one", [((0, 0, 100, 100), 0.9, 0), ((20, 70, 30, 80), 0.8, 1)], [0, 1]),
        ("a short scratch in the box of a long one", [((0, 0, 100, 100), 0.9, 0), ((5, 70, 40, 90), 0.8, 0)], [0, 1]),
        ("marks in the box of a whole pane", [((0, 0, 400, 400), 0.9, 2), ((5, 5, 90, 90), 0.8, 0)], [0, 1]),
        ("marks side by side", [((0, 0, 10, 10), 0.9, 0), ((7, 0, 17, 10), 0.8, 0)], [0, 1]),
    ],
)
def test_one_box_per_mark(case: str, rows: list, kept: list[int]) -> None:
    boxes = found_of(*rows)
    assert one_per_mark(boxes).scores.tolist() == boxes.scores[kept].tolist(), case


def test_nothing_found_stays_nothing() -> None:
    nothing = decode(np.zeros((6, 50), np.float32), class_count=2, min_score=0.1)
    assert one_per_mark(suppress(nothing, iou_threshold=0.7)).xyxy.shape == (0, 4)


def test_a_frame_full_of_candidates_is_decoded_in_far_less_than_a_frame_time() -> None:
    rng = np.random.default_rng(1)
    raw = np.concatenate((rng.uniform(0, 416, (4, 3549)), rng.uniform(0, 1, (5, 3549)))).astype(np.float32)
    raw[2:4] /= 8
    begin = time.process_time()
    boxes = one_per_mark(suppress(decode(raw, class_count=5, min_score=0.3), iou_threshold=0.7))
    assert time.process_time() - begin < 1.0
    assert 0 < len(boxes.scores) <= 300
