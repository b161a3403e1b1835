"""`make faults`: inject every fault, print what was said of it, and keep that in docs/faults.md."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .bench import Bench, bench
from .catalogue import all_faults, named
from .report import Outcome, last_line, line_of, page_of

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def main(
    only: Annotated[list[str] | None, typer.Option(help="This fault alone; may be repeated. Nothing is kept.")] = None,
) -> None:
    """Exit code 1 where the doctor is right in less than 95 % or the page in less than 90 %."""
    console = Console(highlight=False)
    with console.status("starting the line …") as status, bench(status.update) as line:
        outcomes = faults(line, console, only or [])
    if not only:
        PAGE.write_text(page_of(outcomes), encoding="utf-8")
    console.print(last_line(outcomes))


def faults(line: Bench, console: Console, only: list[str]) -> list[Outcome]:
    """One after another, each told as soon as it is known."""
    outcomes: list[Outcome] = []
    for outcome in line.find_all([named(name) for name in only] or all_faults()):
        outcomes.append(outcome)
        console.print(line_of(outcome), soft_wrap=True)
    return outcomes


if __name__ == "__main__":
    typer.run(main)
