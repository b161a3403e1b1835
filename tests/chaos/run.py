"""A fleet plants detections while everything on their way is killed, stopped and cut off; then all are counted.

`python -m tests.chaos.run --broker both --seconds 180 --seed 1`. Each broker's last line says what became of what was
planted; the exit code is 0 if all of it is stored once, with its picture.
"""

import argparse
import random
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .plan import Fault, Kind, Pace, plan
from .site import BrokerKind, ChaosSite
from .verdict import Verdict, judge

PROCESS: tuple[Kind, ...] = ("kill", "stop")
LINK: tuple[Kind, ...] = ("cut", "swallow")

PACE = Pace()


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of everything. `per_min` detections a minute of each device."""

    seconds: float = 180
    halls: int = 4
    devices_a_hall: int = 5
    per_min: float = 60
    pace: Pace = PACE


def victims_of(size: Size) -> dict[str, Sequence[Kind]]:
    """What may befall whom. All links of the broker are cut when it is killed or stopped."""
    halls = [f"hall-{number + 1}" for number in range(size.halls)]
    return {"broker": PROCESS, **dict.fromkeys(["bridge", "web", *halls], PROCESS + LINK)}


def run(broker: BrokerKind, folder: Path, *, size: Size, seed: int) -> Verdict:
    """Live through it, then compare; `folder` keeps logs, journals and store."""
    faults = plan(victims_of(size), seconds=size.seconds, seed=seed, pace=size.pace)
    print(f"{broker}: seed {seed}, {size.halls * size.devices_a_hall} devices, {len(faults)} faults", flush=True)
    shape = {"halls": size.halls, "devices_a_hall": size.devices_a_hall, "per_min": size.per_min}
    with ChaosSite(folder, broker=broker, seed=seed, **shape) as site:  # type: ignore[arg-type]
        began_s = time.monotonic()
        _strike(site, faults, began_s)
        last_s = time.monotonic()
        time.sleep(max(0.0, began_s + size.seconds - last_s))
        rested_s = time.monotonic()
        summaries = site.rest()
        shown = site.known_to_the_web()
    drained = [summary["drain_s"] for summary in summaries]
    if len(summaries) == size.halls and None not in drained:
        print(f"drained {rested_s - last_s + max(drained):.0f} s after the last fault, with what was planted meanwhile")
    else:
        print(f"not drained: {sum(summary['waiting'] for summary in summaries)} still wait in the outboxes")
    print(
        f"most waiting in one outbox {max(summary['most_waiting'] for summary in summaries)}, "
        f"in all {sum(summary['most_waiting_together'] for summary in summaries)} at most; "
        f"nodes' processes started again {sum(summary['restarts'] for summary in summaries)} times, "
        f"{sum(summary['connects'] for summary in summaries)} connections; the page shows {shown} devices"
    )
    verdict = judge(folder, site.store_path)
    print(f"{verdict.interrupted} were stored though their node died before it could note that it had kept them")
    return verdict


def _strike(site: ChaosSite, faults: list[Fault], began_s: float) -> None:
    """Have every fault come and go at its time; returns when the last is over."""
    steps = sorted(
        [(fault.at_s, 0, fault) for fault in faults] + [(fault.end_s, 1, fault) for fault in faults],
        key=lambda step: step[:2],
    )
    for at_s, is_over, fault in steps:
        time.sleep(max(0.0, began_s + at_s - time.monotonic()))
        program = site.programs[fault.victim]
        if is_over:
            program.recover(fault.kind)
        else:
            print(fault, flush=True)
            program.befall(fault.kind)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", choices=["embedded", "mosquitto", "both"], default="both")
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--folder", type=Path, default=Path("var/chaos-fleet"), help="is emptied first")
    chosen = parser.parse_args()
    kinds: list[BrokerKind] = ["embedded", "mosquitto"] if chosen.broker == "both" else [chosen.broker]
    verdicts = []
    for kind in kinds:
        folder = chosen.folder.absolute() / kind
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        verdicts.append(run(kind, folder, size=Size(seconds=chosen.seconds), seed=chosen.seed))
        print(f"{kind}: {verdicts[-1]}", flush=True)
    return 0 if all(verdict.is_good for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
