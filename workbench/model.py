"""`glassline model`: render pictures to train on, train, export to ONNX, measure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench import exporting
from workbench.failing import fail
from workbench.measuring import calibrate, evaluate, events, parity
from workbench.publishing import publish
from workbench.training import SHIPPED_WEIGHTS

app = typer.Typer(help="Make a model: render pictures, train, export, measure.", no_args_is_help=True)

_IMAGE_WH = (640, 480)
_RENDERED = Path("var/rendered/data.yaml")


@app.command()
def render(
    directory: Annotated[Path, typer.Argument(help="Where the data set is written (YOLO detection layout).")],
    count: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 4000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other pictures.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that render at the same time.")] = 2,
    backgrounds: Annotated[
        Path | None, typer.Option(help="A folder of JPEGs of good glass, without marks, to draw on.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="Draw close-ups only, in your own labels, in the order of their class numbers: "
            "'band=contusion, blow=contusion, thread=scratch, crack=crack, spot=spot'."
        ),
    ] = None,
) -> None:
    """Render glass with known marks to train on."""
    import cv2

    from glassline.scene.dataset import write_dataset
    from glassline.scene.worn import WORN_KINDS

    own_labels = None if labels is None else _own_labels(labels, list(WORN_KINDS))

    cv2.setNumThreads(1)
    grounds = sorted(backgrounds.glob("*.jpg")) if backgrounds is not None else []
    if backgrounds is not None and not grounds:
        raise typer.BadParameter(f"there is no *.jpg in {backgrounds}")
    with typer.progressbar(length=count, label="Rendering") as bar:
        data_yaml = write_dataset(
            directory,
            count=count,
            seed=seed,
            image_wh=_IMAGE_WH,
            workers=workers,
            grounds=grounds,
            own_labels=own_labels,
            progress=lambda done, _: bar.update(done - bar.pos),
        )
    typer.echo(f"Wrote {count} pictures. Train on them with: glassline model train {data_yaml}")


def _own_labels(text: str, kinds: list[str]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",")]
    named = {kind.strip(): label.strip() for kind, _, label in pairs if label.strip()}
    if sorted(named) != sorted(kinds) or len(named) != len(pairs):
        raise typer.BadParameter(f"expected a label for each of {', '.join(kinds)}, like band=contusion, got {text!r}")
    return named


@app.command()
def split(
    directory: Annotated[Path, typer.Argument(help="Where the data set is put together (YOLO detection layout).")],
    images: Annotated[list[Path], typer.Option(help="A folder of JPEGs; once for each light.")],
    labels: Annotated[Path, typer.Option(help="YOLO label files: one for a scene, whatever the light.")],
    names: Annotated[str, typer.Option(help="What the classes are called, separated by commas.")],
    held_out_every: Annotated[int, typer.Option(min=2, help="Every so manieth scene is for validation.")] = 5,
    scenes: Annotated[int | None, typer.Option(min=1, help="Train on so many scenes, evenly spread.")] = None,
) -> None:
    """Put labelled photographs together into a data set, all lights of a scene on the same side."""
    from workbench.photographs import split_scenes

    try:
        data_yaml = split_scenes(
            directory,
            images=images,
            labels=labels,
            names=[name.strip() for name in names.split(",")],
            held_out_every=held_out_every,
            scenes=scenes,
        )
    except ValueError as error:
        fail(str(error))
    typer.echo(f"Train on it with: glassline model train {data_yaml} --weights best.pt --no-keep-best")


@app.command()
def paste(
    data_yaml: Annotated[Path, typer.Argument(help="The data.yaml of a YOLO data set.")],
    directory: Annotated[Path, typer.Argument(help="Where the new pictures are written (YOLO detection layout).")],
    labels: Annotated[str, typer.Option(help="The rare labels, separated by commas.")],
    count: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other pictures.")] = 0,
) -> None:
    """Make more pictures of rare labels: their marks, cut out, on the data set's other pictures."""
    from workbench.pasting import paste as paste_marks

    wanted = [label.strip() for label in labels.split(",") if label.strip()]
    try:
        with typer.progressbar(length=count, label="Pasting") as bar:
            written = paste_marks(
                data_yaml, directory, wanted, count=count, seed=seed, progress=lambda done: bar.update(done - bar.pos)
            )
    except (ValueError, OSError) as error:
        fail(str(error))
    typer.echo(
        f"Wrote {count} pictures. Train on them and on those of {data_yaml} with: glassline model train {written}"
    )


