"""Every kind of mark, drawn alone: visible, boxed, where it belongs."""

import numpy as np
import pytest

from glassline.scene.marks import LABELS, draw
from glassline.scene.sheet import VISIBLE_LEVELS, Look, Mark, Sheet, Site

ROOM = (10.0, 20.0, 300.0, 430.0)
EDGES = ("left", "right", "top", "bottom")


def _drawn(label: str, *, scale: float, back_lit: bool) -> list[Mark]:
    look = Look(back_lit=back_lit, base_bgr=(150, 160, 150), belt_bgr=(50, 50, 50))
    sheet = Sheet(wh_px=(round(340 * scale), round(480 * scale)), scale=scale)
    site = Site(rect=ROOM, edges=EDGES)
    marks = [draw(np.random.default_rng((3, number)), label, sheet, look, site) for number in range(40)]
    return [mark for mark in marks if mark is not None]


@pytest.mark.parametrize("back_lit", [False, True])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.25])
@pytest.mark.parametrize("label", LABELS)
def test_a_contained_mark_is_visible_and_lies_in_its_room(label: str, scale: float, back_lit: bool) -> None:
    marks = _drawn(label, scale=scale, back_lit=back_lit)
    assert len(marks) >= 34
    for mark in marks:
        assert mark.label == label
        assert float(np.abs(mark.levels).max()) > 2 * VISIBLE_LEVELS
        x0, y0, x1, y1 = mark.box_px
        assert ROOM[0] * scale - 4 <= x0 < x1 <= ROOM[2] * scale + 4
        assert ROOM[1] * scale - 4 <= y0 < y1 <= ROOM[3] * scale + 4


@pytest.mark.parametrize("label", LABELS)
def test_the_box_is_the_tightest_round_all_visible_pixels(label: str) -> None:
    for mark in _drawn(label, scale=1.0, back_lit=True):
        corner = np.array((mark.window.top, mark.window.left))
        visible = np.argwhere(np.abs(mark.levels) > VISIBLE_LEVELS) + corner
        (top, left), (bottom, right) = visible.min(axis=0), visible.max(axis=0) + 1
        assert mark.box_px == (left, top, right, bottom)


def test_chips_sit_on_an_edge_and_need_one() -> None:
    for mark in _drawn("chip", scale=1.0, back_lit=False):
        x0, y0, x1, y1 = mark.box_px
        gaps = (x0 - ROOM[0], y0 - ROOM[1], ROOM[2] - x1, ROOM[3] - y1)
        assert min(abs(gap) for gap in gaps) <= 2
    look = Look(back_lit=False, base_bgr=(150, 160, 150), belt_bgr=(50, 50, 50))
    assert draw(np.random.default_rng(1), "chip", Sheet(wh_px=(340, 480)), look, Site(rect=ROOM)) is None


def test_marks_show_dark_on_a_bright_field_and_bright_under_back_light() -> None:
    for label in ("scratch", "crack"):
        dark = np.mean([mark.levels.sum() for mark in _drawn(label, scale=1.0, back_lit=False)])
        bright = np.mean([mark.levels.sum() for mark in _drawn(label, scale=1.0, back_lit=True)])
        assert dark < 0 < bright
