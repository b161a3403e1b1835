"""YOLO data sets as Ultralytics reads them: a data.yaml that names folders of pictures, a label file for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from glassline.data_yaml import write_data_yaml
from workbench.scoring import Corners

PARTS = ("train", "val", "test")

_PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


class DataError(ValueError):
    """A data set that cannot be read; the message says where and what to do."""


@dataclass(frozen=True)
class Photograph:
    """A picture file and the boxes drawn on it: (label, corners 0-1)."""

    path: Path
    truths: list[tuple[str, Corners]]


def read_part(data_yaml: Path, part: str) -> tuple[list[str], list[Photograph]]:
    """The labels of a data set, and the pictures of a part (train, val, test, or all) by name with their boxes.

    A part is a folder, a text file with a picture's path on each line, or a list of these, taken relative to `path`
    in the file, or to the file. A picture without a label file shows good glass. A polygon (segmentation) counts as
    the box round it. DataError for anything that is not so.
    """
    data = _load(data_yaml)
    names = _names(data_yaml, data.get("names"))
    root = data_yaml.parent / str(data.get("path") or "")
    entries = [entry for one in (PARTS if part == "all" else (part,)) for entry in _as_list(data.get(one) or [])]
    if not entries:
        raise DataError(f"{data_yaml} has no part `{part}`. It names: {', '.join(map(str, data))}.")
    paths = sorted({path for entry in entries for path in _pictures(root / str(entry))}, key=lambda path: path.name)
    if not paths:
        raise DataError(f"{data_yaml}: the `{part}` part holds no pictures ({', '.join(_PICTURES)}).")
    return names, [Photograph(path, list(_boxes(_label_file(path), names))) for path in paths]


def write_together(data_yaml: Path, also: Sequence[Path], target: Path) -> Path:
    """Write a data.yaml that trains on the pictures of several data sets and validates on those of the first.

    All must have the same labels in the same order; DataError where they have not.
    """
    names = _names(data_yaml, _load(data_yaml).get("names"))
    train: list[str] = []
    for path in (data_yaml, *also):
        theirs = _names(path, _load(path).get("names"))
        if theirs != names:
            raise DataError(f"{path} has the labels {', '.join(theirs)}, {data_yaml} has {', '.join(names)}.")
        train += folders(path, "train")
    return write_data_yaml(target, names, train=train, val=folders(data_yaml, "val"))


def folders(data_yaml: Path, part: str) -> list[str]:
    """Where the pictures of a part are, as absolute paths of folders or of text files that list them."""
    data = _load(data_yaml)
    root = (data_yaml.parent / str(data.get("path") or "")).resolve()
    return [str(root / str(entry)) for entry in _as_list(data.get(part) or [])]


def _load(data_yaml: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(data_yaml.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise DataError(f"{data_yaml} cannot be read: {why}. Name the data.yaml of a YOLO data set.") from None
    if not isinstance(data, dict):
        raise DataError(f"{data_yaml} is not the data.yaml of a YOLO data set: it has no train, val and names.")
    return data


def _names(data_yaml: Path, names: object) -> list[str]:
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        return [str(names[number]) for number in range(len(names))]
    if isinstance(names, list):
        return [str(name) for name in names]
    raise DataError(f"{data_yaml}: `names` must list what the classes 0, 1, 2 … are called.")


def _as_list(entry: object) -> Sequence[object]:
    return entry if isinstance(entry, list) else [entry]


def _pictures(entry: Path) -> Iterator[Path]:
    if entry.is_dir():
        yield from (path for path in entry.rglob("*") if path.suffix.lower() in _PICTURES)
    elif entry.suffix == ".txt" and entry.is_file():
        lines = (line.strip() for line in entry.read_text(encoding="utf-8").splitlines())
        yield from (entry.parent / line for line in lines if line)
    else:
        raise DataError(f"{entry} is neither a folder of pictures nor a text file that lists them.")


def _label_file(picture: Path) -> Path:
    """…/images/a/b.jpg has its boxes in …/labels/a/b.txt; a picture elsewhere has them beside it."""
    parts = list(picture.parts)
    for number in range(len(parts) - 2, -1, -1):
        if parts[number] == "images":
            parts[number] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _boxes(path: Path, names: Sequence[str]) -> Iterator[tuple[str, Corners]]:
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        try:
            class_id, values = int(fields[0]), [float(field) for field in fields[1:]]
            if not 0 <= class_id < len(names):
                raise ValueError(f"class {class_id} is not among the {len(names)} names")
            yield names[class_id], _corners(values)
        except ValueError as error:
            raise DataError(
                f"{path}, line {number}: {error}. A line is `class x y width height` or `class` and a polygon, 0-1."
            ) from None


def _corners(values: Sequence[float]) -> Corners:
    if len(values) == 4:
        x, y, width, height = values
        return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    if len(values) >= 6 and len(values) % 2 == 0:
        xs, ys = values[::2], values[1::2]
        return (min(xs), min(ys), max(xs), max(ys))
    raise ValueError(f"{len(values)} numbers after the class")
