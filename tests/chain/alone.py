"""A node that is alone for a while, with a clock that is wrong: `python -m tests.chain.alone [--minutes 10]`.

A real node looks at rendered glass, and there is no server. Its clock is an hour slow, as after a start without one.
Then broker and bridge come, then they are gone again, the clock is set meanwhile, and they come back. In the end every
detection that the node confirmed must be stored, once, with the true times.

The pictures themselves tell when they were taken: what the belt shows is a function of the node's clock, so each stored
picture is compared with what was to be seen in the milliseconds around the time that is stored with it.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from glassline.scene import Conveyor
from glassline.store import every_defect, open_store
from tests.support.chain import Chain
from tests.support.clock import WrongClock
from tests.support.machine import Sysfs
from tests.support.waiting import until

SEED = 23
HOUR_S = 3600.0
AROUND_MS = 120
STEP_MS = 5
"""The belt moves by a pixel in so long."""
SAME = 4.0
"""Pictures of one instant differ by 0.2 of 255, for noise and JPEG, those of another one by 10 and more."""


@dataclass(frozen=True)
class Report:
    """`confirmed` by the node, `stored` at the end; `off_ms`: by how much the stored time of each picture is wrong."""

    confirmed: int
    stored: int
    alone: int
    """Confirmed while there was no server, at first."""
    clocks: Counter[str]
    off_ms: list[float]
    unlike: int
    """Pictures that show no instant near the stored one."""
    ordered: bool
    """Whether each was first seen before its picture was taken, and last seen after it."""

    @property
    def is_well(self) -> bool:
        """Nothing is lost, and all times are right to 50 ms."""
        right = self.ordered and not self.unlike and set(self.clocks) == {"synced"} and max(self.off_ms) <= 50
        return right and self.stored == self.confirmed > self.alone > 0

    def __str__(self) -> str:
        worst = max(map(abs, self.off_ms), default=0.0)
        return (
            f"confirmed {self.confirmed} ({self.alone} before there was a server) stored {self.stored} "
            f"clocks {dict(self.clocks)} in order {self.ordered} "
            f"times off by at most {worst:.0f} ms, pictures of another time {self.unlike}"
        )


def run(folder: Path, *, alone_s: float, gone_s: float, say: Callable[[str], None] = lambda line: None) -> Report:
    """`alone_s` without a server at first, `gone_s` later, while the clock is set."""
    sysfs = Sysfs(folder / "sys")
    sysfs.be_a_pi()
    clock = WrongClock(folder / "clock", off_s=-HOUR_S, is_set=False)
    chain = Chain(folder, f"scene:?seed={SEED}")
    outbox = chain.site.folder / "pi_node" / "outbox.db"
    try:
        chain.start("pi_node", environ=clock.environ | {"GLASS_SYSFS": str(sysfs.root)})
        time.sleep(alone_s)
        alone = _counted(outbox, "confirmed")
        say(f"{alone} detections after {alone_s:g} s without a server")
        chain.start("broker", "bridge")
        until(lambda: _waiting(outbox) <= 2, 600, what=chain.logs)
        say("they are stored, with the times of a clock that is an hour slow")
        chain.end("bridge", "broker")
        time.sleep(gone_s / 2)
        clock.set(off_s=0.0, is_set=True)
        time.sleep(gone_s / 2)
        chain.start("broker", "bridge")
        until(lambda: _waiting(outbox) <= 2, 600, what=chain.logs)
        chain.end("pi_node")
        if _waiting(outbox):  # what it told as its last; now it sees nothing new
            chain.start("pi_node", environ=clock.environ | {"GLASS_CAMERA": f"folder:{folder / 'nothing'}"})
            until(lambda: _waiting(outbox) == 0, 60, what=chain.logs)
    finally:
        chain.stop()
    return _report(chain.site.store, _counted(outbox, "confirmed"), alone)


def _report(store: str, confirmed: int, alone: int) -> Report:
    belt, looks = Conveyor(seed=SEED), []
    with open_store(store) as opened:
        rows = list(every_defect(opened))
        for row in rows:
            picture = opened.evidence(row.event_id)
            assert picture is not None, f"{row.event_id} has no picture"
            looks.append(taken(picture, row.frame_at.timestamp(), belt))
    return Report(
        confirmed=confirmed,
        stored=len(rows),
        alone=alone,
        clocks=Counter(row.clock for row in rows),
        off_ms=[off_ms for off_ms, difference in looks if difference <= SAME],
        unlike=sum(difference > SAME for _, difference in looks),
        ordered=all(row.detected_at <= row.frame_at <= row.last_seen_at for row in rows),
    )


def taken(jpeg: bytes, told_s: float, belt: Conveyor) -> tuple[float, float]:
    """(by how many ms the time told of a picture is wrong, how much it differs from what was to be seen then).

    The belt followed the node's clock: an hour late, and later not at all.
    """
    picture = _seen(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))

    def difference(late_s: float, off_ms: int) -> float:
        return float(np.abs(_seen(belt.frame(told_s - late_s - off_ms / 1000)) - picture).mean())

    coarse = range(-AROUND_MS, AROUND_MS + 1, AROUND_MS // 2)
    late_s = min((HOUR_S, 0.0), key=lambda late_s: min(difference(late_s, off_ms) for off_ms in coarse))
    off_ms, around_ms = 0, AROUND_MS
    for step_ms in (4 * STEP_MS, STEP_MS):
        near = range(off_ms - around_ms, off_ms + around_ms + 1, step_ms)
        off_ms, around_ms = min(near, key=lambda off_ms: (difference(late_s, off_ms), abs(off_ms))), step_ms
    return float(abs(off_ms)), difference(late_s, off_ms)


def _seen(bgr: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    """Without the noise of single pixels."""
    return cv2.blur(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), (5, 5))[::2].astype(np.int16)


def _waiting(outbox: Path) -> int:
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])


def _counted(outbox: Path, name: str) -> int:
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as db:
        return sum(int(row[0]) for row in db.execute("SELECT value FROM counters WHERE name = ?", (name,)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="glassline-alone-") as folder:
        report = run(Path(folder), alone_s=60 * asked.minutes, gone_s=20, say=lambda line: print(line, flush=True))
    print(report)
    return 0 if report.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
