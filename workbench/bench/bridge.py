"""`glassline bench bridge`: detections a second from a node's publish to its receipt, rows without pictures."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from glassline.program import write_secret

from .child import MOSQUITTO, BenchError, Child, free_port, program, python
from .stage import BrokerKind, broker_command

Figures = dict[str, dict[str, float]]


def bridge(
    count: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Detections for SQLite; a fifth elsewhere.")
    ] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """How many detections a second the bridge stores, end to end: node, broker, bridge, store, receipt.

    Over mosquitto into SQLite and into a Supabase project on this machine, beside one insert for each message into the
    same; and over the embedded broker into SQLite. Nothing else should be running meanwhile.
    """
    try:
        with Console(stderr=True).status("starting …") as status:
            figures = measure_all(count, status.update)
    except BenchError as error:
        typer.secho(f"bench: {error}", fg="red", err=True)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        _show(figures)


def measure_all(count: int, say: Any) -> Figures:
    """All figures, one after the other."""
    from workbench.supabase import MISSING, LocalSupabase, installed

    if MOSQUITTO is None:
        raise BenchError("mosquitto is not installed: apt-get install mosquitto")
    if not installed():
        raise BenchError(MISSING)
    say("mosquitto and SQLite …")
    figures: Figures = {"sqlite": {"per_s": measure("mosquitto", "sqlite", count)}}
    with TemporaryDirectory(prefix="glassline-supabase-") as folder, LocalSupabase(Path(folder)) as server:
        say("mosquitto and Supabase …")
        write_secret(Path(folder) / "key", server.secret_key)
        key_file = str(Path(folder) / "key")
        per_s = measure("mosquitto", f"supabase:{server.url}", count // 5, "--store-key-file", key_file)
        say("one insert for each message …")
        figures["supabase"] = {
            "per_s": per_s,
            "one_by_one_per_s": one_by_one(server.url, server.secret_key, count // 20),
        }
    say("the embedded broker and SQLite …")
    figures["amqtt"] = {"per_s": measure("embedded", "sqlite", count // 5)}
    return figures


def measure(broker: BrokerKind, store: str, count: int, *flags: str) -> float:
    """Detections a second; `store` is an address, or `sqlite` for a new file."""
    with TemporaryDirectory(prefix="glassline-bench-", dir=Path.cwd()) as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        address = f"sqlite:{folder}/glassline.db" if store == "sqlite" else store

        def start(name: str, command: list[str]) -> Child:
            return stack.enter_context(Child(name, *command, folder=folder))

        started = start("broker", broker_command(broker, port, folder))
        started.wait_for_port(port)
        url = f"mqtt://127.0.0.1:{port}"
        (folder / "glassline.toml").touch()
        command = program("bridge", "--config", folder / "glassline.toml", "--broker", url, "--store", address, *flags)
        running = start("bridge", command)
        load = start("node", python("workbench.bench.finds", url, count))
        load.wait_for_line("done", 600, started, running)
        return float(load.result()["per_s"])


def one_by_one(url: str, key: str, count: int) -> float:
    """The obvious way: an insert for each message as it comes, over one connection."""
    import httpx

    from glassline.store.supabase.rows import item_json

    from .finds import detections

    rows = [item_json(item)["defect"] for item in detections(count)]
    with httpx.Client(base_url=url, headers={"apikey": key}, timeout=30) as client:
        began_s = time.perf_counter()
        for row in rows:
            client.post("/rest/v1/defects", json=row).raise_for_status()
        return count / (time.perf_counter() - began_s)


def _show(figures: Figures) -> None:
    table = Table("", "detections a second")
    table.add_row("mosquitto, SQLite", f"{figures['sqlite']['per_s']:.0f}")
    table.add_row("mosquitto, Supabase on this machine", f"{figures['supabase']['per_s']:.0f}")
    table.add_row("  one insert for each message", f"{figures['supabase']['one_by_one_per_s']:.0f}")
    table.add_row("embedded broker, SQLite", f"{figures['amqtt']['per_s']:.0f}")
    Console(highlight=False).print(table)
