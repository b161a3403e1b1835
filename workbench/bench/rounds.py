"""All contenders in turn, round after round, so that what else the machine does hits them alike."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from statistics import median
from typing import Any

from .stage import CONTENDERS, Contender, Figures, Load, measure

FEW, MANY = (50, 15.0), (300, 15.0)
"""Viewers and pictures a second for which bars are set."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Bar:
    """What was promised, what was measured, and whether that holds."""

    promise: str
    measured: float
    limit: float
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Result:
    """The medians of each contender, and under what circumstances they were measured."""

    load: Load
    rounds: int
    machine: dict[str, Any]
    figures: dict[Contender, Figures]

    @property
    def bars(self) -> list[Bar]:
        """The promises for this load; none were made for others."""
        ours, relay, naive = (self.figures[name] for name in CONTENDERS)
        if (self.load.viewers, self.load.fps) == MANY:
            return [
                _at_least("90 % of the frames reach every viewer", ours.delivered_share, 0.90),
                _at_most("p99 of the latency, ms", ours.p99_ms, 60.0),
                _at_most("memory of the web, MB", ours.rss_mb, 150.0),
            ]
        if (self.load.viewers, self.load.fps) != FEW:
            return []
        return [
            _at_least("98 % of the frames reach every viewer", ours.delivered_share, 0.98),
            _at_most("web CPU a frame, times the relay's", ours.cpu_s_per_1000 / relay.cpu_s_per_1000, 2.5),
            _at_most("web CPU a frame, times the naive loop's", ours.cpu_s_per_1000 / naive.cpu_s_per_1000, 0.1),
            _at_most("p99 of the latency, ms", ours.p99_ms, max(25.0, 3 * relay.p99_ms)),
        ]

    def to_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        ours, relay, naive = (self.figures[name] for name in CONTENDERS)
        return {
            "ours": {
                "p50_ms": _short(ours.p50_ms), "p99_ms": _short(ours.p99_ms),
                "delivered_share": _short(ours.delivered_share), "web_cpu_s_per_1000": _short(ours.cpu_s_per_1000),
                "broker_cpu_s_per_1000": _short(ours.broker_cpu_s_per_1000), "web_rss_mb": _short(ours.rss_mb),
                **_rest(ours),
            },
            "relay": _other(relay),
            "naive": _other(naive),
            "bars": [vars(bar) | {"measured": _short(bar.measured), "limit": _short(bar.limit)} for bar in self.bars],
            "load": vars(self.load),
            "rounds": self.rounds,
            "machine": self.machine,
        }  # fmt: skip


def run(load: Load, rounds: int, progress: Progress) -> Result:
    """Measure; `progress` is told what is being done."""
    machine = about_machine()
    taken: dict[Contender, list[Figures]] = {name: [] for name in CONTENDERS}
    for number in range(1, rounds + 1):
        for name in CONTENDERS:
            progress(f"round {number} of {rounds}: {name}, {load.viewers} viewers × {load.fps:g} fps")
            taken[name].append(measure(name, load))
    figures = {name: medians(some) for name, some in taken.items()}
    return Result(load=load, rounds=rounds, machine=machine, figures=figures)


def medians(some: list[Figures]) -> Figures:
    """The median of every figure by itself."""
    return Figures(**{field.name: median(getattr(one, field.name) for one in some) for field in fields(Figures)})


def about_machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "date": datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_1min": round(os.getloadavg()[0], 2),
    }


def _other(figures: Figures) -> dict[str, float]:
    return {
        "p99_ms": _short(figures.p99_ms), "cpu_s_per_1000": _short(figures.cpu_s_per_1000),
        "p50_ms": _short(figures.p50_ms), "delivered_share": _short(figures.delivered_share),
        "broker_cpu_s_per_1000": _short(figures.broker_cpu_s_per_1000), "rss_mb": _short(figures.rss_mb),
        **_rest(figures),
    }  # fmt: skip


def _rest(figures: Figures) -> dict[str, float]:
    names = ("mean_share", "published_fps", "viewers_cpu_share", "foreign_cpu_share")
    return {name: _short(getattr(figures, name)) for name in names}


def _at_least(promise: str, measured: float, limit: float) -> Bar:
    return Bar(promise, measured, limit, measured >= limit)


def _at_most(promise: str, measured: float, limit: float) -> Bar:
    return Bar(promise, measured, limit, measured <= limit)


def _short(value: float) -> float:
    """Four digits are more than such figures are worth."""
    return float(f"{value:.4g}")
