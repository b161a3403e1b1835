"""`make faults`: inject every fault, two at once, and none at all; print what was said, keep it in docs/faults.md."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status

from .bench import Cannot, Tell, bench, on_lines
from .catalogue import all_faults, named
from .fault import Finding
from .healthy import Healthy, watch_healthy
from .pairs import PAIRS, PLUS, PairFinding, find_pair
from .report import Outcome, enough, last_line, line_of, pair_line, pairs_line, renewed

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


class Part(StrEnum):
    """What may be run alone; its section of docs/faults.md is made anew."""

    FAULTS = "faults"
    PAIRS = "pairs"
    HEALTHY = "healthy"


class Shown:
    """What each line is at, below what was found."""

    def __init__(self, console: Console, status: Status) -> None:
        self._console, self._status = console, status
        self._texts: list[str] = []

    def teller(self) -> Tell:
        place = len(self._texts)
        self._texts.append("starting a line")

        def tell(text: str) -> None:
            self._texts[place] = text
            self._status.update(" · ".join(self._texts))

        return tell

    def done(self, found: object) -> None:
        text = line_of(found) if isinstance(found, Finding | Cannot) else ""
        self._console.print(pair_line(found) if isinstance(found, PairFinding) else text, soft_wrap=True)


def main(
    only: Annotated[
        list[str] | None, typer.Option(help="Try this fault, or pair, and keep nothing; may be repeated.")
    ] = None,
    part: Annotated[Part | None, typer.Option(help="This part alone.")] = None,
    healthy: Annotated[int, typer.Option(min=2, help="How often the doctor is asked while all is well.")] = 100,
    jobs: Annotated[int, typer.Option(min=1, max=8, help="Lines that run side by side.")] = 2,
) -> None:
    """Exit code 1 where the bars are missed: doctor 95 %, page 90 %, every pair, no false alarm."""
    wanted = only or []
    parts = {part} if part else {Part.PAIRS if PLUS in name else Part.FAULTS for name in wanted} or set(Part)
    well: Healthy | None = None
    outcomes: list[Outcome] = []
    pairs: list[PairFinding] = []
    console = Console(highlight=False)
    with console.status("starting …") as status:
        if Part.HEALTHY in parts:
            with bench(status.update) as line:
                well = watch_healthy(line, healthy)
            console.print(str(well), soft_wrap=True)
        if Part.PAIRS in parts:
            names = [name for name in wanted if PLUS in name] or PAIRS
            found = on_lines(jobs, names, find_pair, Shown(console, status))
            pairs = [one for one in found if isinstance(one, PairFinding)]
            console.print(pairs_line(pairs))
        if Part.FAULTS in parts:
            names = [name for name in wanted if PLUS not in name] or [fault.name for fault in all_faults()]
            outcomes = on_lines(jobs, names, lambda line, name: line.find(named(name)), Shown(console, status))
            console.print(last_line(outcomes))
    if not wanted:
        before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        PAGE.write_text(renewed(before, healthy=well, pairs=pairs, outcomes=outcomes), encoding="utf-8")
    good = enough(outcomes) and all(one.right for one in pairs) and (well is None or well.clean)
    raise typer.Exit(0 if good else 1)


if __name__ == "__main__":
    typer.run(main)
