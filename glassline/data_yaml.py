"""The data.yaml of a YOLO data set, which says where its pictures are and what its classes are called."""

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
