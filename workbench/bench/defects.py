"""`glassline bench defects`: what the page asks of a store with 100,000 defects, and how long that takes."""

from __future__ import annotations

import json
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from glassline.program import write_secret
from glassline.store import open_store

from .child import BenchError, Child, free_port, program
from .meter import cpu_s, rss_mb
from .shelf import fill, now

if TYPE_CHECKING:
    import httpx

Query = dict[str, Any]
Kind = StrEnum("Kind", ["sqlite", "supabase", "both"])
PAGES = 1000
ROUNDS = 30
PAGE_BAR_MS = {"sqlite": 100.0, "supabase": 250.0}
FIGURES_BAR_MS = 300.0
GROWTH_BAR_MB = 30.0
"""Of the web, over an export of everything: it holds a page and no more."""


@dataclass(frozen=True)
class Figure:
    """Answers of one kind: 95 in 100 are to be there within `bar_ms`; for one, web and store worked `cpu_ms`."""

    what: str
    count: int
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    bar_ms: float | None = None


@dataclass(frozen=True)
class Growth:
    """How much more memory the web had than before."""

    what: str
    mb: float
    bar_mb: float = GROWTH_BAR_MB


Figures = list[Figure | Growth]


def defects(
    count: Annotated[int, typer.Option(min=100, max=5_000_000, help="Defects stored, over 60 days.")] = 100_000,
    store: Annotated[Kind, typer.Option(help="Into which store.")] = Kind.both,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Time of the web's answers over a store of 20 devices and six labels, and the memory that they take.

    SQLite and a Supabase project on this machine, each filled as nodes and people would. Measured from the request to
    the last byte of the answer, on one connection. Nothing else should be running meanwhile.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end, too
    kinds = ["sqlite", "supabase"] if store is Kind.both else [store.value]
    try:
        with Console(stderr=True).status("starting …") as status:
            figures = {}
            for kind in kinds:
                figures[kind] = measure(kind, count, status.update)
                if not as_json:
                    _show(kind, count, figures[kind])
    except BenchError as error:
        typer.secho(f"bench: {error}", fg="red", err=True)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps({kind: [asdict(one) for one in found] for kind, found in figures.items()}, indent=2))


def measure(kind: str, count: int, say: Callable[[str], None]) -> Figures:
    """Everything about one store."""
    import httpx

    with TemporaryDirectory(prefix="glassline-bench-", dir=Path.cwd()) as name, ExitStack() as stack:
        folder, today, port = Path(name), now(), free_port()
        say(f"storing {count} defects in {kind} …")
        address, key_file, pids = stack.enter_context(_stored(kind, folder, count, today))
        config = folder / "glassline.toml"
        config.touch()
        flags = ["--http-port", port, "--store", address, *(["--store-key-file", key_file] if key_file else [])]
        web = stack.enter_context(Child("web", *program("web", "--config", config, *flags), folder=folder))
        web.wait_for_port(port)
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60))
        _wait_for_store(client)
        asking = Asking(client, web.pid, PAGE_BAR_MS[kind], workers=[web.pid, *pids])
        say(f"asking {kind} …")
        return list(asking.all(today, count))


@contextmanager
def _stored(kind: str, folder: Path, count: int, today: datetime) -> Iterator[tuple[str, str, list[int]]]:
    """A filled store: its address, the file of its key, and its processes."""
    if kind == "sqlite":
        address = f"sqlite:{folder}/glassline.db"
        with open_store(address) as store:
            fill(store, count, now=today)
        yield address, "", []
        return
    from workbench.supabase import MISSING, LocalSupabase, installed

    if not installed():
        raise BenchError(MISSING)
    with LocalSupabase(folder) as server:
        write_secret(folder / "key", server.secret_key)
        address, key_file = f"supabase:{server.url}", str(folder / "key")
        with open_store(address, key_file=key_file) as store:
            fill(store, count, now=today)
        yield address, key_file, [server.pid]


def _wait_for_store(client: httpx.Client) -> None:
    until_s = time.monotonic() + 60
    while not client.get("/health").json()["store"]["ok"]:
        if time.monotonic() > until_s:
            raise BenchError("the web does not find its store")
        time.sleep(0.1)


