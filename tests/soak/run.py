"""Clients that never read, for minutes: the others lose nothing, and memory stays where it is.

`python -m tests.soak.run [--minutes 10] [--no-browser] [--control] [--out var/soak-stalled]`; the exit code is 0 if all
bars hold. `--control` leaves out those who never read: what is lost then, the machine lost.
"""

import argparse
import json
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glassline.store import DefectFilter, open_store
from tests.support.waiting import until

from .healthy import Pages, Subscriber
from .line import NODES, Line, running_line, sleep_until
from .memory import Memory, Pauses, band, draw, holds
from .sources import Source
from .stalled import Stalled, StalledPage, StalledSubscriber, StoppedBrowser

FPS = 10.0
PAGES = 2
GRACE_S = 2.0


@dataclass
class Report:
    """What became of it. `lost` counts frames by who lost them."""

    seconds: float
    frames_sent: int
    frames_unsent: int
    sent_fps: dict[str, float]
    lost: dict[str, int]
    lost_at_s: dict[str, list[float]]
    """When those frames were captured, after the beginning."""
    pauses: list[tuple[float, float]]
    """When, and for how many seconds, the readers' own process stood still."""
    subscriber_disconnects: int
    drops: dict[str, int]
    failures: dict[str, list[str]]
    detections: int
    detections_stored: int
    memory_mb: dict[str, dict[str, float]]
    memory_holds: bool
    web_counters: dict[str, int]

    @property
    def holds(self) -> bool:
        """Whether nobody who reads lost anything, all was stored, and memory stayed."""
        stored = self.detections == self.detections_stored
        return not any(self.lost.values()) and stored and self.memory_holds and not self.subscriber_disconnects


def soak(
    folder: Path, *, seconds: float, settle_s: int, stall_s: float, browser: bool, control: bool = False
) -> Report:
    """Run it; memory is judged from `settle_s` on."""
    with ExitStack() as stack:
        line = stack.enter_context(running_line(folder, stall_s=stall_s))
        passwords = line.broker.passwords
        sources = [stack.enter_context(Source(line.broker.url, id, passwords[id], fps=FPS)) for id in NODES]
        pages = stack.enter_context(Pages(line, PAGES))
        subscriber = stack.enter_context(Subscriber(line, "healthy"))
        readers = {f"page {number}": page for number, page in enumerate(pages.pages, 1)} | {"subscriber": subscriber}
        until(lambda: all(len(reader.got) == len(NODES) for reader in readers.values()), 30)
        stalled = [stack.enter_context(one) for one in ([] if control else _stalled(line, browser))]
        until(lambda: all(one.connections for one in stalled), 60, what=lambda: [one.failures for one in stalled])
        began_s = time.monotonic()
        memory = stack.enter_context(Memory(line.pids))
        pauses = stack.enter_context(Pauses())
        _wait(began_s + seconds, stalled)
        ended_s = time.monotonic()
        for source in sources:
            source.stop_sending()
        until(lambda: not any(source.waiting for source in sources), 15)
        time.sleep(GRACE_S)
        wanted = {s.id: {q: at_s for q, at_s in s.frames_sent.items() if began_s <= at_s < ended_s} for s in sources}
        lost_at_s = {
            name: sorted(
                round(at_s - began_s, 2)
                for id, frames in wanted.items()
                for seq, at_s in frames.items()
                if seq not in reader.got[id]
            )
            for name, reader in readers.items()
        }
        report = Report(
            seconds=round(ended_s - began_s, 1),
            frames_sent=sum(len(numbers) for numbers in wanted.values()),
            frames_unsent=sum(source.frames_lost for source in sources),
            sent_fps={id: round(len(numbers) / (ended_s - began_s), 2) for id, numbers in wanted.items()},
            lost={name: len(moments_s) for name, moments_s in lost_at_s.items()},
            lost_at_s={name: moments_s[:100] for name, moments_s in lost_at_s.items()},
            pauses=[(round(at_s - began_s, 2), round(long_s, 3)) for at_s, long_s in pauses.seen][:100],
            subscriber_disconnects=subscriber.disconnects,
            drops={name_of(one): one.drops for one in stalled},
            failures={name_of(one): one.failures[-5:] for one in stalled},
            detections=sum(source.detections for source in sources),
            detections_stored=_stored(line),
            memory_mb=_memory(memory, settle_s),
            memory_holds=all(holds(*band(samples, settle_s)) for samples in memory.samples.values()),
            web_counters=line.counters(),
        )
        draw(memory.samples, settle_s, folder / "memory.png")
        rows = zip(*memory.samples.values(), strict=False)
        (folder / "memory.csv").write_text(
            "\n".join([",".join(memory.samples), *(",".join(f"{mb:.2f}" for mb in row) for row in rows)]) + "\n"
        )
        return report


def _stalled(line: Line, browser: bool) -> list[Stalled]:
    some: list[Stalled] = [StalledPage(line), StalledSubscriber(line, 0), StalledSubscriber(line, 1)]
    return [*some, StoppedBrowser(line)] if browser else some


def name_of(one: Stalled) -> str:
    """How the report calls it."""
    return f"subscriber at QoS {one.qos}" if isinstance(one, StalledSubscriber) else type(one).__name__


def _wait(end_s: float, stalled: list[Stalled]) -> None:
    began_s = time.monotonic()
    while (now_s := time.monotonic()) < end_s:
        drops = ", ".join(f"{name_of(one)} {one.drops}" for one in stalled)
        print(f"{now_s - began_s:4.0f} of {end_s - began_s:.0f} s; dropped so far: {drops}", flush=True)
        sleep_until(min(end_s, now_s + 30))


def _stored(line: Line) -> int:
    with open_store(line.store) as store:
        return sum(store.counts(DefectFilter()).values())


def _memory(memory: Memory, settle_s: int) -> dict[str, dict[str, float]]:
    names = ("base", "lowest", "highest")
    return {
        program: dict(zip(names, (round(mb, 1) for mb in band(samples, settle_s)), strict=True))
        for program, samples in memory.samples.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path, default=Path("var/soak-stalled"))
    parser.add_argument("--no-browser", action="store_true", help="leave out the real page that is stopped")
    parser.add_argument("--control", action="store_true", help="leave out all who never read, to compare")
    given = parser.parse_args()
    try:
        os.nice(-5)
    except PermissionError:
        print("without root's rights what else this machine does may cost frames", flush=True)
    settle_s = min(60, int(given.minutes * 60 / 3))
    report = soak(
        given.out,
        seconds=given.minutes * 60,
        settle_s=settle_s,
        stall_s=20.0,
        browser=not given.no_browser,
        control=given.control,
    )
    as_dict: dict[str, Any] = asdict(report) | {"holds": report.holds}
    text = json.dumps(as_dict, indent=2)
    (given.out / "report.json").write_text(text + "\n")
    print(text)
    print(f"{'holds' if report.holds else 'DOES NOT HOLD'}; see {given.out}/memory.png")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
