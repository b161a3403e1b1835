"""`glassline model` measures: parity with Ultralytics, accuracy on pictures, on the conveyor, and of detections."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from workbench import exporting
from workbench.failing import fail

T = TypeVar("T")

_MAP_LEAST_SCORE = 0.001
"""From this score on boxes count where mAP is measured, as in Ultralytics' `val`."""


def parity(
    best: Annotated[Path, typer.Argument(help="Weights that a training left: …/weights/best.pt.")],
    images: Annotated[list[Path], typer.Option(help="A folder of JPEGs; may be given more than once.")],
    runtime: Annotated[list[str] | None, typer.Option(help="Only this one; may be given more than once.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many pictures.")] = None,
    half_weights: Annotated[bool, typer.Option(help="Weights in float16, as they are shipped.")] = False,
) -> None:
    """Compare every runtime with what Ultralytics itself says of the same weights and pictures."""
    from glassline.vision.runtimes import RUNTIMES, installed
    from workbench import parity as comparison
    from workbench import training

    pictures = sorted(path for folder in images for path in folder.glob("*.jpg"))[:limit]
    if not pictures:
        raise typer.BadParameter(f"there is no *.jpg in {', '.join(map(str, images))}")
    if unknown := set(runtime or []) - {name for name in RUNTIMES if installed(name)}:
        raise typer.BadParameter(
            f"{', '.join(sorted(unknown))}: there is {', '.join(filter(installed, RUNTIMES))} here"
        )
    try:
        figures = comparison.measure(best, pictures, runtimes=runtime or [], half_weights=half_weights, shown=_shown)
    except (training.TrainingUnavailable, FileNotFoundError, ValueError) as error:
        fail(str(error))
    typer.echo(json.dumps(figures, indent=2))


def evaluate(
    data_yaml: Annotated[Path, typer.Argument(help="The data.yaml of a YOLO data set.")],
    model: Annotated[Path | None, typer.Option(help="The model; without it, the one that is shipped.")] = None,
    part: Annotated[str, typer.Option(help="The part of the data set: train, val, test, or all.")] = "val",
    skip: Annotated[int, typer.Option(min=0, help="Leave out the first so many pictures by name.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many pictures.")] = None,
    looks: Annotated[int, typer.Option(help="How many mirror images to look at: 1, 4 or 8, as `detector_looks`.")] = 1,
    baseline: Annotated[bool, typer.Option("--baseline", help="Measure background subtraction beside it.")] = False,
    mistakes: Annotated[Path | None, typer.Option(help="Write pictures of misses and false alarms here.")] = None,
    record: Annotated[str | None, typer.Option(help="Keep the figures in the model's card under this name.")] = None,
) -> None:
    """Measure a model on labelled pictures: a table by class, and pictures of its mistakes.

    The table is what the field calls mAP, measured as Ultralytics does: from a score of 0.001 on, a box for each class
    at each place, suppressed within a class only. All other figures are of what a node tells, one box for a mark.
    """
    from glassline.vision import FAINT_SHARE, DetectorError, looking
    from workbench import evaluation, subtraction, yolo_data

    try:
        path = _found(model, record)
        names, photographs = yolo_data.read_part(data_yaml, part)
        photographs = photographs[skip:][:limit]
        if not photographs:
            raise ValueError(f"nothing is left of {data_yaml} without the first {skip} pictures")
        with looking(path, looks=looks, score_threshold=0.02) as detector:
            looked = evaluation.look_at(evaluation.finder(detector), _shown(photographs, "Looking"))
            believed, labels = detector.card.score_threshold, detector.card.labels
        figures = {"looks": looks, **evaluation.photograph_figures(looked, score_threshold=believed)}
        if set(names) == set(labels):
            least = _MAP_LEAST_SCORE / FAINT_SHARE
            every = {"across_labels": False, "every_label": True}
            with looking(path, looks=looks, score_threshold=least, **every) as detector:
                by_label = evaluation.look_at(evaluation.finder(detector), _shown(photographs, "By label"))
            figures["labels"] = evaluation.label_table(by_label, names, score_threshold=believed)
            typer.echo(evaluation.as_text(figures["labels"]))
        if baseline:
            simple = evaluation.look_at(subtraction.subtract_background, _shown(photographs, "Subtracting"))
            figures["baseline_ap50"] = evaluation.photograph_figures(simple, score_threshold=0)["ap50"]
        if mistakes is not None:
            count = evaluation.draw_mistakes(photographs, looked, mistakes, score_threshold=believed)
            typer.echo(f"Wrote {count} pictures with mistakes to {mistakes}")
    except (DetectorError, ValueError) as error:
        fail(str(error))
    _report(figures, path, record)


