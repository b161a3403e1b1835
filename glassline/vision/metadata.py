"""The metadata.yaml in the folders that Ultralytics exports: read and written without a YAML library.

Only what stands in such files is understood: scalars, one level of mappings, and lists of scalars.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE_NAME = "metadata.yaml"


def read_metadata(folder: Path) -> dict[str, Any]:
    """Its keys and values; {} where there is no such file."""
    try:
        text = (folder / FILE_NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return parse(text)


def write_metadata(folder: Path, metadata: Mapping[str, Any]) -> None:
    """As Ultralytics would have written it, so that its own tools read it as well."""
    lines = []
    for key, value in metadata.items():
        if isinstance(value, dict):
            lines += [f"{key}:", *(f"  {name}: {json.dumps(one, ensure_ascii=False)}" for name, one in value.items())]
        elif isinstance(value, list):
            lines += [f"{key}:", *(f"- {json.dumps(one)}" for one in value)]
        else:
            lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)}")
    (folder / FILE_NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def parse(text: str) -> dict[str, Any]:
    """
    >>> parse("task: detect\\nimgsz:\\n- 416\\n- 416\\nnames:\\n  0: scratch\\n  1: '7'\\n")
    {'task': 'detect', 'imgsz': [416, 416], 'names': {0: 'scratch', 1: '7'}}
    """
    result: dict[str, Any] = {}
    key = ""
    for line in text.splitlines():
        if line.lstrip().startswith("- "):
            if not isinstance(result.get(key), list):
                result[key] = []
            result[key].append(_scalar(line.lstrip()[2:]))
        elif line.startswith(" "):
            name, colon, value = line.strip().partition(": ")
            if colon:
                result[key] = result[key] if isinstance(result.get(key), dict) else {}
                result[key][_scalar(name)] = _scalar(value)
        elif ":" in line:
            key, _, value = line.partition(":")
            result[key] = _scalar(value)
    return result


def _scalar(text: str) -> Any:
    text = text.strip()
    if text.startswith("'"):
        return text.strip("'").replace("''", "'")
    try:
        return json.loads(text)
    except ValueError:
        return text
