"""The conveyor: the same pictures for everybody who knows the seed, and a truth that fits them."""

import hashlib
import math
import subprocess
import sys
import threading
import time
from collections import Counter

import cv2
import numpy as np
import pytest

from glassline.scene import LABELS, Conveyor

START_S = 1_790_000_000.0


def test_equal_seed_time_and_size_give_the_same_picture_whatever_was_asked_before() -> None:
    fresh, used = Conveyor(seed=5), Conveyor(seed=5)
    for step in range(30):
        used.frame(START_S + step)
    assert np.array_equal(fresh.frame(START_S + 1.25), used.frame(START_S + 1.25))
    assert fresh.truth(START_S + 1.25) == used.truth(START_S + 1.25)


def test_another_process_sees_the_same_picture_and_the_same_truth() -> None:
    script = (
        "import hashlib; from glassline.scene import Conveyor; c = Conveyor(seed=11);"
        f"print(hashlib.sha256(c.frame({START_S}).tobytes() + repr(c.truth({START_S})).encode()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    conveyor = Conveyor(seed=11)
    here = hashlib.sha256(conveyor.frame(START_S).tobytes() + repr(conveyor.truth(START_S)).encode()).hexdigest()
    assert other.stdout.strip() == here


def test_another_seed_shows_other_panes() -> None:
    assert not np.array_equal(Conveyor(seed=1).frame(START_S), Conveyor(seed=2).frame(START_S))
    ids = {mark.mark_id: mark.label for mark in Conveyor(seed=1).planted(START_S, START_S + 30)}
    others = {mark.mark_id: mark.label for mark in Conveyor(seed=2).planted(START_S, START_S + 30)}
    assert ids != others


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_boxes_hold_what_differs_from_clean_glass_and_nothing_else_differs(seed: int) -> None:
    marked, clean = Conveyor(seed=seed), Conveyor(seed=seed, until_s=-math.inf)
    looked_at = 0
    for step in range(8):
        time_s = START_S + 3.7 * step
        change = cv2.absdiff(marked.frame(time_s), clean.frame(time_s)).max(axis=2)
        outside = change.copy()
        for mark in marked.truth(time_s):
            left, top, right, bottom = (
                round(value * side) for value, side in zip(mark.xyxyn, (640, 480, 640, 480), strict=True)
            )
            outside[max(0, top - 6) : bottom + 6, max(0, left - 6) : right + 6] = 0
            if mark.visible_share == 1:
                looked_at += 1
                assert int(change[top:bottom, left:right].max()) >= 15, f"nobody can see {mark}"
        assert int((outside > 12).sum()) == 0
    assert looked_at >= 8


def test_a_mark_moves_left_with_the_belt() -> None:
    conveyor = Conveyor(seed=4)
    later = {mark.mark_id: mark for mark in conveyor.truth(START_S + 0.1)}
    moved = [
        (mark.xyxyn[0] - later[mark.mark_id].xyxyn[0]) * 640
        for mark in conveyor.truth(START_S)
        if mark.visible_share == 1 and later[mark.mark_id].visible_share == 1
    ]
    assert moved
    assert all(abs(shift - 20) <= 1 for shift in moved)


@pytest.mark.parametrize("seed", [0, 7, 8, 123])
def test_a_minute_brings_at_least_forty_marks_of_all_kinds_and_some_clean_panes(seed: int) -> None:
    planted = Conveyor(seed=seed).planted(START_S, START_S + 60)
    kinds = Counter(mark.label for mark in planted)
    panes = {mark.mark_id.split("-")[0] for mark in planted}
    assert len(planted) >= 40
    assert set(kinds) == set(LABELS)
    assert min(kinds.values()) >= 3
    assert len({mark.mark_id for mark in planted}) == len(planted)
    first, last = (int(pane) for pane in (min(panes), max(panes)))
    assert len(panes) < last - first + 1


def test_a_passage_begins_and_ends_when_the_mark_is_first_and_last_seen() -> None:
    conveyor = Conveyor(seed=9)

    def share(mark_id: str, time_s: float) -> float:
        return sum(mark.visible_share for mark in conveyor.truth(time_s) if mark.mark_id == mark_id)

    for mark in conveyor.planted(START_S, START_S + 15):
        assert share(mark.mark_id, mark.enters_s - 0.02) == 0
        assert 0 < share(mark.mark_id, mark.enters_s + 0.03) < 1
        assert share(mark.mark_id, (mark.enters_s + mark.leaves_s) / 2) == 1
        assert 0 < share(mark.mark_id, mark.leaves_s - 0.03) < 1
        assert share(mark.mark_id, mark.leaves_s + 0.02) == 0
        ticks = np.arange(mark.enters_s, mark.leaves_s, 0.05)
        in_full_s = 0.05 * sum(share(mark.mark_id, float(tick)) == 1 for tick in ticks)
        assert 1.6 <= in_full_s <= 3.3


def test_only_passages_wholly_inside_the_interval_are_planted() -> None:
    conveyor = Conveyor(seed=9)
    wide = conveyor.planted(START_S, START_S + 40)
    narrow = conveyor.planted(START_S + 10, START_S + 25)
    assert narrow == [mark for mark in wide if mark.enters_s >= START_S + 10 and mark.leaves_s <= START_S + 25]


def test_a_bounded_run_shows_exactly_its_planted_marks() -> None:
    begin_s, end_s = START_S + 10, START_S + 30
    conveyor = Conveyor(seed=3, from_s=begin_s, until_s=end_s)
    shown = {
        mark.mark_id
        for tick in np.arange(START_S, end_s + 3 * conveyor.passage_s, 0.25)
        for mark in conveyor.truth(float(tick))
    }
    assert shown == {mark.mark_id for mark in conveyor.planted(begin_s, end_s + conveyor.passage_s)}
    assert len(shown) >= 8


def test_marks_of_a_pane_keep_clear_of_one_another() -> None:
    conveyor = Conveyor(seed=21)
    pairs = 0
    for step in range(40):
        marks = [mark for mark in conveyor.truth(START_S + 1.7 * step) if mark.visible_share == 1]
        for k, one in enumerate(marks):
            for other in marks[k + 1 :]:
                a, b = one.xyxyn, other.xyxyn
                pairs += 1
                assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3], f"{one} touches {other}"
    assert pairs >= 20