def calibrate(
    model: Annotated[Path | None, typer.Argument(help="The model; without it, the one that is shipped.")] = None,
    frames: Annotated[int, typer.Option(min=1, help="Conveyor frames of each seed.")] = 150,
    seeds: Annotated[str, typer.Option(help="Conveyor seeds, none of those used in training.")] = "7,8",
    record: Annotated[str | None, typer.Option(help="Keep figures and threshold in the card under this name.")] = None,
) -> None:
    """Measure a model on rendered conveyor frames, and recommend the score from which on to believe it."""
    from glassline.vision import DetectorError, YoloDetector
    from workbench import evaluation

    try:
        path, numbers = _found(model, record), _numbers(seeds)
        with YoloDetector(path, score_threshold=0.2) as detector:
            figures, threshold = evaluation.on_conveyor(detector, seeds=numbers, frames=frames)
    except (DetectorError, ValueError) as error:
        fail(str(error))
    _report(figures, path, record, threshold)
    typer.echo(f"Recommended score threshold: {threshold}")


def events(
    model: Annotated[Path | None, typer.Argument(help="The model; without it, the one that is shipped.")] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="Length of the run, in the belt's own time.")] = 10.0,
    fps: Annotated[float, typer.Option(min=1, help="Frames a second, in the belt's own time.")] = 10.0,
    panes: Annotated[int, typer.Option(min=1, help="So many panes pass; the belt is as fast as that takes.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Conveyor seed, none of those used in training.")] = 4242,
    stop_and_go: Annotated[bool, typer.Option("--stop-and-go", help="The belt stands after each pane.")] = False,
    mistakes: Annotated[Path | None, typer.Option(help="Write pictures of misses and false detections here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure detections, not boxes: detector and tracker on a rendered conveyor, as fast as this machine goes."""
    from glassline.vision import DetectorError, YoloDetector
    from workbench import events as told

    try:
        run = told.Run(
            seed=seed, minutes=minutes, fps=fps, panes=panes, motion="stop-and-go" if stop_and_go else "steady"
        )
        with (
            YoloDetector(_found(model)) as detector,
            typer.progressbar(length=run.frames, label="Watching", file=sys.stderr) as bar,
        ):
            found = told.watch(detector, run, progress=bar.update)
    except (DetectorError, ValueError) as error:
        fail(str(error))
    figures = told.figures(run, found)
    typer.echo(json.dumps(figures, indent=2) if as_json else told.as_text(figures))
    if mistakes is not None:
        count = told.draw_mistakes(run, found, mistakes)
        typer.echo(f"Wrote {count} pictures of mistakes to {mistakes}", err=True)


def _shown(photographs: Sequence[T], label: str) -> Iterator[T]:
    """The photographs one by one, with a progress bar."""
    with typer.progressbar(photographs, label=label, file=sys.stderr) as bar:
        yield from bar


def _found(model: Path | None, record: str | None = None) -> Path:
    """The model to measure: of a card, the first of those it names; with `record` CannotRecord if it has no card."""
    from glassline.vision import DEFAULT_MODEL
    from glassline.vision.choice import models_at

    path = models_at(model or DEFAULT_MODEL)[0].path
    if record is not None:
        exporting.card_of(path)
    return path


def _numbers(text: str) -> list[int]:
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise ValueError(f"expected seeds like 7,8, got {text!r}") from None


def _report(figures: dict[str, Any], model: Path, record: str | None, score_threshold: float | None = None) -> None:
    """Print the figures, and keep them in the model's card if asked."""
    typer.echo(json.dumps(figures, indent=2))
    if record is not None:
        card = exporting.update_card(model, figures={record: figures}, score_threshold=score_threshold)
        typer.echo(f"Recorded in {card}")