class Asking:
    """Asks the web of process `pid` as its page would; `workers` are all who work for the answer."""

    def __init__(self, client: httpx.Client, pid: int, bar_ms: float, *, workers: Sequence[int]) -> None:
        self._client, self._pid, self._bar_ms, self._workers = client, pid, bar_ms, workers

    def all(self, today: datetime, count: int) -> Iterator[Figure | Growth]:
        for _ in range(5):
            self._timed("/api/defects", {})
        before_mb = rss_mb(self._pid)
        yield self._repeated("first page, with counts", "/api/defects", {}, self._bar_ms)
        yield from self._walk(count)
        for what, query in _filters(today).items():
            yield self._repeated(what, "/api/defects", query, self._bar_ms)
        yield self._repeated("choices", "/api/defects/choices", {}, self._bar_ms)
        for what, query in _spans(today).items():
            yield self._repeated(f"figures, {what}", "/api/figures", query, FIGURES_BAR_MS)
        yield Growth("memory after all that", rss_mb(self._pid) - before_mb)
        for format in ("csv", "json"):
            yield from self._export(format)

    def _walk(self, count: int) -> Iterator[Figure]:
        """Page by page by their cursor; and down with the bar of the list."""
        took_ms: list[float] = []
        cursor, began_s = None, self._cpu_s()
        while len(took_ms) < PAGES and (cursor or not took_ms):
            ms, answer = self._timed("/api/defects", {"cursor": cursor} if cursor else {})
            took_ms.append(ms)
            cursor = answer["next_cursor"]
        cpu_ms = (self._cpu_s() - began_s) * 1000 / len(took_ms)
        for begin, end in pairwise((1, 100, 500, PAGES)):
            if some := took_ms[begin:end]:
                yield _of(f"next pages, {begin} to {end}", some, cpu_ms, self._bar_ms)
        for share in (0.5, 0.98):
            query = {"skip": round(count * share)}
            yield self._repeated(f"a page {share:.0%} down, at once", "/api/defects", query, self._bar_ms)

    def _export(self, format: str) -> Iterator[Figure | Growth]:
        """All of it, read as fast as it comes."""
        before_mb, most_mb, done = rss_mb(self._pid), [0.0], threading.Event()

        def watch() -> None:
            while not done.wait(0.05):
                most_mb[0] = max(most_mb[0], rss_mb(self._pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        size_bytes, began_s, worked_s = 0, time.perf_counter(), self._cpu_s()
        try:
            with self._client.stream("GET", "/api/defects/export", params={"format": format}) as answer:
                for part in answer.iter_raw():
                    size_bytes += len(part)
        finally:
            done.set()
            watcher.join()
        took_ms = (time.perf_counter() - began_s) * 1000
        cpu_ms = (self._cpu_s() - worked_s) * 1000
        yield _of(f"export as {format}, {size_bytes / 1e6:.1f} MB", [took_ms], cpu_ms)
        yield Growth("  memory meanwhile", most_mb[0] - before_mb)

    def _repeated(self, what: str, path: str, query: Query, bar_ms: float) -> Figure:
        began_s = self._cpu_s()
        took_ms = [self._timed(path, query)[0] for _ in range(ROUNDS)]
        return _of(what, took_ms, (self._cpu_s() - began_s) * 1000 / ROUNDS, bar_ms)

    def _cpu_s(self) -> float:
        return sum(cpu_s(pid) for pid in self._workers)

    def _timed(self, path: str, query: Query) -> tuple[float, Any]:
        began_s = time.perf_counter()
        answer = self._client.get(path, params=query)
        took_ms = (time.perf_counter() - began_s) * 1000
        if answer.status_code != 200:
            raise BenchError(f"{answer.url} is answered with {answer.status_code}: {answer.text[:300]}")
        return took_ms, answer.json()


def _filters(today: datetime) -> dict[str, Query]:
    def days(first: int, last: int) -> Query:
        return {"since": _time(today - timedelta(days=first)), "until": _time(today - timedelta(days=last))}

    rare: Query = {"label": "inclusion"}
    return {
        "one device": {"device": "pi-7"},
        "one label": {"label": "scratch"},
        "a rare label": rare,
        "a label that there is not": {"label": "nothing"},
        "what is pending": {"status": "pending"},
        "two labels, three devices": {"label": ["stain", "bubble"], "device": ["pi-1", "pi-2", "pi-3"]},
        "a week, two months ago": days(60, 53),
        "a rare label, old": rare | days(60, 50),
        "rare, old, pending, one device": rare | days(60, 50) | {"status": "pending", "device": "pi-3"},
        "score 0.95 and more": {"score_min": 0.95},
        "score 0.9999 and more": {"score_min": 0.9999},
        "false alarms": {"false_alarm": "true"},
        "false alarms of a rare label": rare | {"false_alarm": "true"},
        "no false alarms, reviewed": {"false_alarm": "false", "status": ["reviewed", "resolved"]},
        "a text": {"text": "kratzer"},
        "a text that is rare": {"text": "batch 7, 4711"},
        "a text that there is not": {"text": "nothing of that"},
        "a text, one device, old": {"text": "polished", "device": "pi-3"} | days(60, 30),
        "all at once": rare | days(60, 1) | {"status": "resolved", "device": "pi-1", "score_min": 0.5, "text": "e"},
    }  # fmt: skip


def _spans(today: datetime) -> dict[str, Query]:
    zone = {"zone": "Europe/Berlin", "until": _time(today)}
    month = zone | {"since": _time(today - timedelta(days=30))}
    return {
        "30 days": month | {"bucket": "day"},
        "30 days of one label and three devices": month | {"label": "crack", "device": ["pi-1", "pi-2", "pi-3"]},
        "one day by the hour": zone | {"since": _time(today - timedelta(days=1)), "bucket": "hour"},
        "7 days by the hour": zone | {"since": _time(today - timedelta(days=7)), "bucket": "hour"},
    }


def _of(what: str, took_ms: list[float], cpu_ms: float, bar_ms: float | None = None) -> Figure:
    p95_ms = statistics.quantiles(took_ms, n=20, method="inclusive")[-1] if len(took_ms) > 1 else took_ms[0]
    return Figure(what, len(took_ms), statistics.median(took_ms), p95_ms, cpu_ms, bar_ms)


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _show(kind: str, count: int, found: Figures) -> None:
    table = Table(title=f"{kind}, {count} defects", title_justify="left")
    table.add_column("")
    for name in ("n", "p50 ms", "p95 ms", "bar", "CPU ms"):
        table.add_column(name, justify="right")
    for one in found:
        table.add_row(*_row(one))
    Console(highlight=False).print(table)


def _row(one: Figure | Growth) -> tuple[str, ...]:
    if isinstance(one, Growth):
        return one.what, "", "", f"{one.mb:+.1f} MB", _bar(one.mb, one.bar_mb), ""
    p50, p95, cpu = (f"{ms:.1f}" for ms in (one.p50_ms, one.p95_ms, one.cpu_ms))
    return one.what, str(one.count), p50, p95, "" if one.bar_ms is None else _bar(one.p95_ms, one.bar_ms), cpu


def _bar(value: float, bar: float) -> str:
    return f"[{'green' if value <= bar else 'red'}]{bar:g} {'✓' if value <= bar else '✗'}[/]"
