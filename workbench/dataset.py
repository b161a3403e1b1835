"""`glassline dataset`: what people reviewed, as a YOLO data set for the next training."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.failing import fail

if TYPE_CHECKING:
    from glassline.store import Store

app = typer.Typer(help="Turn reviewed defects into a data set to train on.", no_args_is_help=True)

_AGO = re.compile(r"(\d+)([dh])")


@app.callback()
def _group() -> None:
    """Turn reviewed defects into a data set to train on."""


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(help="Where the data set is written, or brought up to date.")],
    status: Annotated[list[str] | None, typer.Option(help="reviewed (default), resolved, pending; repeatable.")] = None,
    since: Annotated[str, typer.Option(help="Found since then: 2026-11-01, 2026-11-01T08:00Z, or 7d, 12h ago.")] = "",
    until: Annotated[str, typer.Option(help="Found before then.")] = "",
    device: Annotated[str | None, typer.Option(help="Found by this node only.")] = None,
    labels: Annotated[str, typer.Option(help="The classes in order, by comma; else those found, by name.")] = "",
    false_alarm: Annotated[
        str, typer.Option(help="A note that begins so marks a false alarm too: its picture shows good glass.")
    ] = "false alarm",
    polygons: Annotated[bool, typer.Option("--polygons", help="Outlines for a segmenting model, not boxes.")] = False,
    store: Annotated[str, typer.Option(help="Where defects are, sqlite:PATH; else as the bridge's settings say.")] = "",
) -> None:
    """Write reviewed defects as a YOLO data set: images, labels, data.yaml; false alarms as pictures of good glass."""
    from glassline.program import SecretError
    from glassline.store import STATUSES, DefectFilter, StoreError
    from workbench import feedback

    wrong = [one for one in status or [] if one not in STATUSES]
    if wrong:
        raise typer.BadParameter(f"there is no status {wrong[0]}: expected {', '.join(STATUSES)}")
    where = DefectFilter(device_ids=(device,) if device else (), since=_time(since), until=_time(until))
    names = [label.strip() for label in labels.split(",") if label.strip()]
    try:
        with _open(store) as opened:
            wanted = [one for one in STATUSES if one in (status or ["reviewed"])]
            defects = feedback.select(opened, where, wanted)
            with typer.progressbar(defects, label="Exporting") as bar:
                done = feedback.export(opened, bar, directory, labels=names, false_alarm=false_alarm, polygons=polygons)
    except (StoreError, SecretError, ValueError) as error:
        fail(str(error))
    typer.echo(
        f"{done.pictures} pictures ({done.validation} for validation) with {done.boxes} boxes of "
        f"{len(defects)} defects; {done.background} show good glass; {done.missing} defects have no picture yet and "
        "were left out."
    )
    typer.echo(f"Train on it with: glassline model train {done.data_yaml} --weights best.pt")


def _time(text: str) -> datetime | None:
    """2026-11-01, with or without a time of day (UTC unless it says otherwise), or so long ago: 7d, 12h."""
    if not text:
        return None
    if ago := _AGO.fullmatch(text):
        hours = int(ago[1]) * (24 if ago[2] == "d" else 1)
        try:
            return datetime.now(UTC) - timedelta(hours=hours)
        except OverflowError:
            raise typer.BadParameter(f"{text} ago is before all calendars") from None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"expected a time like 2026-11-01, 2026-11-01T08:00Z or 7d, got {text}") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _open(store: str) -> Store:
    """The store named, or the one that the bridge of this machine writes to."""
    from workbench import configured, feedback

    settings = configured.bridge_settings()
    return feedback.open_existing(store or settings.store, key_file=settings.store_key_file)
