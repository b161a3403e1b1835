"""What a detector costs on every runtime that is installed, against Ultralytics' own `predict` on its .pt."""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from glassline.vision import DEFAULT_MODEL
from glassline.vision.card import ModelCard
from glassline.vision.files import find_model
from glassline.vision.probe import Figures, ProbeError, probe
from glassline.vision.runtimes import RUNTIMES, installed, version
from workbench.exporting import export_model
from workbench.training import SHIPPED_WEIGHTS

from .child import BenchError
from .rounds import Bar

ULTRALYTICS = "ultralytics"
TIME_LIMIT, MEMORY_LIMIT, STARTUP_LIMIT = 0.5, 0.35, 0.3
_PICTURES = 8
_EXIT_CANNOT = 1

Probe = Callable[[], Figures]


def detect(
    model: Annotated[
        Path, typer.Option(help="Trained weights, a .pt; by default those of the model that is shipped.")
    ] = SHIPPED_WEIGHTS,
    images: Annotated[Path | None, typer.Option(help="JPEGs to look at; by default rendered ones, 640x480.")] = None,
    imgsz: Annotated[
        int | None, typer.Option(min=32, help="Longer side of the input, pixels; by default what it was trained with.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Processor cores, the same for all.")] = 2,
    frames: Annotated[int, typer.Option(min=1, help="Frames of each, in each round.")] = 20,
    rounds: Annotated[int, typer.Option(min=1, max=21, help="How often all are measured in turn; medians count.")] = 7,
    half: Annotated[bool, typer.Option("--half", help="Let the lean ones compute in half precision.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Time of a frame, start-up and memory of each runtime, and of Ultralytics' own predict, each in its own process.

    One model, one set of pictures, one number of threads; nothing else should be running meanwhile.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="glassline-bench-") as scratch:
            shown = images or _rendered(Path(scratch) / "pictures")
            contenders, side = _contenders(
                model, Path(scratch), imgsz, threads=threads, frames=frames, images=shown, half=half
            )  # fmt: skip
            taken = [{name: run() for name, run in contenders.items()} for _ in range(rounds)]
    except (BenchError, ProbeError) as error:
        typer.secho(f"bench: {error}", fg="red", err=True)
        raise typer.Exit(_EXIT_CANNOT) from None
    figures = medians(taken)
    result = {
        "runtimes": {name: one.model_dump() for name, one in figures.items()},
        "bars": [asdict(bar) for bar in bars(taken)],
        "versions": {name: version(name) for name in figures},
        "how": {"imgsz": side, "threads": threads, "frames": frames, "rounds": rounds, "half": half},
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "date": time.strftime("%Y-%m-%d")},
    }
    typer.echo(json.dumps(result, indent=2) if as_json else _table(taken))


def medians(taken: Sequence[dict[str, Figures]]) -> dict[str, Figures]:
    """The median of each figure over all rounds."""
    return {
        name: Figures(**{
            key: round(median(getattr(one[name], key) for one in taken), 3) for key in Figures.model_fields
        })
        for name in taken[0]
    }  # fmt: skip


def bars(taken: Sequence[dict[str, Figures]]) -> list[Bar]:
    """What is promised of the quickest lean runtime, beside Ultralytics; none where that is not installed.

    Median of each round's own ratio: a machine that others use, too, may be twice as fast in one round as in the next.
    """
    lean = {name: one for name, one in medians(taken).items() if name != ULTRALYTICS}
    if ULTRALYTICS not in taken[0] or not lean:
        return []
    name = min(lean, key=lambda name: lean[name].p50_ms)
    told = []
    for what, key, limit in (
        ("time of a frame", "p50_ms", TIME_LIMIT),
        ("memory", "rss_mb", MEMORY_LIMIT),
        ("start-up", "startup_s", STARTUP_LIMIT),
    ):
        ratio = median(getattr(one[name], key) / getattr(one[ULTRALYTICS], key) for one in taken)
        promise = f"{name}, {what} to Ultralytics'"
        told.append(Bar(promise=promise, measured=round(ratio, 3), limit=limit, holds=ratio <= limit))
    return told


def _contenders(best: Path, scratch: Path, imgsz: int | None, **how: Any) -> tuple[dict[str, Probe], int]:
    """What is measured, by name, and the longer side of the input, pixels."""
    if not installed(ULTRALYTICS):
        if best != SHIPPED_WEIGHTS:
            raise BenchError("a .pt needs Ultralytics to be exported: pip install 'glassline[train]'")
        typer.secho("Ultralytics is not installed: the model that is shipped, without comparison.", err=True)
        side = ModelCard.model_validate_json(DEFAULT_MODEL.with_suffix(".json").read_bytes()).imgsz
        lean = ("onnxruntime", "openvino")
        return {name: _lean(DEFAULT_MODEL, name, **how) for name in lean if installed(name)}, side
    done = export_model(best, scratch / "models", imgsz=imgsz)
    for problem in done.problems:
        typer.secho(problem, err=True, fg=typer.colors.YELLOW)
    contenders = {}
    for path in done.written:
        kind = find_model(path).kind
        name = next(name for name, known in RUNTIMES.items() if known.kinds[-1] == kind)
        if installed(name):
            contenders[name] = _lean(path, name, **how)
    how.pop("half")
    side = ModelCard.model_validate_json(done.card.read_bytes()).imgsz
    contenders[ULTRALYTICS] = lambda: probe(best, str(side), module="workbench.bench.predicted", **how)
    return contenders, side


def _lean(path: Path, name: str, **how: Any) -> Probe:
    return lambda: probe(path, name, **how)


def _rendered(folder: Path) -> Path:
    from .pictures import pictures

    folder.mkdir()
    for number, jpeg in enumerate(pictures(_PICTURES, 60_000)):
        (folder / f"{number}.jpg").write_bytes(jpeg)
    return folder


def _table(taken: Sequence[dict[str, Figures]]) -> str:
    head = f"{'':<14}{'ms a frame':>11}{'start-up, s':>13}{'memory, MB':>12}"
    rows = [
        f"{name:<14}{one.p50_ms:>11.1f}{one.startup_s:>13.2f}{one.rss_mb:>12.0f}"
        for name, one in medians(taken).items()
    ]
    told = [f"{bar.promise}: {bar.measured:.2f} (bar: {bar.limit:g})" for bar in bars(taken)]
    return "\n".join([head, *rows, *told])
