"""Region, labels and thresholds: what counts, what is refused, and that it is kept."""

import math

import pytest
from pydantic import ValidationError

from glassline.contract import Box
from glassline.contract.tunable import MAX_CORNERS
from glassline.vision import ModelCard, Tracker
from pi_node.config.attention import Attention, is_inside
from pi_node.config.in_force import Config
from pi_node.config.running import ConfigError
from pi_node.settings import NodeSettings

CARD = ModelCard(labels=("crack", "scratch", "stain"), score_threshold=0.3)
L_SHAPE = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.5), (0.5, 0.5), (0.5, 0.9), (0.1, 0.9)]


def box(x=0.4, y=0.4, *, label="crack", score=0.9):
    return Box(label=label, score=score, xyxyn=(x - 0.05, y - 0.05, x + 0.05, y + 0.05))


def circle(corners):
    """A polygon of which each corner takes 17 bytes: five decimals."""
    turns = [k / corners * math.tau for k in range(corners)]
    return [(round(0.5 + math.cos(turn) / 3, 5), round(0.5 + math.sin(turn) / 3, 5)) for turn in turns]


def config(tmp_path, **settings):
    made = Config(settings=NodeSettings(**settings), path=tmp_path / "config.json")
    made.load()
    return made


def test_the_centre_of_a_box_decides_whether_it_is_in_the_region():
    attention = Attention(score_threshold=0.3, region=L_SHAPE)
    inside, astride, notch, outside = box(0.3, 0.3), box(0.12, 0.3), box(0.7, 0.7), box(0.08, 0.3)
    assert attention.of([inside, astride, notch, outside]) == [inside, astride]
    assert Attention(score_threshold=0.3).of([outside]) == [outside]


def test_points_in_a_region_are_told_whichever_way_round_it_is_drawn():
    for polygon in (L_SHAPE, L_SHAPE[::-1]):
        assert is_inside((0.2, 0.8), polygon)
        assert is_inside((0.8, 0.2), polygon)
        assert not is_inside((0.8, 0.8), polygon)
        assert not is_inside((0.95, 0.2), polygon)


def test_a_label_that_is_off_and_boxes_below_half_of_their_threshold_do_not_count():
    attention = Attention(score_threshold=0.4, label_thresholds={"scratch": 0.8}, labels_off=frozenset({"stain"}))
    faint = [box(score=0.25), box(label="scratch", score=0.45)]
    assert attention.of([*faint, box(label="stain"), box(score=0.19), box(label="scratch", score=0.39)]) == faint


def test_the_detector_is_told_what_each_label_wants_and_what_is_never_wanted():
    attention = Attention(score_threshold=0.4, label_thresholds={"a": 0.1, "b": 0.9}, labels_off=frozenset("a"))
    assert attention.label_scores == {"a": math.inf, "b": 0.9}


def test_a_mark_below_the_threshold_of_its_label_is_never_told():
    attention = Attention(score_threshold=0.3, label_thresholds={"scratch": 0.8, "stain": 0.1})
    tracker, told = Tracker(settings=attention.tracker_settings()), []
    for k in range(10):
        boxes = [box(label="scratch", score=0.6), box(0.7, label="stain", score=0.15), box(0.7, 0.8, score=0.4)]
        told += tracker.update(attention.of(boxes), k / 10, frame=None)
    assert sorted(event.track.label for event in told) == ["crack", "stain"]


def test_what_is_changed_is_in_force_over_a_restart_and_null_takes_it_back(tmp_path):
    first = config(tmp_path, label_thresholds="crack=0.4", region="0,0 1,0 1,0.5")
    wanted = {"region": L_SHAPE, "label_thresholds": {"stain": 0.7}, "labels_off": ["scratch"], "score_threshold": 0.5}
    first.change(wanted, labels=CARD.labels)
    attention = config(tmp_path).running().attention(CARD)
    assert attention.score_threshold == 0.5
    assert attention.label_thresholds == {"stain": 0.7}
    assert attention.labels_off == {"scratch"}
    assert [tuple(point) for point in attention.region] == L_SHAPE
    again = config(tmp_path, label_thresholds="crack=0.4", region="0,0 1,0 1,0.5")
    again.change(dict.fromkeys(wanted), labels=CARD.labels)
    attention = config(tmp_path, label_thresholds="crack=0.4", region="0,0 1,0 1,0.5").running().attention(CARD)
    assert (attention.score_threshold, attention.label_thresholds) == (CARD.score_threshold, {"crack": 0.4})
    assert len(attention.region) == 3


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"region": []}, "config.region_invalid"),
        ({"region": [[0, 0], [1, 1]]}, "config.region_invalid"),
        ({"region": [[0, 0], [0.5, 0.5], [1, 1]]}, "config.region_invalid"),
        ({"region": [[0, 0], [1, 0], [1, 1.5]]}, "config.region_invalid"),
        ({"region": 7}, "config.region_invalid"),
        ({"label_thresholds": {"crack": 1.2}}, "config.threshold_invalid"),
        ({"label_thresholds": {"crack": "much"}}, "config.threshold_invalid"),
        ({"label_thresholds": "crack"}, "config.threshold_invalid"),
        ({"score_threshold": -0.1}, "config.threshold_invalid"),
        ({"score_threshold": float("nan")}, "config.threshold_invalid"),
        ({"label_thresholds": {"dent": 0.5}}, "config.label_unknown"),
        ({"labels_off": ["dent"]}, "config.label_unknown"),
        ({"live_fps": 0}, "config.invalid"),
        ({"detect_fps": 1e-12}, "config.invalid"),
        ({"colour": "red"}, "config.unknown"),
    ],
)
def test_nonsense_is_refused_with_a_code_and_changes_nothing(tmp_path, wanted, code):
    made = config(tmp_path)
    before = made.running()
    with pytest.raises(ConfigError) as refused:
        made.change({"detect_fps": 3} | wanted, labels=CARD.labels)
    assert refused.value.code == code
    assert made.running() == before == config(tmp_path).running()


def test_a_region_of_too_many_corners_is_refused_and_told_how_many_there_may_be(tmp_path):
    for corners in (MAX_CORNERS + 1, 2500):
        with pytest.raises(ConfigError, match=f"at most {MAX_CORNERS} corners.*got {corners}") as refused:
            config(tmp_path).change({"region": circle(corners)})
        assert refused.value.code == "config.region_invalid"
        with pytest.raises(ValidationError, match=f"at most {MAX_CORNERS} corners"):
            NodeSettings(region=" ".join(f"{x},{y}" for x, y in circle(corners)))


def test_labels_set_up_for_another_model_do_no_harm(tmp_path, caplog):
    made = config(tmp_path, labels_off="dent, crack")
    made.warn_of_labels(CARD)
    assert "dent" in caplog.text
    assert "crack" not in caplog.text
    assert made.change({"live_fps": 5}, labels=CARD.labels).live_fps == 5
    assert made.change({"label_thresholds": {"crack": 0.4}}, labels=CARD.labels).labels_off == ["dent", "crack"]


@pytest.mark.parametrize(
    "wrong",
    [{"region": "0,0 1,0"}, {"region": "0;0 1;0 1;1"}, {"label_thresholds": "crack"}, {"label_thresholds": "crack=2"}],
)
def test_settings_that_make_no_sense_are_refused_at_the_start(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        NodeSettings(**wrong)
