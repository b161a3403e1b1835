"""The picture is now over a slow link too: it becomes plainer instead of late, and is itself again soon after."""

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import httpx
import numpy as np
import pytest

from tests.support.chain import NODE_ID, Viewer, running_chain
from tests.support.embedded_broker import wait_for_port
from tests.support.throttle import Throttle
from tests.support.waiting import until

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


def health(chain):
    return chain.get(f"/api/devices/{NODE_ID}").json()["health"]


def looks(picture):
    return picture.image_wh, picture.coarseness


def changes(pictures):
    return sum(looks(a) != looks(b) for a, b in pairwise(pictures))


def full_and_fast_after(eye, from_s, full):
    """Seconds from then until full pictures come at their rate; None if they have not yet."""
    fulls = [picture.arrived_s for picture in eye.between(from_s, float("inf")) if looks(picture) == looks(full)]
    for i in range(len(fulls) - FPS // 2):
        if fulls[i + FPS // 2] - fulls[i] < 1.2 * (FPS // 2) / FPS:
            return fulls[i + FPS // 2] - from_s
    return None


def snapshot_looks_like(chain, eye, full):
    """Whether a full picture comes, once, when one is asked for."""
    asked_s = time.time()
    httpx.post(f"{chain.site.url}/api/devices/{NODE_ID}/cmd/snapshot", json={}, timeout=10).raise_for_status()
    return until(lambda: any(looks(picture) == looks(full) for picture in eye.between(asked_s, float("inf"))), 5)


@pytest.mark.alone
def test_at_2_mbit_s_the_picture_on_screen_is_at_most_600_ms_old_and_recovers_within_5_s(tmp_path):
    with chain_over_a_link(tmp_path) as (chain, link), Eye(chain.site.url) as eye:
        until(lambda: len(eye.shown) > 3 * FPS, 60, what=chain.logs)
        full = eye.shown[-1]
        assert full.image_wh == (640, 480)
        assert health(chain)["live"]["limited_by"] == "none"

        link.set_rate(SLOW)
        time.sleep(ADAPTING_S)
        from_s, stored_before = time.time(), len(chain.defects())
        time.sleep(MEASURED_S)
        pictures, report = eye.between(from_s, time.time()), health(chain)
        stored = len(chain.defects()) - stored_before
        assert snapshot_looks_like(chain, eye, full)

        link.set_rate(None)
        opened_s = time.time()
        until(lambda: full_and_fast_after(eye, opened_s, full), 15, what=chain.logs)
        recovered_s = full_and_fast_after(eye, opened_s, full)

        on_screen_s = np.percentile(ages_on_screen(pictures), [50, 99, 100])
        arriving_s = np.percentile([picture.age_s for picture in pictures], [50, 99, 100])
        print(
            f"2 Mbit/s: age on screen p50/p99/max {on_screen_s.round(3)} s, at arrival {arriving_s.round(3)} s, "
            f"{len(pictures) / MEASURED_S:.1f} fps of {np.mean([p.size_bytes for p in pictures]):.0f} bytes, "
            f"{changes(pictures)} changes, {stored} defects stored; recovered after {recovered_s:.1f} s; "
            f"{report['live']}"
        )
        assert on_screen_s[1] <= 0.6
        assert recovered_s <= 5
        assert changes(pictures) <= 6
        assert (report["live"]["limited_by"], report["reasons"]) == ("link", ["link.slow"])
        assert stored >= 5
        assert link.connections == 1
        confirmed = report["outbox"]["confirmed"]
        until(lambda: len(chain.defects()) >= confirmed, 15)
        until(lambda: health(chain)["live"]["limited_by"] == "none", 15)
        until(lambda: all(d["image_url"] for d in chain.defects() if d["stored_at"]), 15)
