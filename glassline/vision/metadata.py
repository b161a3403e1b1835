"""The metadata.yaml in the folders that Ultralytics exports, and in ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .errors import ModelBrokenError, first_line
from .files import EXPORT

FILE_NAME = "metadata.yaml"


def read_metadata(folder: Path) -> dict[str, Any]:
    """Its keys and values; {} where there is no such file. ModelBrokenError when it is not what exporters write."""
    path = folder / FILE_NAME
    if not path.exists():
        return {}
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = f"{path} cannot be read: {first_line(error)}"
        raise ModelBrokenError(f"{problem}. Export the model again: {EXPORT}") from error
    if not isinstance(said, dict):
        raise ModelBrokenError(
            f"{path}: expected keys and values as exporters write them, got {type(said).__name__}. "
            f"Export the model again: {EXPORT}"
        )
    return said


def write_metadata(folder: Path, metadata: Mapping[str, Any]) -> None:
    """As Ultralytics would have written it, so that its own tools read it as well."""
    text = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True)
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
