"""The picture is now over a slow link too: it becomes plainer instead of late, and is itself again soon after."""

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tests.support.chain import NODE_ID, Viewer, running_chain
from tests.support.embedded_broker import wait_for_port
from tests.support.links import until
from tests.support.throttle import Throttle

SLOW = 250_000
"""Bytes per second: 2 Mbit/s."""
FPS = 15
ADAPTING_S, MEASURED_S = 5, 25


@dataclass(frozen=True)
class Shown:
    """A picture as it came to the viewer. `coarseness` is its first quantiser: it tells the JPEG's quality."""

    arrived_s: float
    age_s: float
    image_wh: tuple[int, int]
    coarseness: int
    size_bytes: int


class Eye(Viewer):
    """A viewer that notes what each picture is like."""

    def __init__(self, url):
        super().__init__(url, max_fps=FPS)
        self.shown = []

    def take(self, meta, jpeg):
        now_s = time.time()
        coarseness = jpeg[jpeg.index(b"\xff\xdb") + 5]
        self.shown.append(Shown(now_s, now_s - meta.ts.timestamp(), meta.image_wh, coarseness, len(jpeg)))

    def between(self, from_s, until_s):
        return [picture for picture in self.shown.copy() if from_s <= picture.arrived_s < until_s]


def ages_on_screen(pictures):
    """Age of what is on the screen, each 10 ms: from one picture's arrival it grows until the next one comes."""
    ages_s = []
    for picture, following in pairwise(pictures):
        ages_s += list(picture.age_s + np.arange(0, following.arrived_s - picture.arrived_s, 0.01))
    return ages_s


@contextmanager
def chain_over_a_link(folder):
    """The chain with a node that reaches its broker only through a throttle, open at first."""
    with running_chain(folder, programs=("broker", "bridge", "web")) as chain:
        wait_for_port(chain.site.broker_port, chain.processes["broker"])
        with Throttle(chain.site.broker_port) as link, chain.log("pi_node").open("a") as log:
            command = [sys.executable, "-m", "pi_node", "--config", str(chain.site.config), "--broker", link.url]
            chain.processes["pi_node"] = subprocess.Popen(command, stderr=log, stdout=log)
            yield chain, link


def device(chain):
    return chain.get(f"/api/devices/{NODE_ID}").json()


def changes(pictures):
    return sum((a.image_wh, a.coarseness) != (b.image_wh, b.coarseness) for a, b in pairwise(pictures))


def is_full(picture, like):
    return (picture.image_wh, picture.coarseness) == (like.image_wh, like.coarseness)


def test_at_2_mbit_s_the_picture_on_screen_is_at_most_600_ms_old_and_recovers_within_5_s(tmp_path):
    with chain_over_a_link(tmp_path) as (chain, link), Eye(chain.site.url) as eye:
        assert until(lambda: len(eye.shown) > 3 * FPS, 60), chain.logs()
        full = eye.shown[-1]
        assert full.image_wh == (640, 480)
        link.set_rate(SLOW)
        slow_s = time.time()
        time.sleep(ADAPTING_S)
        stored_before = len(chain.defects())
        time.sleep(MEASURED_S)
        opened_s = time.time()
        live, reasons = device(chain)["health"]["live"], device(chain)["health"]["reasons"]
        stored = len(chain.defects()) - stored_before
        link.set_rate(None)

        def back():
            recent = [p for p in eye.between(opened_s, time.time() + 1) if is_full(p, full)]
            in_a_row = [b for a, b in pairwise(recent) if b.arrived_s - a.arrived_s < 1.5 / FPS]
            return in_a_row[-1].arrived_s - opened_s if len(in_a_row) >= 5 else None

        assert until(back, 15), chain.logs()
        first_full = next(p for p in eye.between(opened_s, time.time() + 1) if is_full(p, full))
        recovered_s = back()
        pictures = eye.between(slow_s + ADAPTING_S, opened_s)
        on_screen = np.percentile(ages_on_screen(pictures), [50, 99, 100])
        arriving = np.percentile([p.age_s for p in pictures], [50, 99, 100])
        print(
            f"2 Mbit/s: on screen p50/p99/max {on_screen.round(3)} s, at arrival {arriving.round(3)} s, "
            f"{len(pictures) / MEASURED_S:.1f} fps, {np.mean([p.size_bytes for p in pictures]):.0f} bytes, "
            f"{sorted({(p.image_wh, p.coarseness) for p in pictures})} in {changes(pictures)} changes; "
            f"full again after {first_full.arrived_s - opened_s:.1f} s, at full rate after {recovered_s:.1f} s; "
            f"{stored} defects stored meanwhile; {live}"
        )
        assert on_screen[1] <= 0.6
        assert recovered_s <= 5
        assert live["limited_by"] == "link"
        assert "link.slow" in reasons
        assert stored >= 3
        assert until(lambda: device(chain)["health"]["live"]["limited_by"] == "none", 15)
        assert until(lambda: device(chain)["health"]["outbox"]["depth"] == 0, 15)
        assert until(lambda: len(chain.defects()) >= device(chain)["health"]["outbox"]["confirmed"] - 1, 15)
        assert link.connections == 1
