"""The page of defects kept open at ten times the usual rates: memory stays where it is, and no defect is missing.

`python -m tests.soak.page [--minutes 15] [--out var/soak-page]`; the exit code is 0 if all holds.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from playwright.sync_api import CDPSession, Page

from glassline.contract import Role
from glassline.program import Credentials, write_credentials
from glassline.store import DefectFilter, every_defect, open_store
from tests.support.chromium import chromium
from tests.support.waiting import until
from tests.web.many import copy_defect
from workbench.simulate.fleet import Fleet, Wanted
from workbench.simulate.journal import read_journals

from .line import NODES, Line, running_line
from .memory import Memory, band, draw, holds

TIMES = 10
USUAL_PER_MIN, USUAL_FPS = 6.0, 1.0
"""What `glassline simulate` has a device find and send where nothing else is asked of it."""
BEFORE = 2000
LOOK_S = 1.0
STEP_PX = 1500
FULL_PX, KEPT = 60_000, 1200
"""So far down the page has read about as many rows as it ever keeps. What is pushed is larger: it has a picture."""
IDS = "() => [...document.querySelectorAll('.row')].map((row) => row.dataset.id)"
SCROLL = "(px) => { const list = document.querySelector('.scroller'); list.scrollTop = px; return list.scrollTop; }"
STATE = """() => ({
  shown: document.querySelectorAll(".row").length,
  elements: document.querySelectorAll("*").length,
  all: Number(document.querySelector(".tabs .count").textContent.replaceAll(",", "")),
})"""


@dataclass
class Look:
    """What the page was like at a moment."""

    past_s: float
    heap_mb: float
    shown: int
    elements: int
    all: int


@dataclass
class Report:
    """What became of it."""

    seconds: float
    planted: int
    stored: int
    counted_by_page: int
    missing_in_page: int
    most_rows: int
    most_elements: int
    memory_mb: dict[str, dict[str, float]]
    memory_holds: bool

    @property
    def holds(self) -> bool:
        """Whether everything is in the list, and memory stayed."""
        return self.memory_holds and not self.missing_in_page and self.counted_by_page == self.stored


class Heap:
    """MB that the page's own objects take, after what is not used any more was thrown away; and its process."""

    def __init__(self, page: Page) -> None:
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("Performance.enable")
        self.pid = self._renderer()

    def mb(self) -> float:
        self._cdp.send("HeapProfiler.collectGarbage")
        metrics = self._cdp.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")) / 1e6

    @staticmethod
    def _renderer() -> int:
        """The largest renderer among this process' children is the one that shows the page."""
        children = psutil.Process().children(recursive=True)
        renderers = [one for one in children if "--type=renderer" in one.cmdline()]
        return int(max(renderers, key=lambda one: one.memory_info().rss).pid)


def soak(folder: Path, *, seconds: float, settle_s: int) -> Report:
    """Run it; memory is judged from `settle_s` on, the page's from when all the rows that it keeps came by push."""
    with running_line(folder, stall_s=20.0) as line, chromium() as browser, _fleet(line, folder) as fleet:
        until(lambda: fleet.tally.counts()["stored"] or _stored(line), 60, what="nothing was stored")
        copy_defect(line.store, _ids(line)[0], BEFORE)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{line.url}/defects")
        page.locator(".row").first.wait_for()
        _scroll_through(page, FULL_PX)
        page.evaluate(SCROLL, 0)
        heap = Heap(page)
        looks: list[Look] = []
        began_s = time.monotonic()
        with Memory(line.pids | {"page": heap.pid}) as memory:
            while (past_s := time.monotonic() - began_s) < seconds:
                looks.append(Look(past_s, heap.mb(), **page.evaluate(STATE)))
                if len(looks) % 30 == 1:
                    print(looks[-1], flush=True)
                page.wait_for_timeout(LOOK_S * 1000)
            fleet.rest()
            rested_s = time.monotonic()
            until(lambda: fleet.tally.is_drained(rested_s + 2), 60)
        page.wait_for_timeout(3000)
        counted = page.evaluate(STATE)["all"]
        seen = _scroll_through(page, 10**9)
        planted = read_journals(folder.glob("fleet/*/planted.jsonl"))
        stored = _ids(line)
        full = next((at for at, look in enumerate(looks) if look.all - BEFORE > KEPT), len(looks) // 3)
        settled = {"page": int(looks[full].past_s), "heap": full}
        memories = memory.samples | {"heap": [look.heap_mb for look in looks]}
        bands = {name: band(samples, settled.get(name, settle_s)) for name, samples in memories.items()}
        draw(memory.samples, settle_s, folder / "memory.png")
        (folder / "looks.json").write_text(json.dumps([asdict(look) for look in looks]))
        return Report(
            seconds=round(seconds, 1),
            planted=len(planted),
            stored=len(stored),
            counted_by_page=counted,
            missing_in_page=len((set(planted) | set(stored)) - seen),
            most_rows=max(look.shown for look in looks),
            most_elements=max(look.elements for look in looks),
            memory_mb={
                name: dict(zip(("base", "lowest", "highest"), (round(mb, 1) for mb in found), strict=True))
                for name, found in bands.items()
            },
            memory_holds=all(holds(*found) for found in bands.values()),
        )


@contextmanager
def _fleet(line: Line, folder: Path) -> Iterator[Fleet]:
    """As many light nodes as the line has accounts for, at ten times the usual rates."""
    wanted = Wanted(
        devices=len(NODES), first=1, prefix="pi", fps=TIMES * USUAL_FPS, detections_per_min=TIMES * USUAL_PER_MIN,
        broker=line.broker.url, outbox_mb=50, folder=folder / "fleet", seed=7, per_process=len(NODES),
    )  # fmt: skip
    for id in NODES:
        write_credentials(
            wanted.credentials(id), Credentials(id, Role.NODE, line.broker.url, line.broker.passwords[id], ca="")
        )
    with Fleet(wanted, print) as fleet:
        yield fleet


def _scroll_through(page: Page, end_px: float) -> set[str]:
    """Scroll from the top to the end, or so far; every id that was a row on the way."""
    seen: set[str] = set()
    at, before = 0.0, -1.0
    while before < at <= end_px:
        page.wait_for_timeout(60)
        until(lambda: page.wait_for_timeout(20) or page.locator(".row").count() > 5, 20)
        seen.update(page.evaluate(IDS))
        before, at = at, page.evaluate(SCROLL, at + STEP_PX)
    page.wait_for_timeout(500)
    return seen | set(page.evaluate(IDS))


def _ids(line: Line) -> list[str]:
    with open_store(line.store) as store:
        return [defect.event_id for defect in every_defect(store)]


def _stored(line: Line) -> int:
    with open_store(line.store) as store:
        return sum(store.counts(DefectFilter()).values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--out", type=Path, default=Path("var/soak-page"))
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended all the same
    seconds = given.minutes * 60
    report = soak(given.out, seconds=seconds, settle_s=min(60, int(seconds / 3)))
    text = json.dumps(asdict(report) | {"holds": report.holds}, indent=2)
    (given.out / "report.json").write_text(text + "\n")
    print(text)
    print(f"{'holds' if report.holds else 'DOES NOT HOLD'}; see {given.out}/memory.png")
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
