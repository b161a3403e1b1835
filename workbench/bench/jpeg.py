"""What a JPEG costs straight from a camera's planes, against converting them to BGR first."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from statistics import median
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
    rounds: Annotated[int, typer.Option(min=10, max=2000, help="How often each is measured, in turn.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """The CPU time of a JPEG of 1280x720 from YUV planes, and of the same picture converted to BGR and then encoded.

    Both are as a node does it, in turn on the same pictures of rendered glass; also at half size, as for a slow link.
    """
    taken = {scale: measure(scale, quality=quality, rounds=rounds) for scale in (1.0, 0.5)}
    ratios = {scale: median(one["planes"] / one["converted"] for one in each) for scale, each in taken.items()}
    bar = Bar(
        promise="JPEG from planes, times convert-then-encode", measured=round(ratios[1.0], 3), limit=LIMIT,
        holds=ratios[1.0] <= LIMIT,
    )  # fmt: skip
    medians = {
        f"{WH[0] * scale:.0f}x{WH[1] * scale:.0f}": {
            **{name: round(median(one[name] for one in each), 3) for name in each[0]}, "ratio": round(ratios[scale], 3),
        }
        for scale, each in taken.items()
    }  # fmt: skip
    if as_json:
        result = {
            "ms": medians,
            "bars": [asdict(bar)],
            "quality": quality,
            "rounds": rounds,
            "machine": about_machine(),
        }
        typer.echo(json.dumps(result, indent=2))
        return
    typer.echo(f"{'ms of CPU':<12}{'planes':>10}{'converted':>12}{'ratio':>8}")
    for size, one in medians.items():
        typer.echo(f"{size:<12}{one['planes']:>10.2f}{one['converted']:>12.2f}{one['ratio']:>8.2f}")
    typer.echo(f"{bar.promise}: {bar.measured:.2f} (bar: {bar.limit:g})")


def measure(scale: float, *, quality: int, rounds: int) -> list[Ms]:
    """CPU milliseconds of both ways at that scale, once a round."""
    import cv2

    from glassline.scene import Conveyor
    from pi_node.camera import Picture, Planes
    from pi_node.jpeg import encode_jpeg

    belt = Conveyor(seed=7, image_wh=WH)
    pictures = [Planes.from_bgr(belt.frame(10.0 + 0.3 * number)) for number in range(PICTURES)]

    def straight(planes: Planes) -> None:
        encode_jpeg(Picture(planes).scaled(scale), quality)

    def converted(planes: Planes) -> None:
        encode_jpeg(Picture(planes.to_bgr()).scaled(scale), quality)

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for way in (straight, converted):
            way(pictures[0])
        return [
            {"planes": _ms(straight, planes), "converted": _ms(converted, planes)}
            for planes in (pictures[number % PICTURES] for number in range(rounds))
        ]
    finally:
        cv2.setNumThreads(threads)


def _ms(way: Callable[[Planes], None], planes: Planes) -> float:
    began_s = time.thread_time()
    way(planes)
    return (time.thread_time() - began_s) * 1000
