"""Nothing was stored for so long that the node's outbox is full."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..cable import CannotError
from ..fault import Fault
from ..site import Site

FILL_S = 240.0


@contextmanager
def full(site: Site) -> Iterator[None]:
    """The smallest outbox and large pictures, without a bridge, until the first of them has been given up."""
    with (
        site.ended("bridge"),
        site.changed("pi_node", outbox_mb=1, image_wh="640x480", evidence_quality=97, live_fps=2),
    ):
        until_s = time.monotonic() + FILL_S
        while not _given_up(site):
            if time.monotonic() > until_s:
                raise CannotError(f"the outbox is not full after {FILL_S:g} s: this machine finds too little")
            time.sleep(1)
        yield


def _given_up(site: Site) -> int:
    with sqlite3.connect(f"file:{site.state / 'outbox.db'}?mode=ro", uri=True) as outbox:
        rows = outbox.execute("SELECT value FROM counters WHERE name = 'pictures_dropped'").fetchall()
    return sum(row[0] for row in rows)


FAULTS = [
    Fault(
        name="outbox full",
        says="The bridge is down for so long that the node's outbox is full and pictures are given up.",
        inject=full,
        exact={"outbox.full", "bridge.offline"}, server={"bridge.offline"}, pi={"outbox.full"},
        page={"bridge.offline"}, anew=True,
    ),
]  # fmt: skip
