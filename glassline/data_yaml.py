"""The files of a YOLO data set: data.yaml, which says where its pictures are and what its classes are called; boxes."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from glassline.writing import write_whole


def write_data_yaml(
    path: Path, names: Sequence[str], *, train: str | list[str] = "images/train", val: str | list[str] = "images/val"
) -> Path:
    """Write it and return its path; folders are relative to it."""
    data = {"train": train, "val": val, "names": dict(enumerate(names))}
    write_whole(path, yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode())
    return path


def label_line(class_id: int, xyxyn: tuple[float, float, float, float]) -> str:
    """A line of a picture's label file: the class and a box, 0-1, by its middle and its size."""
    x0, y0, x1, y1 = xyxyn
    return f"{class_id} {(x0 + x1) / 2:.6f} {(y0 + y1) / 2:.6f} {x1 - x0:.6f} {y1 - y0:.6f}\n"
