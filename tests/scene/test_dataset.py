"""The data set: the layout that YOLO training reads, reproducible, with boxes that fit the pictures."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from glassline.scene import LABELS
from glassline.scene.dataset import render_sample, write_dataset

COUNT = 30


def _files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_layout_and_labels_are_what_yolo_training_reads(tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    data_yaml = write_dataset(tmp_path, count=COUNT, seed=4, progress=lambda done, of: reports.append((done, of)))
    assert data_yaml == tmp_path / "data.yaml"
    lines = data_yaml.read_text().splitlines()
    assert lines[:3] == ["train: images/train", "val: images/val", "names:"]
    assert lines[3:] == [f"  {number}: {label}" for number, label in enumerate(LABELS)]
    assert reports[-1] == (COUNT, COUNT)
    for split, expected in (("train", COUNT - COUNT // 10), ("val", COUNT // 10)):
        pictures = sorted((tmp_path / "images" / split).glob("*.jpg"))
        assert len(pictures) == expected
        assert {path.stem for path in pictures} == {p.stem for p in (tmp_path / "labels" / split).glob("*.txt")}
        assert all(cv2.imread(str(path)) is not None for path in pictures)
    rows = [line.split() for path in tmp_path.glob("labels/*/*.txt") for line in path.read_text().splitlines()]
    assert len(rows) >= COUNT
    for number, *box in rows:
        x, y, width, height = (float(value) for value in box)
        assert 0 <= int(number) < len(LABELS)
        assert min(x - width / 2, y - height / 2) >= -1e-5
        assert max(x + width / 2, y + height / 2) <= 1 + 1e-5
        assert min(width, height) > 0


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    write_dataset(tmp_path / "one", count=10, seed=6, workers=1)
    write_dataset(tmp_path / "two", count=10, seed=6, workers=2)
    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_pictures_are_varied_cover_all_labels_and_include_clean_glass() -> None:
    samples = [render_sample(8, index, (640, 480)) for index in range(50)]
    labels = Counter(label for sample in samples for label, _ in sample.boxes)
    sizes = Counter(sample.bgr.shape[:2] for sample in samples)
    assert set(labels) == set(LABELS)
    assert sizes[480, 640] >= 0.1 * len(samples)
    assert len(sizes) >= 5
    assert any(not sample.boxes for sample in samples)
    assert np.std([sample.bgr.mean() for sample in samples]) > 10


def test_close_ups_may_carry_the_labels_of_somebodys_own_data(tmp_path: Path) -> None:
    own = {"thread": "Kratzer", "band": "Schliff", "blow": "Schliff", "crack": "Riss", "spot": "Fleck"}
    write_dataset(tmp_path, count=COUNT, seed=4, own_labels=own)
    assert (tmp_path / "data.yaml").read_text().splitlines()[3:] == [
        "  0: Kratzer",
        "  1: Schliff",
        "  2: Riss",
        "  3: Fleck",
    ]
    numbers = {line.split()[0] for path in tmp_path.glob("labels/*/*.txt") for line in path.read_text().splitlines()}
    assert numbers == {"0", "1", "2", "3"}


def test_photographs_of_good_glass_become_grounds_of_close_ups(tmp_path: Path) -> None:
    photograph = tmp_path / "good.jpg"
    green = np.zeros((500, 700, 3), np.uint8)
    green[..., 1] = 160
    cv2.imwrite(str(photograph), green)
    samples = [render_sample(9, index, (640, 480), [photograph]) for index in range(30)]
    on_it = [sample for sample in samples if sample.bgr[..., 1].mean() > 4 * sample.bgr[..., 0].mean()]
    assert 4 <= len(on_it) < len(samples) / 2
    assert any(sample.boxes for sample in on_it)