@app.command()
def train(
    data_yaml: Annotated[
        Path | None, typer.Argument(help=f"The data.yaml of a YOLO data set; without it, {_RENDERED}, rendered first.")
    ] = None,
    also: Annotated[
        list[Path] | None, typer.Option(help="Another data.yaml with the same labels to train on; may be repeated.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Where runs are kept.")] = Path("var/runs"),
    name: Annotated[str, typer.Option(help="Name of this run.")] = "glassline-n",
    weights: Annotated[Path, typer.Option(help="A .pt file to start from.")] = SHIPPED_WEIGHTS,
    from_scratch: Annotated[bool, typer.Option("--from-scratch", help="Start from nothing instead.")] = False,
    imgsz: Annotated[int, typer.Option(min=32, help="Longer side of the network's input, pixels.")] = 416,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the pictures.")] = 20,
    hours: Annotated[float | None, typer.Option(help="Take this long instead, however many epochs fit.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures per step.")] = 16,
    lr0: Annotated[float, typer.Option(min=0.0, help="Learning rate to start with.")] = 0.002,
    mosaic: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of pictures put together from four.")] = 0.4,
    keep_best: Annotated[bool, typer.Option(help="Keep the epoch that validates best, not the last.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another run: several may be blended.")] = 0,
    device: Annotated[str, typer.Option(help="`cpu`, or the number of a GPU.")] = "cpu",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run of this name.")] = False,
) -> None:
    """Train YOLO11n on a YOLO data set, or on rendered pictures."""
    from workbench import training, yolo_data

    try:
        if data_yaml is None and not resume:
            training.load_yolo()
            data_yaml = _RENDERED
            if not data_yaml.is_file():
                render(data_yaml.parent)
        if also and data_yaml is not None:
            data_yaml = yolo_data.write_together(data_yaml, also, runs / name / "together.yaml")
        run = training.train(
            data_yaml=data_yaml,
            runs=runs,
            name=name,
            weights=None if from_scratch else weights,
            imgsz=imgsz,
            epochs=epochs,
            hours=hours,
            batch=batch,
            lr0=lr0,
            mosaic=mosaic,
            keep_best=keep_best,
            seed=seed,
            device=device,
            resume=resume,
        )
    except training.FinishedError as told:
        typer.echo(told)
        return
    except (training.TrainingUnavailable, ValueError, FileNotFoundError) as error:
        fail(str(error))
    typer.echo(f"Trained. Export it with: glassline model export {run / 'weights' / 'best.pt'} model.onnx")


@app.command()
def weights(
    best: Annotated[Path, typer.Argument(help="Weights that a training left: …/weights/best.pt.")],
    target: Annotated[Path, typer.Argument(help="The .pt file to write.")],
) -> None:
    """Copy weights to give away: a quarter of the size, and no word of the machine they were trained on."""
    from workbench import exporters, training

    try:
        training.load_yolo()
        exporters.write_weights(best, target)
    except (training.TrainingUnavailable, ValueError) as error:
        fail(str(error))
    typer.echo(f"Wrote {target} ({target.stat().st_size / 1e6:.1f} MB)")


@app.command()
def blend(
    newer: Annotated[Path, typer.Argument(help="Weights that a training left: …/weights/last.pt.")],
    older: Annotated[Path, typer.Argument(help="The weights that it began with.")],
    data_yaml: Annotated[Path, typer.Argument(help="The data.yaml that it learnt from.")],
    target: Annotated[Path, typer.Argument(help="The .pt file to write.")],
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Of the newer ones.")] = 0.8,
) -> None:
    """Weights between two trainings: often better on pictures unlike those that were learnt from."""
    from workbench import blending, training

    try:
        training.load_yolo()
        blending.blend(newer, older, data_yaml, target, share=share)
    except (training.TrainingUnavailable, FileNotFoundError, ValueError) as error:
        fail(str(error))
    typer.echo(f"Wrote {target} ({target.stat().st_size / 1e6:.1f} MB)")


@app.command()
def export(
    best: Annotated[Path, typer.Argument(help="Weights that a training left: …/weights/best.pt.")],
    out: Annotated[
        Path | None, typer.Argument(help="A folder, or the .onnx file to write; by default all goes beside BEST.")
    ] = None,
    imgsz: Annotated[
        int | None, typer.Option(min=32, help="Longer side of the input, pixels; by default what it was trained with.")
    ] = None,
    formats: Annotated[str, typer.Option(help="Which to write, separated by commas.")] = ",".join(exporting.FORMATS),
    trained_on: Annotated[str, typer.Option(help="One sentence for the card.")] = "",
    half_weights: Annotated[bool, typer.Option(help="Store the weights in float16: half the size.")] = True,
) -> None:
    """Turn trained weights into ONNX, OpenVINO and ncnn models and their card."""
    from workbench import training

    wanted = [name.strip() for name in formats.split(",")]
    if unknown := set(wanted) - set(exporting.FORMATS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there is {', '.join(exporting.FORMATS)}")
    try:
        done = exporting.export_model(
            best, out, formats=wanted, imgsz=imgsz, half_weights=half_weights, trained_on=trained_on
        )
    except (training.TrainingUnavailable, FileNotFoundError, exporting.CannotExport) as error:
        fail(str(error))
    for problem in done.problems:
        typer.secho(problem, err=True, fg=typer.colors.YELLOW)
    for path in done.written:
        typer.echo(f"Wrote {path} ({_size_mb(path):.1f} MB)")
    if not done.written:
        raise typer.Exit(1)
    typer.echo(f"Wrote {done.card}. Use it: set `model` in [pi_node] to {done.card.resolve()}")


def _size_mb(path: Path) -> float:
    """Of a file, or of all files in a folder."""
    return sum(one.stat().st_size for one in [path, *path.glob("*")] if one.is_file()) / 1e6


for name, command in (
    ("parity", parity),
    ("eval", evaluate),
    ("calibrate", calibrate),
    ("events", events),
    ("publish", publish),
):
    app.command(name)(command)
