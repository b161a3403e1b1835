"""Boxes and masks against what Ultralytics itself said of the same pictures (fixtures/make_outputs.py)."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from glassline.vision import YoloDetector
from glassline.vision.boxes import iou
from glassline.vision.letterbox import Letterbox
from glassline.vision.masks import MAX_POINTS, mask_of, outline

FIXTURES = Path(__file__).parent / "fixtures"
SAID = json.loads((FIXTURES / "ultralytics.json").read_text())
PICTURES = [cv2.imread(str(path)) for path in sorted(FIXTURES.glob("rings-*.jpg"))]
CONFIDENCE = 0.1
WAYS = [
    ("yolov8-detect", ".onnx", "onnxruntime"),
    ("yolov8-detect", ".onnx", "openvino"),
    ("yolo11-segment", ".onnx", "onnxruntime"),
    ("yolo11-segment", ".onnx", "openvino"),
    ("yolo11-segment", "_ncnn_model", "ncnn"),
]


@pytest.fixture(scope="module")
def found() -> dict:
    """What every way finds in every picture."""
    result = {}
    for name, suffix, runtime in WAYS:
        path = FIXTURES / f"{name}{suffix}"
        with YoloDetector(path, runtime=runtime, score_threshold=2 * CONFIDENCE, across_labels=False) as detector:
            result[name, suffix, runtime] = [detector.detect(bgr) for bgr in PICTURES]
    return result


def matched(ours: list, theirs: list) -> list:
    """(our box, their number): the nearest of the same label, each of theirs once."""
    assert len(ours) == len(theirs)
    overlap = iou(np.array([box.xyxyn for box in ours]), np.array([box["xyxyn"] for box in theirs]))
    same = np.array([[box.label == other["label"] for other in theirs] for box in ours])
    partners = np.where(same, overlap, -1).argmax(axis=1)
    assert sorted(partners.tolist()) == list(range(len(theirs)))
    return list(zip(ours, partners.tolist(), strict=True))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way))
def test_every_box_is_ultralytics_box(found: dict, way: tuple) -> None:
    count = 0
    for ours, theirs in zip(found[way], SAID[way[0]], strict=True):
        for box, number in matched(ours, theirs):
            assert box.xyxyn == pytest.approx(theirs[number]["xyxyn"], abs=0.004)
            assert box.score == pytest.approx(theirs[number]["score"], abs=0.005)
            count += 1
    assert count >= 20


@pytest.mark.parametrize("way", [way for way in WAYS if "segment" in way[0]], ids=lambda way: "-".join(way))
def test_the_outline_of_every_mark_encloses_ultralytics_mask(found: dict, way: tuple) -> None:
    masks = np.load(FIXTURES / "ultralytics-masks.npz")
    overlaps = []
    for number, (ours, theirs) in enumerate(zip(found[way], SAID[way[0]], strict=True)):
        packed = masks[f"{way[0]}-{number}"]
        for box, partner in matched(ours, theirs):
            mask = np.unpackbits(packed[partner], axis=-1)[:, :160]
            assert box.mask is not None
            assert len(box.mask) <= MAX_POINTS
            overlaps.append(overlap_of(mask, box.mask))
    assert len(overlaps) >= 20
    assert np.median(overlaps) > 0.9
    assert min(overlaps) > 0.75


def overlap_of(mask: np.ndarray, polygon: list) -> float:
    """Intersection over union of a mask of the 128 x 160 input and a polygon in 0-1 of the 120 x 160 picture."""
    drawn = np.zeros_like(mask)
    points = np.array(polygon) * (160, 120) + (0, 4) - 0.5
    cv2.fillPoly(drawn, [np.round(points).astype(np.int32)], 1)
    return float((mask & drawn).sum() / (mask | drawn).sum())


def test_a_mask_is_ultralytics_mask_to_the_pixel() -> None:
    """Prototypes and coefficients straight from the network, boxes as Ultralytics gave them."""
    masks = np.load(FIXTURES / "ultralytics-masks.npz")
    letterbox, differing, all_pixels = Letterbox(input_hw=(160, 160), stride=32), 0, 0
    with YoloDetector(
        FIXTURES / "yolo11-segment.onnx", score_threshold=2 * CONFIDENCE, across_labels=False
    ) as detector:
        for number, bgr in enumerate(PICTURES):
            rows, prototypes = detector._run(letterbox.fill(bgr))
            theirs = np.unpackbits(masks[f"yolo11-segment-{number}"], axis=-1)[:, :, :160]
            for mask, said in zip(theirs, SAID["yolo11-segment"][number], strict=True):
                xyxy = np.array(said["xyxyn"]) * (160, 120, 160, 120) + (0, 4, 0, 4)
                place = np.abs(rows[:2].T - [(xyxy[0] + xyxy[2]) / 2, (xyxy[1] + xyxy[3]) / 2]).sum(axis=1)
                score = np.abs(rows[4:6].max(axis=0) - said["score"])
                ours, (left, top) = mask_of(prototypes, rows[6:, (place + 100 * score).argmin()], xyxy, (128, 160))
                whole = np.zeros_like(mask)
                whole[top : top + ours.shape[0], left : left + ours.shape[1]] = ours
                differing += int((whole != mask).sum())
                all_pixels += int(mask.sum())
    assert all_pixels > 2000
    assert differing <= 0.01 * all_pixels


def test_a_box_outside_the_picture_has_no_mask() -> None:
    mask, _ = mask_of(np.ones((1, 8, 8)), np.ones(1), np.array([40.0, 0, 50, 10]), (32, 32))
    assert mask.size == 0
    assert outline(np.zeros((4, 4), np.uint8), (0, 0)) is None


def test_an_outline_lies_where_its_mask_does_and_has_few_points() -> None:
    mask = np.zeros((300, 300), np.uint8)
    cv2.circle(mask, (150, 150), 100, 1, -1)
    mask[::3, ::3] = 0
    points = outline(mask, (1000, 2000))
    assert 3 <= len(points) <= MAX_POINTS
    assert points.min(axis=0) == pytest.approx((1050, 2050), abs=3)
    assert points.max(axis=0) == pytest.approx((1250, 2250), abs=3)
