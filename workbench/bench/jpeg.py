"""What a JPEG costs straight from a camera's planes, against converting them to BGR first."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from statistics import mean, median
from typing import TYPE_CHECKING, Annotated

import typer

from .rounds import Bar, about_machine

if TYPE_CHECKING:
    from pi_node.camera import Planes

WH = (1280, 720)
LIMIT = 0.6
PICTURES = 8
Ms = dict[str, float]


def jpeg(
    quality: Annotated[int, typer.Option(min=1, max=100, help="JPEG quality.")] = 80,
    rounds: Annotated[int, typer.Option(min=2, max=1000, help="How often each picture is encoded in both ways.")] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """The CPU time of a JPEG of 1280x720 from YUV planes, and of the same picture converted to BGR and then encoded.

    Both are as a node does it, in turn on the same pictures of rendered glass; also at half size, as for a slow link.
    Of each picture the least time counts, since whatever else the machine does only adds to it; `median` is the median
    of all turns' own ratios.
    """
    figures = {}
    for scale in (1.0, 0.5):
        taken = measure(scale, quality=quality, rounds=rounds)
        planes, converted = (mean(min(turn[way] for turn in turns) for turns in taken) for way in taken[0][0])
        figures[f"{WH[0] * scale:.0f}x{WH[1] * scale:.0f}"] = {
            "planes_ms": round(planes, 3), "converted_ms": round(converted, 3), "ratio": round(planes / converted, 3),
            "median": round(median(turn["planes"] / turn["converted"] for turns in taken for turn in turns), 3),
        }  # fmt: skip
    ratio = figures[f"{WH[0]}x{WH[1]}"]["ratio"]
    bar = Bar(promise="JPEG from planes, times convert-then-encode", measured=ratio, limit=LIMIT, holds=ratio <= LIMIT)
    if as_json:
        how = {"quality": quality, "rounds": rounds, "pictures": PICTURES}
        result = {"sizes": figures, "bars": [asdict(bar)], "how": how, "machine": about_machine()}
        typer.echo(json.dumps(result, indent=2))
        return
    typer.echo(f"{'':<12}{'planes, ms':>12}{'converted, ms':>15}{'ratio':>8}{'median':>8}")
    for size, one in figures.items():
        row = f"{one['planes_ms']:>12.2f}{one['converted_ms']:>15.2f}{one['ratio']:>8.2f}{one['median']:>8.2f}"
        typer.echo(f"{size:<12}{row}")
    typer.echo(f"{bar.promise}: {bar.measured:.2f} (bar: {bar.limit:g})")


def measure(scale: float, *, quality: int, rounds: int) -> list[list[Ms]]:
    """CPU milliseconds of both ways at that scale: of each picture, each turn."""
    import cv2

    from glassline.scene import Conveyor
    from pi_node.camera import Picture, Planes
    from pi_node.camera.jpeg import encode_jpeg

    belt = Conveyor(seed=7, image_wh=WH)
    pictures = [Planes.from_bgr(belt.frame(10.0 + 0.3 * number)) for number in range(PICTURES)]

    def straight(planes: Planes) -> None:
        encode_jpeg(Picture(planes).scaled(scale), quality)

    def converted(planes: Planes) -> None:
        encode_jpeg(Picture(planes.to_bgr()).scaled(scale), quality)

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        taken: list[list[Ms]] = [[] for _ in pictures]
        for _ in range(rounds):
            for planes, turns in zip(pictures, taken, strict=True):
                turns.append({"planes": _ms(straight, planes), "converted": _ms(converted, planes)})
        return taken
    finally:
        cv2.setNumThreads(threads)


def _ms(way: Callable[[Planes], None], planes: Planes) -> float:
    began_s = time.thread_time()
    way(planes)
    return (time.thread_time() - began_s) * 1000
