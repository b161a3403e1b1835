"""Training pictures in the YOLO detection layout, drawn with the same marks as the conveyor but far more varied.

Seeds of conveyors: 1_000_000 and up are reserved for training, smaller ones for demos and measurements, so that no
demo ever shows a pane that the model was trained on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from glassline.data_yaml import write_data_yaml
from glassline.scene.conveyor import Conveyor
from glassline.scene.light import Camera
from glassline.scene.marks import LABELS
from glassline.scene.pane import render_pane
from glassline.scene.worn import WORN_KINDS, render_worn

#: Conveyor seeds from here on belong to training.
FIRST_TRAINING_SEED = 1_000_000
_TRAINING_SEEDS = 1_000_000_000
_KINDS = ("conveyor", "pane", "worn", "clean_conveyor", "clean_worn")
_KIND_ODDS = (0.2, 0.05, 0.67, 0.02, 0.06)
_OWN_LABELS_ODDS = (0.0, 0.0, 0.92, 0.0, 0.08)
_WORN_SIDES_PX, _WORN_SIDE_ODDS = (416, 512, 640), (0.2, 0.2, 0.6)
#: Less of a mark than this at the picture's border is not labelled.
_LEAST_SHARE = 0.15
_LEAST_SIDE_PX = 4.0
_VALIDATION_EVERY = 10
#: Share of worn glass that is seen by a poor camera.
_HARSH_SHARE = 0.25

LabelledBox = tuple[str, tuple[float, float, float, float]]


@dataclass(frozen=True)
class Sample:
    """A picture (h, w, 3) uint8 BGR, its boxes (label, x0 y0 x1 y1 in pixels) and the JPEG quality to store it at."""

    bgr: NDArray[np.uint8]
    boxes: list[LabelledBox]
    jpeg_quality: int


def write_dataset(
    directory: Path,
    *,
    count: int,
    seed: int = 0,
    image_wh: tuple[int, int] = (640, 480),
    workers: int = 1,
    grounds: Sequence[Path] = (),
    own_labels: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Render `count` pictures into `directory` and return its data.yaml; every tenth picture is for validation.

    A fifth are conveyor frames of `image_wh`, most others close-ups of worn glass, some of them clean. Picture k
    depends on (seed, k), `grounds` and `own_labels` alone. `grounds` are photographs of good glass without marks: with
    them, half of the close-ups are drawn on one of these. `own_labels` says what somebody's own data call the kinds of
    marks on worn glass (`WORN_KINDS`), in the order of their class numbers; then all pictures are such close-ups.
    `progress` is called with (pictures written, count).
    """
    labels = LABELS if own_labels is None else tuple(dict.fromkeys(own_labels.values()))
    for split in ("train", "val"):
        (directory / "images" / split).mkdir(parents=True, exist_ok=True)
        (directory / "labels" / split).mkdir(parents=True, exist_ok=True)
    write_one = partial(_write_sample, directory, labels, seed, image_wh, tuple(grounds), own_labels)
    with ProcessPoolExecutor(max_workers=workers) as pool:
        for done, _ in enumerate(pool.map(write_one, range(count), chunksize=8), start=1):
            if progress is not None:
                progress(done, count)
    return write_data_yaml(directory / "data.yaml", labels)


def render_sample(
    seed: int,
    index: int,
    image_wh: tuple[int, int],
    grounds: Sequence[Path] = (),
    own_labels: Mapping[str, str] | None = None,
) -> Sample:
    """Picture `index` of the data set with this seed."""
    rng = np.random.default_rng((seed, index, 4))
    kind = str(rng.choice(_KINDS, p=_KIND_ODDS if own_labels is None else _OWN_LABELS_ODDS))
    if kind == "pane":
        bgr, boxes = _pane_crop(rng)
    elif kind.endswith("worn"):
        bgr, boxes = _worn_glass(rng, grounds, own_labels or WORN_KINDS, clean=kind.startswith("clean"))
        if rng.random() > _HARSH_SHARE:
            return Sample(bgr, boxes, int(rng.integers(60, 98)))
    else:
        bgr, boxes = _conveyor_frame(rng, image_wh, clean=kind.startswith("clean"))
        return Sample(bgr, boxes, int(rng.integers(70, 98)))
    return Sample(_photograph(rng, bgr), boxes, int(rng.integers(60, 98)))


def _write_sample(
    directory: Path,
    labels: Sequence[str],
    seed: int,
    image_wh: tuple[int, int],
    grounds: tuple[Path, ...],
    own_labels: Mapping[str, str] | None,
    index: int,
) -> None:
    sample = render_sample(seed, index, image_wh, grounds, own_labels)
    split = "val" if index % _VALIDATION_EVERY == _VALIDATION_EVERY - 1 else "train"
    name = f"{seed}-{index:06d}"
    picture = directory / "images" / split / f"{name}.jpg"
    if not cv2.imwrite(str(picture), sample.bgr, [cv2.IMWRITE_JPEG_QUALITY, sample.jpeg_quality]):
        raise OSError(f"could not write {picture}: is the disk full?")
    height, width = sample.bgr.shape[:2]
    lines = [
        f"{labels.index(label)} {(x0 + x1) / 2 / width:.6f} {(y0 + y1) / 2 / height:.6f} "
        f"{(x1 - x0) / width:.6f} {(y1 - y0) / height:.6f}\n"
        for label, (x0, y0, x1, y1) in sample.boxes
    ]
    (directory / "labels" / split / f"{name}.txt").write_text("".join(lines), encoding="utf-8")


