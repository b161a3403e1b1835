"""Several looks at one picture, for real: a tiny model that sees each mirror image, masks and all."""

from pathlib import Path

import numpy as np
import pytest

from glassline.contract import Box
from glassline.scene import Conveyor
from glassline.vision import DEFAULT_MODEL, FAINT_SHARE, LOOKS, YoloDetector, looking
from glassline.vision.boxes import iou
from glassline.vision.mirrors import MIRRORS, MirroredDetector

MODELS = Path(__file__).parent / "fixtures"
SURE = 0.95


def stained() -> np.ndarray:
    """A red cell and a blue one in 48 rows by 64 columns, where no mirror image looks like another."""
    bgr = np.zeros((48, 64, 3), np.uint8)
    bgr[8:16, 16:24] = (0, 0, 255)
    bgr[32:40, 8:16] = (255, 0, 0)
    return bgr


def test_there_are_eight_different_mirror_images_and_each_way_leads_back() -> None:
    bgr = stained()
    seen = set()
    for mirror in MIRRORS:
        image = mirror.image(bgr)
        seen.add((image.shape, image.tobytes()))
        rows, columns = np.nonzero(image[:, :, 2])
        height, width = image.shape[:2]
        centre = np.array([[(columns.mean() + 0.5) / width, (rows.mean() + 0.5) / height]])
        assert mirror.back(centre) == pytest.approx(np.array([[20 / 64, 12 / 48]])), mirror
    assert len(seen) == 8


@pytest.mark.parametrize("looks", LOOKS)
@pytest.mark.parametrize(
    ("name", "runtime"),
    [
        ("detect.onnx", "onnxruntime"),
        ("detect-dynamic.onnx", "onnxruntime"),
        ("detect-dynamic.onnx", "openvino"),
        ("segment.onnx", "onnxruntime"),
        ("detect_ncnn_model", "ncnn"),
    ],
)
def test_marks_are_found_where_they_are(name: str, runtime: str, looks: int) -> None:
    with YoloDetector(MODELS / name, runtime=runtime, score_threshold=SURE) as once:
        wanted = once.detect(stained())
    with looking(MODELS / name, runtime=runtime, score_threshold=SURE, looks=looks) as detector:
        assert (detector.card, detector.runtime) == (once.card, once.runtime)
        found = detector.detect(stained())
    assert sorted(box.label for box in found) == ["blue stain", "red stain"]
    for box in found:
        like = next(one for one in wanted if one.label == box.label)
        assert box.score == pytest.approx(like.score, abs=0.001)
        assert box.xyxyn == pytest.approx(like.xyxyn, abs=0.001)
        assert (box.mask is None) == (like.mask is None) == (name != "segment.onnx")
        if box.mask is not None and like.mask is not None:
            assert np.ptp(box.mask, axis=0) == pytest.approx(np.ptp(like.mask, axis=0), abs=0.02)
            assert np.mean(box.mask, axis=0) == pytest.approx(np.mean(like.mask, axis=0), abs=0.02)


def test_thresholds_are_those_of_what_it_says_not_of_a_single_look() -> None:
    bgr = stained()
    bgr[24:32, 40:48] = (0, 0, 140)
    with looking(MODELS / "detect.onnx", score_threshold=1.0, looks=4) as detector:
        assert detector.score_threshold == 1.0
        assert [round(box.score, 2) for box in detector.detect(bgr)] == [1.0, 1.0, 0.55]
        detector.label_scores = {"blue stain": np.inf}
        assert [(box.label, round(box.score, 2)) for box in detector.detect(bgr)] == [
            ("red stain", 1.0),
            ("red stain", 0.55),
        ]
        detector.label_scores = {}
        detector.score_threshold = 0.9
        assert [round(box.score, 2) for box in detector.detect(bgr)] == [1.0, 1.0, 0.55]
        assert detector.score_threshold == 0.9


def test_a_label_that_does_not_count_hides_none_that_does() -> None:
    purple = np.zeros((64, 64, 3), np.uint8)
    purple[16:24, 16:24] = (80, 0, 100)
    for looks in LOOKS:
        with looking(MODELS / "detect.onnx", score_threshold=0.3, looks=looks) as detector:
            assert [box.label for box in detector.detect(purple)] == ["red stain"]
            detector.label_scores = {"red stain": 0.9}
            assert [box.label for box in detector.detect(purple)] == ["blue stain"], looks


class Uneven(YoloDetector):
    """Sees one mark in the middle, less or more of it at each look; a real model's card and thresholds."""

    scores: list[float]

    def detect(self, bgr: np.ndarray) -> list[Box]:
        score = self.scores.pop(0)
        least = FAINT_SHARE * self.label_scores.get("red stain", self.score_threshold)
        return [Box(label="red stain", score=score, xyxyn=(0.4, 0.4, 0.6, 0.6))] if score >= least else []


@pytest.mark.parametrize(("threshold", "label_scores"), [(0.5, {}), (1.0, {"red stain": 0.5})])
def test_a_score_is_the_mean_of_all_looks_and_the_faint_ones_count(
    threshold: float, label_scores: dict[str, float]
) -> None:
    uneven = Uneven(MODELS / "detect.onnx", score_threshold=0.5)
    uneven.scores = [0.0]  # for the look on entering
    with MirroredDetector(uneven, looks=4) as detector:
        detector.score_threshold, detector.label_scores = threshold, label_scores
        uneven.scores = [0.8, 0.1, 0.7, 0.8]
        assert [box.score for box in detector.detect(stained())] == [pytest.approx(0.6)]
        uneven.scores = [0.8, 0.0, 0.0, 0.1]
        assert detector.detect(stained()) == []


def test_without_a_threshold_the_card_says_it_also_the_second_time() -> None:
    detector = looking(MODELS / "detect.onnx", looks=4)
    for _ in range(2):
        with detector:
            assert detector.score_threshold == detector.card.score_threshold


def test_the_shipped_model_says_each_mark_once_and_takes_longer() -> None:
    frame = Conveyor(seed=5).frame(1.7e9)
    with YoloDetector() as once:
        single = once.detect(frame)
        single_ms = min(once.inference_ms for _ in range(3) if once.detect(frame) is not None)
    with looking(DEFAULT_MODEL, looks=8) as detector:
        found = detector.detect(frame)
        assert detector.inference_ms > 4 * single_ms
    sure = [box for box in found if box.score >= 0.5]
    assert sure
    for box in sure:
        assert sum(_overlap(box.xyxyn, other.xyxyn) > 0.5 for other in sure) == 1
        assert any(_overlap(box.xyxyn, other.xyxyn) > 0.5 for other in single)


@pytest.mark.parametrize("looks", [0, 2, 9])
def test_other_numbers_of_looks_are_refused(looks: int) -> None:
    with pytest.raises(ValueError, match=f"1, 4, 8 looks to choose from, not {looks}"):
        looking(DEFAULT_MODEL, looks=looks)


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    return float(iou(np.array([a]), np.array([b]))[0, 0])
