"""Worn glass: boxes that fit the picture, in both lights, with clutter that nobody labels."""

import numpy as np
import pytest

from glassline.scene.sheet import Sheet
from glassline.scene.worn import WORN_KINDS, render_worn
from glassline.scene.worn.band import band
from glassline.scene.worn.blot import blow, spot
from glassline.scene.worn.fracture import fracture
from glassline.scene.worn.leaf import dashes, leaf
from glassline.scene.worn.thread import thread


def test_a_picture_follows_from_its_random_numbers_and_its_boxes_lie_in_it() -> None:
    boxes = 0
    for seed in range(12):
        worn = render_worn(np.random.default_rng(seed), side_px=320)
        assert worn.bgr.shape == (320, 320, 3)
        assert worn.bgr.dtype == np.uint8
        again = render_worn(np.random.default_rng(seed), side_px=320)
        assert np.array_equal(worn.bgr, again.bgr)
        for mark in worn.marks:
            x0, y0, x1, y1 = mark.box_px
            assert mark.label in WORN_KINDS
            assert 0 <= x0 < x1 <= 320
            assert 0 <= y0 < y1 <= 320
        boxes += len(worn.marks)
    assert boxes >= 12


def test_clean_glass_has_clutter_but_no_marks() -> None:
    pictures = [render_worn(np.random.default_rng(seed), side_px=320, clean=True) for seed in range(6)]
    assert all(not worn.marks for worn in pictures)
    assert max(float(worn.bgr.std()) for worn in pictures) > 2


@pytest.mark.parametrize("drawer", [band, thread, fracture, leaf, dashes, blow, spot])
@pytest.mark.parametrize("back_lit", [False, True])
def test_every_mark_shows_inside_its_box_and_hardly_beside_it(drawer, back_lit: bool) -> None:  # type: ignore[no-untyped-def]
    sheet = Sheet(wh_px=(320, 320), scale=0.5)
    drawn = [drawer(np.random.default_rng((4, number)), sheet, back_lit=back_lit) for number in range(30)]
    marks = [getattr(found, "mark", found) for found in drawn if found is not None]
    assert len(marks) >= 12
    for mark in marks:
        changed = np.zeros((320, 320, 3), np.float32)
        mark.apply(changed)
        strength = np.abs(changed).sum(axis=2)
        x0, y0, x1, y1 = mark.box_px
        assert strength[y0:y1, x0:x1].max() > 8
        assert strength[y0:y1, x0:x1].sum() > 0.7 * strength.sum()
