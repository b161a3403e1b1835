"""`glassline simulate`: run a fleet, show how it fares, sum up."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from glassline.accounts import AccountsError
from glassline.contract import check_id
from glassline.link import AddressError
from glassline.program import EndSignals, SecretError
from workbench.accounts_folder import AccountsFolder
from workbench.failing import fail

from .fleet import DEFAULT_BROKER, Fleet, FleetError, Wanted, make_accounts
from .show import Screen
from .summary import planted, show_summary, summary_of

FIRST_CONNECT_S = 8.0
LOOK_S = 0.5
SETTLE_S = 2.0
"""What is reported sooner may be of before."""


def simulate(
    devices: Annotated[int, typer.Option(min=1, max=1000, help="How many devices.")] = 20,
    fps: Annotated[float, typer.Option(min=0, max=60, help="Live pictures a second of each; 0: none.")] = 1,
    detections_per_min: Annotated[
        float, typer.Option(min=0, max=6000, help="Detections a minute that each finds, at random instants.")
    ] = 6,
    seconds: Annotated[float, typer.Option(min=0, help="Plant for so long; 0: until Ctrl-C.")] = 0,
    drain: Annotated[float, typer.Option(min=0, help="Then wait so long, at most, until all outboxes are empty.")] = 60,
    broker: Annotated[
        str | None, typer.Option(help=f"Where the broker is, if not where the credentials say; else {DEFAULT_BROKER}.")
    ] = None,
    accounts: Annotated[
        Path | None, typer.Option(help="The broker's accounts file, here: devices without credentials get an account.")
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="For credentials/ID.toml, outboxes and journals of what was planted.")
    ] = Path("var/simulate"),
    prefix: Annotated[str, typer.Option(help="Ids are PREFIX-1, PREFIX-2 and so on.")] = "sim",
    first: Annotated[int, typer.Option(min=0, help="Number of the first one.")] = 1,
    outbox_mb: Annotated[int, typer.Option(min=1, help="Disk space of each outbox, MB.")] = 50,
    patience: Annotated[
        float, typer.Option(min=1, help="End with the reason when no device has connected for so long, s.")
    ] = FIRST_CONNECT_S,
    per_process: Annotated[int, typer.Option(min=1, help="Devices in one process.")] = 25,
    seed: Annotated[int | None, typer.Option(help="Of everything that is random; without one a new one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Run a fleet of light nodes against a broker: load for a server, and detections whose truth is known.

    Each device has its account, connection, will, outbox and health; camera and detector are replaced by prepared
    pictures and planted detections. What they plant is written to FOLDER/ID/planted.jsonl.
    """
    wanted = Wanted(
        devices=devices, first=first, prefix=prefix, fps=fps, detections_per_min=detections_per_min, broker=broker,
        outbox_mb=outbox_mb, folder=folder, per_process=per_process,
        seed=random.randrange(10_000) if seed is None else seed,
    )  # fmt: skip
    try:
        check_id(wanted.ids()[-1])
        with Screen(wanted) as screen:
            if accounts is not None:
                make_accounts(wanted, AccountsFolder(accounts), screen.say)
            summary = _run(wanted, screen, seconds, drain, patience)
    except (AddressError, AccountsError, SecretError, FleetError, OSError, ValueError) as error:
        fail(str(error))
    if as_json:
        print(json.dumps(summary, indent=2))
    else:
        show_summary(summary)
    if summary["drain_s"] is None:
        fail(f"{summary['waiting']} detections still wait in {folder}: the next run there sends them")


def _run(wanted: Wanted, screen: Screen, seconds: float, drain_s: float, patience_s: float) -> dict[str, Any]:
    """Plant until the time is up or Ctrl-C, wait for empty outboxes, sum up."""
    signals = EndSignals()
    signals.catch()
    planted_before, began_s = planted(wanted), time.monotonic()
    with Fleet(wanted, screen.say) as fleet:
        _wait_for_the_first(fleet, signals, patience_s)
        until_s = began_s + (seconds or float("inf"))
        while time.monotonic() < until_s and not signals.wait(LOOK_S):
            screen.show(fleet.tally, "planting")
            fleet.check()
        rested_s = time.monotonic()
        fleet.rest()
        signals = EndSignals()
        signals.catch()
        while not (drained := fleet.tally.is_drained(rested_s + SETTLE_S)) and time.monotonic() < rested_s + drain_s:
            screen.show(fleet.tally, "draining; Ctrl-C ends it")
            fleet.check()
            if signals.wait(LOOK_S):
                break
        took_s = time.monotonic() - rested_s if drained else None
        figures = summary_of(wanted, fleet.tally, seconds=rested_s - began_s, drain_s=took_s)
    return figures | {"planted": planted(wanted) - planted_before}


def _wait_for_the_first(fleet: Fleet, signals: EndSignals, patience_s: float) -> None:
    """Return once a device is connected; FleetError says why none is."""
    until_s = time.monotonic() + patience_s
    while not fleet.tally.connected() and not signals.wait(LOOK_S):
        fleet.check()
        if time.monotonic() > until_s:
            raise FleetError(f"no device could connect. {fleet.tally.complaint()}. {fleet.hint()}".rstrip(". "))
