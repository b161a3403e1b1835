"""What a fleet did, as figures."""

from typing import Any

from rich.console import Console
from rich.table import Table

from .fleet import Wanted
from .journal import read_journals
from .show import WIDTH
from .tally import FleetTally


def planted(wanted: Wanted) -> int:
    """Detections that the outboxes have taken, of all runs in this folder."""
    paths = [path for id in wanted.ids() if (path := wanted.journal(id)).exists()]
    return sum(found.kept for found in read_journals(paths).values())


def summary_of(wanted: Wanted, tally: FleetTally, *, seconds: float, drain_s: float | None) -> dict[str, Any]:
    """Figures of a run that planted for `seconds` and then took `drain_s` until all outboxes were empty, or did not."""
    counts, (cpu_s, memory_mb) = tally.counts(), tally.cost()
    known = ("frames", "frames_lost", "connects", "detections", "receipts")
    took_ms = sorted(tally.receipt_ms)
    return {
        "devices": wanted.devices,
        "connected": tally.connected(),
        "seed": wanted.seed,
        "seconds": round(seconds, 1),
        "frames": counts["frames"],
        "frames_per_s": round(counts["frames"] / seconds, 1),
        "frames_lost": counts["frames_lost"],
        "receipts": counts["receipts"],
        "receipt_ms": {"p50": _percentile(took_ms, 50), "p99": _percentile(took_ms, 99)},
        "waiting": tally.waiting(),
        "most_waiting": tally.most_waiting,
        "most_waiting_together": tally.most_waiting_together,
        "drain_s": None if drain_s is None else round(drain_s, 1),
        "connects": counts["connects"],
        "restarts": tally.restarts,
        "cpu_percent_per_device": round(100 * cpu_s / (seconds + (drain_s or 0)) / wanted.devices, 2),
        "memory_mb_per_device": round(memory_mb / wanted.devices, 1),
        "counters": {name: number for name, number in sorted(counts.items()) if name not in known and number},
    }


def _percentile(values: list[float], percent: int) -> float | None:
    """Of sorted values; None without any."""
    return round(values[min(len(values) - 1, len(values) * percent // 100)], 1) if values else None


_WORDS = {
    "connected": "devices connected at the end",
    "planted": "detections planted",
    "waiting": "still waiting for a receipt",
    "most_waiting": "waiting at most: in one outbox",
    "most_waiting_together": "  in all of them",
    "drain_s": "seconds until all outboxes were empty",
    "frames": "live pictures sent",
    "frames_per_s": "  a second",
    "frames_lost": "  lost with their connection",
    "connects": "connections made",
    "restarts": "processes started again",
    "cpu_percent_per_device": "processor a device, % of a core",
    "memory_mb_per_device": "memory a device, MB",
}


def show_summary(summary: dict[str, Any]) -> None:
    """Print it for people."""
    title = f"{summary['devices']} devices, {summary['seconds']:g} s, seed {summary['seed']}"
    table = Table(title=title, show_header=False, title_justify="left", min_width=WIDTH)
    for key, words in _WORDS.items():
        table.add_row(words, "-" if summary[key] is None else f"{summary[key]:,}")
    receipt_ms = summary["receipt_ms"]
    table.add_row("planted to receipt, p50 and p99, ms", f"{receipt_ms['p50']} and {receipt_ms['p99']}")
    for name, number in summary["counters"].items():
        table.add_row(name, f"{number:,}")
    Console(highlight=False).print(table)
