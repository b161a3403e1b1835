"""How a fleet fares, on the terminal: a table that is kept up to date, or a line each 5 s where there is none."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from .fleet import Wanted
from .tally import FleetTally

LINE_EACH_S = 5.0
WIDTH = 70
"""For titles that are sentences."""


class Screen:
    """On standard error, so that a summary in JSON can be piped on."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, refresh_per_second=4, transient=True)
        self._began_s = self._last_line_s = time.monotonic()
        self._before = (self._began_s, 0, 0)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def say(self, sentence: str) -> None:
        """A line that stays."""
        self._console.print(sentence, markup=False)

    def show(self, tally: FleetTally, doing: str) -> None:
        """Bring it up to date."""
        now_s = time.monotonic()
        is_terminal = self._console.is_terminal
        if not is_terminal and now_s - self._last_line_s < LINE_EACH_S:
            return
        self._last_line_s = now_s
        rows = self._rows(tally, now_s)
        if is_terminal:
            self._live.update(self._table(rows, doing, tally.complaint()))
        else:
            figures = ", ".join(f"{name} {value}" for name, value in rows)
            complaint = tally.complaint()
            self.say(f"{now_s - self._began_s:.0f} s, {doing}: {figures}{'; ' if complaint else ''}{complaint}")

    def _rows(self, tally: FleetTally, now_s: float) -> list[tuple[str, str]]:
        counts = tally.counts()
        before_s, frames, receipts = self._before
        seconds = max(now_s - before_s, 1e-3)
        if seconds > 2:
            self._before = now_s, counts["frames"], counts["receipts"]
        return [
            ("connected", f"{tally.connected()} of {self._wanted.devices}"),
            ("pictures/s", f"{(counts['frames'] - frames) / seconds:.1f}"),
            ("detections", f"{counts['detections']}"),
            ("receipts/s", f"{(counts['receipts'] - receipts) / seconds:.1f}"),
            ("waiting", f"{tally.waiting()}"),
            ("most waiting in one", f"{tally.most_waiting}"),
        ]

    def _table(self, rows: list[tuple[str, str]], doing: str, complaint: str) -> Table:
        table = Table(min_width=WIDTH, title=f"{self._wanted.devices} devices, {doing}", show_header=False,
                      title_justify="left", caption=complaint or None, caption_justify="left")  # fmt: skip
        for name, value in rows:
            table.add_row(name, value)
        return table
