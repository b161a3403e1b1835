"""Which model file on which runtime: where that is left open, what is installed is measured, the fastest taken."""

from __future__ import annotations

import json
import logging
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassline.writing import write_whole

from .card import check_digest, files_of, stored_card
from .errors import ModelBrokenError, RuntimeMissingError
from .files import DEFAULT_MODEL, ModelFile, find_model, variants
from .probe import ProbeError, probe
from .runtimes import runtimes_for, version

log = logging.getLogger(__name__)

AUTO = "auto"
_BOARD = Path("/proc/device-tree/model")


@dataclass(frozen=True)
class Choice:
    """What to run, and the sentence that says why."""

    path: Path
    runtime: str
    why: str


def choose(model: str, *, threads: int, half: bool, image_wh: tuple[int, int], cache: Path | None = None) -> Choice:
    """How to run `model`: one file or folder, `auto`, a .json card, or "" for the default model as it comes.

    A file or folder runs on the first runtime that is installed for its kind. A card stands for all the models beside
    it that it names, `auto` for those of the default model: each way to run one of them is measured, in a process of
    its own and on pictures of `image_wh`, and the fastest is taken; `cache` is a file that keeps the figures for as
    long as models, runtimes, threads and machine stay the same, unless every way failed. DetectorError when there is no
    way at all.
    """
    path = Path(model) if model not in ("", AUTO) else DEFAULT_MODEL.with_suffix(".json" if model else ".onnx")
    ways = _ways(path)
    if path.suffix != ".json" or len(ways) == 1:
        file, runtime = ways[0]
        reason = "asked for" if path.suffix != ".json" else "the only way that is installed"
        return Choice(file.path, runtime, f"{_name(file, runtime)}: {reason}")
    key = _key(ways, threads=threads, half=half, image_wh=image_wh)
    figures = _cached(cache, key)
    if figures is None:
        figures = {_name(*way): _measured(*way, threads=threads, half=half, image_wh=image_wh) for way in ways}
        if any(isinstance(figure, float) for figure in figures.values()):
            _keep(cache, key, figures)
    return _fastest(ways, figures, threads)


def models_at(path: Path) -> list[ModelFile]:
    """What `path` stands for: the model there, or those that a .json card names and that are beside it."""
    if path.suffix == ".json" and path.is_file():
        return variants(path, list(files_of(path, stored_card(path))))
    return [find_model(path)]


def _ways(path: Path) -> list[tuple[ModelFile, str]]:
    """All (file, runtime) that are possible here; the error of the first file where none is."""
    ways, problems = [], []
    for file in models_at(path):
        check_digest(file, stored_card(file.card_path), file.sha256())
        try:
            ways += [(file, name) for name in runtimes_for(file)]
        except RuntimeMissingError as error:
            problems.append(error)
    if not ways:
        raise problems[0]
    return ways


def _name(file: ModelFile, runtime: str) -> str:
    return f"{file.path.name} on {runtime}"


def _measured(file: ModelFile, runtime: str, **how: Any) -> float | str:
    """Milliseconds of the quickest frame, which other load hardly touches; or what went wrong."""
    try:
        figures = probe(file.path, runtime, **how)
    except ProbeError as error:
        log.warning("%s cannot be used: %s", _name(file, runtime), error)
        return str(error)
    log.info("%s: %.1f ms a frame", _name(file, runtime), figures.min_ms)
    return figures.min_ms


def _fastest(ways: list[tuple[ModelFile, str]], figures: dict[str, float | str], threads: int) -> Choice:
    timed = {way: ms for way in ways if isinstance(ms := figures[_name(*way)], int | float)}
    if not timed:
        raise ModelBrokenError(str(figures[_name(*ways[0])]))
    order = sorted(timed, key=lambda way: timed[way])
    file, runtime = order[0]
    listed = ", ".join(f"{_name(*way)} {timed[way]:.1f} ms" for way in order)
    failed = [_name(*way) for way in ways if way not in timed]
    also = f"; failed: {', '.join(failed)}" if failed else ""
    return Choice(file.path, runtime, f"fastest here with {threads} threads: {listed} a frame{also}")


def _key(ways: list[tuple[ModelFile, str]], *, threads: int, half: bool, image_wh: tuple[int, int]) -> dict[str, Any]:
    """All that the figures depend on."""
    try:
        board = _BOARD.read_text(encoding="utf-8", errors="replace").strip("\0")
    except OSError:
        board = ""
    return {
        "files": {file.path.name: file.sha256() for file, _ in ways},
        "runtimes": {runtime: version(runtime) for _, runtime in ways},
        "threads": threads,
        "half": half,
        "image_wh": list(image_wh),
        "machine": [platform.machine(), platform.release(), os.cpu_count(), board],
    }


def _cached(cache: Path | None, key: dict[str, Any]) -> dict[str, float | str] | None:
    if cache is None or not cache.exists():
        return None
    try:
        kept = json.loads(cache.read_bytes())
        figures: dict[str, float | str] = kept["figures"]
        return figures if kept["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be read (%s): the detector is measured anew", cache, error)
        return None


def _keep(cache: Path | None, key: dict[str, Any], figures: dict[str, float | str]) -> None:
    if cache is None:
        return
    try:
        write_whole(cache, (json.dumps({"key": key, "figures": figures}, indent=2) + "\n").encode())
    except OSError as error:
        log.warning("%s cannot be written (%s): the detector is measured again at the next start", cache, error)
