"""Several looks at one picture, for real: a tiny model that sees each mirror image, masks and all."""

from pathlib import Path

import numpy as np
import pytest

from glassline.scene import Conveyor
from glassline.vision import LOOKS, YoloDetector, mirrored
from glassline.vision.mirrors import MIRRORS

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
    with mirrored(YoloDetector(MODELS / name, runtime=runtime, score_threshold=SURE), looks=looks) as detector:
        assert (detector.card, detector.runtime) == (once.card, once.runtime)
        found = detector.detect(stained())
    assert {box.label for box in found} == {"red stain", "blue stain"}
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
    with mirrored(YoloDetector(MODELS / "detect.onnx", score_threshold=1.0), looks=4) as detector:
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


def test_without_a_threshold_the_card_says_it_also_the_second_time() -> None:
    detector = mirrored(YoloDetector(MODELS / "detect.onnx"), looks=4)
    for _ in range(2):
        with detector:
            assert detector.score_threshold == detector.card.score_threshold


def test_the_shipped_model_says_each_mark_once_and_takes_longer() -> None:
    frame = Conveyor(seed=5).frame(1.7e9)
    with YoloDetector() as once:
        single = once.detect(frame)
        single_ms = min(once.inference_ms for _ in range(3) if once.detect(frame) is not None)
    with mirrored(YoloDetector(), looks=8) as detector:
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
        mirrored(YoloDetector(), looks=looks)


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    from glassline.vision.boxes import iou

    return float(iou(np.array([a]), np.array([b]))[0, 0])
