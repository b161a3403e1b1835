"""No fault at all: the doctor and the page must say nothing, however often they are asked."""

import json
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .bench import Bench
from .fault import WELL, Said
from .seats import ask_doctor
from .site import NODE_ID

LOOK_S = 0.5


@dataclass
class Healthy:
    """What was said, and what flowed meanwhile."""

    runs: int = 0
    alarms: list[Said] = field(default_factory=list)
    page_reads: int = 0
    page_alarms: list[Said] = field(default_factory=list)
    longest_s: float = 0.0
    pictures: int = 0
    defects: int = 0

    @property
    def clean(self) -> bool:
        """Nobody was accused, and the line was at work."""
        return not self.alarms and not self.page_alarms and self.pictures > 0 and self.defects > 0

    def __str__(self) -> str:
        codes = Counter(said.code for said in (*self.alarms, *self.page_alarms))
        told = f" ({', '.join(f'{code} {count}' for code, count in codes.items())})" if codes else ""
        return (
            f"healthy {self.runs} clean {self.runs - len(self.alarms)}, longest {self.longest_s:.1f} s; page read "
            f"{self.page_reads} clean {self.page_reads - len(self.page_alarms)}{told}; {self.pictures} pictures and "
            f"{self.defects} defects meanwhile"
        )


def watch_healthy(line: Bench, runs: int) -> Healthy:
    """Run the doctor `runs` times, in turn in both folders, and read the page twice a second all along."""
    found = Healthy()
    line.eye.open(line.site.url)
    line.eye.pause(3.0)
    pictures, defects = _flowed(line)
    seats: list[tuple[str, ...]] = [(), line.site.cable.on_pi]
    with ThreadPoolExecutor(1) as pool:
        for number in range(runs):
            folder = line.site.pi if number % 2 else line.site.server
            line.tell(f"healthy: {number} of {runs}, {len(found.alarms) + len(found.page_alarms)} false alarms")
            asked = pool.submit(ask_doctor, folder, *seats[number % 2])
            while not asked.done():
                line.eye.pause(LOOK_S)
                _note(found, line.eye.read())
            said = asked.result().said
            found.runs, found.longest_s = found.runs + 1, max(found.longest_s, said.took_s)
            if said.code != WELL:
                found.alarms.append(said)
    now = _flowed(line)
    found.pictures, found.defects = now[0] - pictures, now[1] - defects
    return found


def _note(found: Healthy, said: Said) -> None:
    found.page_reads += 1
    if said.code != WELL:
        found.page_alarms.append(said)


def _flowed(line: Bench) -> tuple[int, int]:
    """How many pictures the node has sent, and how many defects are stored."""
    with urllib.request.urlopen(f"{line.site.url}/api/devices/{NODE_ID}", timeout=5) as answer:
        device = json.load(answer)
    with urllib.request.urlopen(f"{line.site.url}/api/defects?limit=1", timeout=5) as answer:
        counts = json.load(answer)["counts"]
    return device["health"]["frames"]["published"], sum(counts.values())
