"""More pictures of rare labels: marks cut out of photographs, turned and sized anew, on other photographs.

Source: Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method for Instance Segmentation", 2021. What is
carried over here is a mark's contrast to the glass round it, not its pixels, so that no edge of the cut remains.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from glassline.data_yaml import label_line, write_data_yaml
from workbench import yolo_data
from workbench.evaluation import read_picture
from workbench.scoring import Corners

_MARGIN = 14
"""Pixels round a box in which the glass is looked at, and over which a mark fades out."""
_CONTRAST = 0.05
_SPECK_PX, _LEAST_PX = 12, 25
_LEAST_SEEN = 0.3
"""Share of the longer side of its box along which a mark must be seen."""
_ALIKE_SHARE = 0.35
"""A mark goes onto this share of the pictures, those whose glass is most like its own in colour: of its own light."""
_MOST_OVERLAP = 0.15
_TRIES = 12
_SLACK = 0.04
"""People draw boxes a little wider than the mark."""
_JPEG_QUALITY = 95


@dataclass(frozen=True)
class _Mark:
    label: str
    contrast: NDArray[np.float32]
    """(h, w, 3) the share by which the mark is lighter or darker than the glass."""
    shape: NDArray[np.float32]
    """(h, w) 1 where the mark is, else 0."""
    glass_bgr: NDArray[np.float32]


def paste(
    data_yaml: Path,
    directory: Path,
    labels: Sequence[str],
    *,
    count: int,
    seed: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> Path:
    """Write `count` training pictures of a YOLO data set, each with 1 to 3 more marks of `labels`: return
    the data.yaml that trains on these and on the data set's own.

    Marks come from the training part alone, at any angle, 0.6 to 1.35 times as large, onto pictures whose glass looks
    like theirs, where no other mark is. Validation stays that of the data set. ValueError when a label is not there,
    no mark of it can be cut out, or `directory` already holds a data set.
    """
    names, photographs = yolo_data.read_part(data_yaml, "train")
    if unknown := [label for label in labels if label not in names]:
        raise ValueError(f"{data_yaml} has no label {unknown[0]}: there is {', '.join(names)}")
    if (directory / "data.yaml").exists():
        raise ValueError(f"{directory} already holds a data set: name another directory")
    glass = np.array([_glass_bgr(read_picture(one.path)) for one in photographs])
    marks = [mark for one in photographs for mark in _marks_of(one, labels)]
    if not marks:
        raise ValueError(f"no mark of {', '.join(labels)} stands out from its glass on the training pictures")
    for kind in ("images", "labels"):
        (directory / kind / "train").mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    kin = [_kin(glass, marks, number) for number in range(len(photographs))]
    for number in range(count):
        which = number % len(photographs)
        chosen = chance.choices(kin[which], k=chance.choice((1, 1, 2, 3))) if kin[which] else []
        canvas, boxes = _with_more(photographs[which], chosen, chance)
        _write(directory, f"{photographs[which].path.stem}-pasted-{number:05d}", canvas, boxes, names)
        progress(number + 1)
    train = [*yolo_data.folders(data_yaml, "train"), "images/train"]
    return write_data_yaml(directory / "data.yaml", names, train=train, val=yolo_data.folders(data_yaml, "val"))


def _glass_bgr(bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(np.median(bgr[::8, ::8].reshape(-1, 3), axis=0), np.float32)


def _kin(glass_bgr: NDArray[np.float32], marks: Sequence[_Mark], which: int) -> list[_Mark]:
    """The marks whose glass is among those most like that of picture `which`."""
    far = np.linalg.norm(glass_bgr - glass_bgr[which], axis=1)
    reach = np.quantile(far, _ALIKE_SHARE)
    return [mark for mark in marks if np.linalg.norm(mark.glass_bgr - glass_bgr[which]) <= reach]


def _marks_of(photograph: yolo_data.Photograph, labels: Sequence[str]) -> Iterator[_Mark]:
    wanted = [(label, corners) for label, corners in photograph.truths if label in labels]
    if not wanted:
        return
    bgr = read_picture(photograph.path)
    for label, corners in wanted:
        x0, y0, x1, y1 = _pixels(corners, bgr)
        left, top = max(0, x0 - _MARGIN), max(0, y0 - _MARGIN)
        cut = bgr[top : y1 + _MARGIN, left : x1 + _MARGIN].astype(np.float32)
        contrast = cut / np.maximum(_glass_below(cut), 1) - 1
        contrast *= _fade(*cut.shape[:2])[..., None]
        shape = np.zeros(cut.shape[:2], np.uint8)
        inside = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        shape[inside] = np.abs(cv2.GaussianBlur(contrast.mean(axis=-1), (0, 0), 1))[inside] > _CONTRAST
        shape = _without_specks(shape)
        if shape.sum() >= _LEAST_PX and _fills(shape[inside]):
            yield _Mark(label, contrast.astype(np.float32), shape.astype(np.float32), _glass_bgr(bgr))


def _fills(shape: NDArray[np.uint8]) -> bool:
    """Whether the mark is seen along its box; specks in the box of a scratch that cannot be seen are not a mark."""
    along = shape.any(axis=0) if shape.shape[1] >= shape.shape[0] else shape.any(axis=1)
    return bool(along.mean() >= _LEAST_SEEN)


def _glass_below(cut: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the glass alone would look like: a plane through the margin, without what stands out there."""
    height, width = cut.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    plane = np.stack([columns, rows, np.ones_like(rows)], axis=-1).astype(np.float32)
    edge = np.ones((height, width), bool)
    edge[_MARGIN // 2 : -_MARGIN // 2, _MARGIN // 2 : -_MARGIN // 2] = False
    glass = np.empty_like(cut)
    for channel in range(3):
        values = cut[..., channel][edge]
        usual = np.abs(values - np.median(values)) < 3 * max(2.0, float(values.std()))
        factors, *_ = np.linalg.lstsq(plane[edge][usual], values[usual], rcond=None)
        glass[..., channel] = plane @ factors
    return glass


def _fade(height: int, width: int) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0:height, 0:width]
    nearest = np.minimum.reduce([columns + 1, rows + 1, width - columns, height - rows])
    return np.asarray(np.clip(nearest / _MARGIN, 0, 1), np.float32)


