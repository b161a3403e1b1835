"""`make faults`: inject every fault, two at once, and none at all; print what was said, keep it in docs/faults.md."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .bench import Bench, bench
from .catalogue import all_faults, named
from .healthy import Healthy, watch_healthy
from .pairs import PAIRS, PLUS, PairFinding, find_pairs
from .report import Outcome, enough, last_line, line_of, page_of, pair_line, pairs_line

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


class Part(StrEnum):
    """What may be run alone; then nothing is kept."""

    FAULTS = "faults"
    PAIRS = "pairs"
    HEALTHY = "healthy"


def main(
    only: Annotated[list[str] | None, typer.Option(help="This fault, or pair, alone; may be repeated.")] = None,
    part: Annotated[Part | None, typer.Option(help="This part alone.")] = None,
    healthy: Annotated[int, typer.Option(min=2, help="How often the doctor is asked while all is well.")] = 100,
) -> None:
    """Exit code 1 where the bars are missed: doctor 95 %, page 90 %, every pair, no false alarm."""
    wanted = only or []
    parts = {part} if part else {Part.PAIRS if PLUS in name else Part.FAULTS for name in wanted} or set(Part)
    outcomes: list[Outcome] = []
    pairs: list[PairFinding] = []
    well: Healthy | None = None
    console = Console(highlight=False)
    with console.status("starting the line …") as status, bench(status.update) as line:
        if Part.HEALTHY in parts:
            well = watch_healthy(line, healthy)
            console.print(str(well), soft_wrap=True)
        if Part.PAIRS in parts:
            pairs = _pairs(line, console, [name for name in wanted if PLUS in name])
        if Part.FAULTS in parts:
            outcomes = _faults(line, console, [name for name in wanted if PLUS not in name])
    if parts == set(Part):
        PAGE.write_text(page_of(outcomes, pairs, well), encoding="utf-8")
    if Part.FAULTS in parts:
        console.print(last_line(outcomes))
    good = enough(outcomes) and all(one.right for one in pairs) and (well is None or well.clean)
    raise typer.Exit(0 if good else 1)


def _faults(line: Bench, console: Console, only: list[str]) -> list[Outcome]:
    """One after another, each told as soon as it is known."""
    outcomes: list[Outcome] = []
    for outcome in line.find_all([named(name) for name in only] or all_faults()):
        outcomes.append(outcome)
        console.print(line_of(outcome), soft_wrap=True)
    return outcomes


def _pairs(line: Bench, console: Console, only: list[str]) -> list[PairFinding]:
    found: list[PairFinding] = []
    names = [(one, other) for one, _, other in (name.partition(PLUS) for name in only)]
    for one in find_pairs(line, names or PAIRS):
        found.append(one)
        console.print(pair_line(one), soft_wrap=True)
    console.print(pairs_line(found))
    return found


if __name__ == "__main__":
    typer.run(main)
