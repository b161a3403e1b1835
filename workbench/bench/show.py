"""A result for people: the figures side by side, the ratios, and the bars."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .rounds import Result
from .stage import CONTENDERS, Figures

_ROWS: list[tuple[str, str, str]] = [
    ("latency p50, ms", "p50_ms", ".1f"),
    ("latency p99, ms", "p99_ms", ".1f"),
    ("frames to worst viewer", "delivered_share", ".1%"),
    ("frames to average viewer", "mean_share", ".1%"),
    ("CPU s per 1000 frames", "cpu_s_per_1000", ".4f"),
    ("  and of the broker", "broker_cpu_s_per_1000", ".4f"),
    ("memory, MB", "rss_mb", ".0f"),
    ("published, fps", "published_fps", ".1f"),
    ("viewers' own CPU, cores", "viewers_cpu_share", ".2f"),
    ("foreign load, cores", "foreign_cpu_share", ".2f"),
]
NO_BARS = "Bars are set for 50 and for 300 viewers at 15 fps."


def show(console: Console, result: Result) -> None:
    """Print it."""
    load, machine = result.load, result.machine
    title = f"{load.viewers} viewers × {load.fps:g} fps × {load.size_bytes / 1000:g} kB, {load.seconds:g} s, "
    title += f"median of {result.rounds}, {load.broker} broker"
    table = Table(title=title, title_justify="left")
    table.add_column(no_wrap=True)
    for name in CONTENDERS:
        table.add_column({"ours": "web", "relay": "relay", "naive": "naive"}[name], justify="right")
    table.add_column("to relay", justify="right")
    table.add_column("to naive", justify="right")
    for label, field, form in _ROWS:
        table.add_row(label, *_cells(result, field, form))
    console.print(table)
    for bar in result.bars:
        mark, colour = ("✓", "green") if bar.holds else ("✗", "red")
        console.print(Text(f"{mark} {bar.promise}: {bar.measured:.3g} (bar: {bar.limit:.3g})", style=colour))
    if not result.bars:
        console.print(Text(NO_BARS, style="dim"))
    facts = f"{machine['date']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    console.print(Text(f"{facts}, load {machine['load_1min']} before", style="dim"))


def _cells(result: Result, field: str, form: str) -> list[str]:
    def value(figures: Figures) -> float:
        return float(getattr(figures, field))

    ours, relay, naive = (value(result.figures[name]) for name in CONTENDERS)
    return [*(f"{one:{form}}" for one in (ours, relay, naive)), _ratio(ours, relay), _ratio(ours, naive)]


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}" if other else "–"
