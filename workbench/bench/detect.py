"""What a detector costs on every runtime that is installed, against Ultralytics' own `predict` on its .pt."""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from glassline.vision import DEFAULT_MODEL
from glassline.vision.files import find_model
from glassline.vision.probe import Figures, ProbeError, probe
from glassline.vision.runtimes import RUNTIMES, installed, version
from workbench.untrained import write_untrained

from .child import BenchError
from .rounds import Bar

ULTRALYTICS = "ultralytics"
TIME_LIMIT, MEMORY_LIMIT, STARTUP_LIMIT = 0.5, 0.35, 0.3
_PICTURES = 8
_EXIT_CANNOT = 1

Probe = Callable[[], Figures]


def detect(
    model: Annotated[
        Path | None, typer.Option(help="Trained weights, a .pt; by default a YOLO11n that is still untrained.")
    ] = None,
    images: Annotated[Path | None, typer.Option(help="JPEGs to look at; by default rendered ones, 640x480.")] = None,
    imgsz: Annotated[int, typer.Option(min=32, help="Longer side of the input, pixels.")] = 416,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Processor cores, the same for all.")] = 2,
    frames: Annotated[int, typer.Option(min=1, help="Frames of each, in each round.")] = 40,
    rounds: Annotated[int, typer.Option(min=1, max=21, help="How often all are measured in turn; medians count.")] = 3,
    half: Annotated[bool, typer.Option("--half", help="Let the lean ones compute in half precision.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Time of a frame, start-up and memory of each runtime, and of Ultralytics' own predict, each in its own process.

    One model, one set of pictures, one number of threads; nothing else should be running meanwhile.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="glassline-bench-") as scratch:
            shown = images or _rendered(Path(scratch) / "pictures")
            contenders = _contenders(
                model, Path(scratch), imgsz=imgsz, threads=threads, frames=frames, images=shown, half=half
            )  # fmt: skip
            figures = _rounds(contenders, rounds)
    except (BenchError, ProbeError) as error:
        typer.secho(f"bench: {error}", fg="red", err=True)
        raise typer.Exit(_EXIT_CANNOT) from None
    result = {
        "runtimes": {name: one.model_dump() for name, one in figures.items()},
        "bars": [asdict(bar) for bar in bars(figures)],
        "versions": {name: version(name) for name in figures},
        "how": {"imgsz": imgsz, "threads": threads, "frames": frames, "rounds": rounds, "half": half},
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "date": time.strftime("%Y-%m-%d")},
    }
    typer.echo(json.dumps(result, indent=2) if as_json else _table(figures))


def bars(figures: dict[str, Figures]) -> list[Bar]:
    """What is promised of the quickest lean runtime, beside Ultralytics; none where that is not installed."""
    theirs = figures.get(ULTRALYTICS)
    lean = {name: one for name, one in figures.items() if name != ULTRALYTICS}
    if theirs is None or not lean:
        return []
    name, best = min(lean.items(), key=lambda pair: pair[1].p50_ms)
    ratios = [
        ("time of a frame", best.p50_ms / theirs.p50_ms, TIME_LIMIT),
        ("memory", best.rss_mb / theirs.rss_mb, MEMORY_LIMIT),
        ("start-up", best.startup_s / theirs.startup_s, STARTUP_LIMIT),
    ]
    return [
        Bar(promise=f"{name}, {what} to Ultralytics'", measured=round(ratio, 3), limit=limit, holds=ratio <= limit)
        for what, ratio, limit in ratios
    ]


def _contenders(model: Path | None, scratch: Path, *, imgsz: int, **how: Any) -> dict[str, Probe]:
    if not installed(ULTRALYTICS):
        if model is not None:
            raise BenchError("a .pt needs Ultralytics to be exported: pip install 'glassline[train]'")
        typer.secho("Ultralytics is not installed: the model that is shipped, without comparison.", err=True)
        return {name: _lean(DEFAULT_MODEL, name, **how) for name in ("onnxruntime", "openvino") if installed(name)}
    best = model or write_untrained(scratch / "best.pt", "yolo11n")
    contenders = {}
    for path in _exported(best, scratch / "models", imgsz):
        kind = find_model(path).kind
        name = next(name for name, known in RUNTIMES.items() if known.kinds[-1] == kind)
        if installed(name):
            contenders[name] = _lean(path, name, **how)
    how.pop("half")
    contenders[ULTRALYTICS] = lambda: probe(best, str(imgsz), module="workbench.bench.predicted", **how)
    return contenders


def _lean(path: Path, name: str, **how: Any) -> Probe:
    return lambda: probe(path, name, **how)


def _rounds(contenders: dict[str, Probe], rounds: int) -> dict[str, Figures]:
    """Everyone in turn, so that what else the machine does meets all alike; the median of each figure."""
    seen: dict[str, list[Figures]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            seen[name].append(run())
    return {
        name: Figures(**{key: round(median(getattr(one, key) for one in all_), 3) for key in Figures.model_fields})
        for name, all_ in seen.items()
    }


def _rendered(folder: Path) -> Path:
    from .pictures import pictures

    folder.mkdir()
    for number, jpeg in enumerate(pictures(_PICTURES, 60_000)):
        (folder / f"{number}.jpg").write_bytes(jpeg)
    return folder


def _exported(best: Path, folder: Path, imgsz: int) -> list[Path]:
    from workbench.exporting import export_model

    done = export_model(best, folder, imgsz=imgsz)
    for problem in done.problems:
        typer.secho(problem, err=True, fg=typer.colors.YELLOW)
    return done.written


def _table(figures: dict[str, Figures]) -> str:
    head = f"{'':<14}{'ms a frame':>11}{'start-up, s':>13}{'memory, MB':>12}"
    rows = [f"{name:<14}{one.p50_ms:>11.1f}{one.startup_s:>13.2f}{one.rss_mb:>12.0f}" for name, one in figures.items()]
    told = [f"{bar.promise}: {bar.measured:.2f} (bar: {bar.limit:g})" for bar in bars(figures)]
    return "\n".join([head, *rows, *told])