@pytest.mark.parametrize("image_wh", [(320, 240), (640, 640), (1280, 720), (360, 640), (641, 487)])
def test_any_image_size_shows_marks_inside_the_frame(image_wh: tuple[int, int]) -> None:
    conveyor = Conveyor(seed=2, image_wh=image_wh)
    seen = 0
    for step in range(6):
        frame = conveyor.frame(START_S + 2.9 * step)
        assert frame.shape == (image_wh[1], image_wh[0], 3)
        assert frame.dtype == np.uint8
        for mark in conveyor.truth(START_S + 2.9 * step):
            x0, y0, x1, y1 = mark.xyxyn
            assert 0 <= x0 < x1 <= 1
            assert 0 <= y0 < y1 <= 1
            assert 0 < mark.visible_share <= 1
            seen += 1
    assert seen


def test_no_column_of_the_view_is_left_without_belt_or_glass() -> None:
    for image_wh in ((640, 480), (333, 251)):
        conveyor = Conveyor(seed=6, image_wh=image_wh)
        for step in range(40):
            columns = conveyor.frame(START_S + 0.217 * step).astype(np.float32).mean(axis=(0, 2))
            assert columns.min() > 20


def test_a_frame_costs_little_even_when_a_new_pane_comes_in() -> None:
    conveyor = Conveyor(seed=5)
    conveyor.prepare(START_S)
    begin_s = time.process_time()
    for step in range(100):
        conveyor.frame(START_S + step / 20)
    assert (time.process_time() - begin_s) / 100 <= 0.008


def test_panes_prepared_by_another_thread_are_the_same_panes() -> None:
    ahead, alone = Conveyor(seed=13), Conveyor(seed=13)
    times_s = [START_S + 0.4 * step for step in range(20)]
    worker = threading.Thread(target=lambda: [ahead.prepare(time_s + 1) for time_s in times_s])
    worker.start()
    pictures = [ahead.frame(time_s) for time_s in times_s]
    worker.join(timeout=60)
    assert not worker.is_alive()
    assert all(np.array_equal(picture, alone.frame(t)) for picture, t in zip(pictures, times_s, strict=True))


def test_nonsense_is_refused_with_what_was_expected() -> None:
    with pytest.raises(ValueError, match="seed must be 0 or more, got -1"):
        Conveyor(seed=-1)
    with pytest.raises(ValueError, match="at least 16 x 16"):
        Conveyor(seed=1, image_wh=(640, 0))
    for time_s in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="time_s must be Unix seconds"):
            Conveyor(seed=1).frame(time_s)


def test_a_mark_at_the_border_is_boxed_by_the_part_in_view() -> None:
    marked, clean = Conveyor(seed=8), Conveyor(seed=8, until_s=-math.inf)
    parts = 0
    for step in range(60):
        time_s = START_S + 0.41 * step
        change = cv2.absdiff(marked.frame(time_s), clean.frame(time_s)).max(axis=2)
        for mark in marked.truth(time_s):
            if not 0.2 < mark.visible_share < 0.8:
                continue
            left, top, right, bottom = (
                round(value * side) for value, side in zip(mark.xyxyn, (640, 480, 640, 480), strict=True)
            )
            parts += 1
            assert int(change[top, left:right].max()) >= 3
            assert int(change[bottom - 1, left:right].max()) >= 3
    assert parts >= 10