def _without_specks(shape: NDArray[np.uint8]) -> NDArray[np.uint8]:
    count, parts, figures, _ = cv2.connectedComponentsWithStats(shape)
    large = [part for part in range(1, count) if figures[part, cv2.CC_STAT_AREA] >= _SPECK_PX]
    return np.isin(parts, large).astype(np.uint8)


def _with_more(
    photograph: yolo_data.Photograph, marks: Sequence[_Mark], chance: random.Random
) -> tuple[NDArray[np.uint8], list[tuple[str, Corners]]]:
    canvas = read_picture(photograph.path).astype(np.float32)
    boxes = list(photograph.truths)
    for mark in marks:
        for _ in range(_TRIES):
            turned = _turn(mark.shape.shape, canvas.shape, chance)
            corners = _where(mark, turned, canvas)
            if corners is not None and all(_overlap(corners, other) <= _MOST_OVERLAP for _, other in boxes):
                strength = chance.uniform(0.75, 1.2)
                laid = cv2.warpAffine(mark.contrast, turned, canvas.shape[1::-1])
                canvas = np.clip(canvas * (1 + strength * laid), 0, 255)
                boxes.append((mark.label, corners))
                break
    return canvas.astype(np.uint8), boxes


def _turn(shape_hw: tuple[int, ...], canvas_hwc: tuple[int, ...], chance: random.Random) -> NDArray[np.float32]:
    """(2, 3) the way of a mark's pixels to those of a picture: mirrored or not, stretched, turned, sized, moved."""
    stretch = chance.uniform(0.8, 1.25)
    turned = np.eye(3)
    turned[:2] = cv2.getRotationMatrix2D((0, 0), chance.uniform(0, 360), chance.uniform(0.6, 1.35))
    stretched = np.diag([stretch * chance.choice((-1, 1)), 1 / stretch, 1])
    centred, moved = np.eye(3), np.eye(3)
    centred[:2, 2] = -shape_hw[1] / 2, -shape_hw[0] / 2
    moved[:2, 2] = chance.uniform(0.1, 0.9) * canvas_hwc[1], chance.uniform(0.1, 0.9) * canvas_hwc[0]
    return np.asarray((moved @ turned @ stretched @ centred)[:2], np.float32)


def _where(mark: _Mark, turned: NDArray[np.float32], canvas: NDArray[np.float32]) -> Corners | None:
    """The box that a mark would have, 0-1; None where more than a quarter of it would lie outside."""
    height, width = canvas.shape[:2]
    rows, columns = np.nonzero(cv2.warpAffine(mark.shape, turned, (width, height)) > 0.4)
    wanted = mark.shape.sum() * abs(np.linalg.det(turned[:, :2]))
    if len(rows) < max(_LEAST_PX, 0.75 * wanted):
        return None
    x0, y0, x1, y1 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    more_x, more_y = _SLACK * (x1 - x0) + 2, _SLACK * (y1 - y0) + 2
    return (
        max(0, x0 - more_x) / width,
        max(0, y0 - more_y) / height,
        min(width, x1 + more_x) / width,
        min(height, y1 + more_y) / height,
    )


def _overlap(a: Corners, b: Corners) -> float:
    """What share of the smaller of two boxes the other covers."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(0.0, width) * max(0.0, height) / max(smaller, 1e-9)


def _pixels(corners: Corners, bgr: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    height, width = bgr.shape[:2]
    x0, y0, x1, y1 = corners
    return max(0, round(x0 * width)), max(0, round(y0 * height)), round(x1 * width), round(y1 * height)


def _write(
    directory: Path, name: str, bgr: NDArray[np.uint8], boxes: Sequence[tuple[str, Corners]], names: Sequence[str]
) -> None:
    picture = directory / "images" / "train" / f"{name}.jpg"
    if not cv2.imwrite(str(picture), bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]):
        raise OSError(f"could not write {picture}: is the disk full?")
    lines = [label_line(names.index(label), corners) for label, corners in boxes]
    (directory / "labels" / "train" / f"{name}.txt").write_text("".join(lines), encoding="utf-8")
