"""How far this machine has come with fetching its credentials: one sentence, left by whoever fetches them.

It lies in memory, below the RUNTIME_DIRECTORY of `glassline-join.service`, for the node, `glassline status` and the
doctor. There is none while nothing is wrong, and none of a machine that fetches nothing.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from glassline.writing import write_whole

from .shown import one_line

FOLDER = Path("/run/glassline-join")
NAME = "why"
MAX_CHARS = 500


def note_trouble(sentence: str, environ: Mapping[str, str] = os.environ) -> None:
    """Leave `sentence`, or take the former one back where it is empty; OSError where it cannot be written."""
    if folder := environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]:
        write_whole(Path(folder) / NAME, one_line(sentence)[:MAX_CHARS].encode(), mode=0o644)


def trouble() -> str:
    """Why this machine has no credentials yet; empty where nobody says."""
    try:
        with (FOLDER / NAME).open(encoding="utf-8", errors="replace") as file:
            return one_line(file.read(MAX_CHARS))
    except OSError:
        return ""