def _training_seed(rng: np.random.Generator) -> int:
    return FIRST_TRAINING_SEED + int(rng.integers(_TRAINING_SEEDS))


def _conveyor_frame(
    rng: np.random.Generator, image_wh: tuple[int, int], *, clean: bool
) -> tuple[NDArray[np.uint8], list[LabelledBox]]:
    zoom = 1.0 if rng.random() < 0.8 else float(rng.uniform(0.6, 1.4))
    width, height = round(image_wh[0] * zoom), round(image_wh[1] * zoom)
    conveyor = Conveyor(seed=_training_seed(rng), image_wh=(width, height), until_s=-math.inf if clean else math.inf)
    time_s = float(rng.uniform(0, 2e9))
    boxes: list[LabelledBox] = []
    for mark in conveyor.truth(time_s):
        x0, y0, x1, y1 = (value * side for value, side in zip(mark.xyxyn, (width, height) * 2, strict=True))
        if mark.visible_share >= _LEAST_SHARE and x1 - x0 >= _LEAST_SIDE_PX:
            boxes.append((mark.label, (x0, y0, x1, y1)))
    return conveyor.frame(time_s), boxes


def _pane_crop(rng: np.random.Generator) -> tuple[NDArray[np.uint8], list[LabelledBox]]:
    """A part of one pane, larger than the conveyor's camera shows it."""
    scale = float(np.exp(rng.uniform(np.log(0.9), np.log(2.2))))
    pane = render_pane(seed=_training_seed(rng), pane_index=int(rng.integers(10**9)), scale=scale, clean=False)
    height, width = pane.tile.shape[:2]
    crop_w, crop_h = min(width, int(rng.integers(288, 641))), min(height, int(rng.integers(288, 641)))
    left, top = int(rng.integers(0, width - crop_w + 1)), int(rng.integers(0, height - crop_h + 1))
    boxes: list[LabelledBox] = []
    for mark in pane.marks:
        seen = mark.within(left, top, left + crop_w, top + crop_h)
        if seen is None:
            continue
        x0, y0, x1, y1 = seen
        full_x0, full_y0, full_x1, full_y1 = mark.box_px
        share = (x1 - x0) * (y1 - y0) / ((full_x1 - full_x0) * (full_y1 - full_y0))
        if min(x1 - x0, y1 - y0) >= _LEAST_SIDE_PX and share >= _LEAST_SHARE:
            boxes.append((mark.label, (x0 - left, y0 - top, x1 - left, y1 - top)))
    return pane.tile[top : top + crop_h, left : left + crop_w].copy(), boxes


def _worn_glass(
    rng: np.random.Generator, grounds: Sequence[Path], label_of: Mapping[str, str], *, clean: bool
) -> tuple[NDArray[np.uint8], list[LabelledBox]]:
    """Glass that fills the picture, with marks that may leave it, cross one another and lie among hairlines."""
    side_px = int(rng.choice(_WORN_SIDES_PX, p=_WORN_SIDE_ODDS))
    ground = _cut(rng, grounds[int(rng.integers(len(grounds)))], side_px) if grounds and rng.random() < 0.5 else None
    worn = render_worn(rng, side_px=side_px, clean=clean, ground=ground)
    return worn.bgr, [(label_of[mark.label], mark.box_px) for mark in worn.marks]


def _cut(rng: np.random.Generator, path: Path, side_px: int) -> NDArray[np.uint8]:
    """A random square of the photograph, half its shorter side or more, at `side_px`."""
    bgr = cv2.imread(str(path))
    if bgr is None:
        raise ValueError(f"{path} is not a picture that OpenCV can read")
    height, width = bgr.shape[:2]
    cut = int(rng.uniform(0.5, 1) * min(height, width))
    left, top = int(rng.integers(0, width - cut + 1)), int(rng.integers(0, height - cut + 1))
    square = bgr[top : top + cut, left : left + cut]
    return np.asarray(cv2.resize(square, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)


def _photograph(rng: np.random.Generator, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Another camera each time: its light, its focus, its noise."""
    if rng.random() < 0.5:
        bgr = cv2.GaussianBlur(bgr, (0, 0), float(rng.uniform(0.3, 1.1))).astype(np.uint8, copy=False)
    height, width = bgr.shape[:2]
    camera = Camera(rng=rng, image_wh=(width, height), harsh=float(rng.uniform(0.4, 1.8)))
    return camera.expose(bgr, rng)
