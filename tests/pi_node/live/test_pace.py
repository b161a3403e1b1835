"""The pace of live pictures on links of simulated time: it fits, it recovers, and it leaves a good link alone."""

import random
from dataclasses import dataclass
from itertools import pairwise

import pytest

from pi_node.live.pace import LEAST_FPS, PROBE_EACH_S, Pace, Step, ladder
from pi_node.uplink.speed import Speed

STEPS = ladder(80, 640)
RELATIVE = {80: 1.0, 70: 0.72, 60: 0.58, 50: 0.5}
"""Measured on rendered glass, like the sizes below."""
FULL_BYTES = 25_000


def size_of(step, rng):
    return int(FULL_BYTES * RELATIVE[step.quality] * step.scale**1.45 * rng.uniform(0.93, 1.07))


@dataclass
class Sent:
    at_s: float
    took_s: float
    step: Step
    max_fps: float
    limited: bool


class Simulation:
    """A camera, a pace and a link. `link(size_bytes, now_s)` says how long that many bytes take to be acknowledged."""

    def __init__(self, link, *, fps=10, seed=1, evidence_each_s=None):
        self.link, self.fps, self.rng = link, fps, random.Random(seed)
        self.speed = Speed()
        self.pace = Pace(speed=self.speed)
        self.sent, self.probes = [], 0
        self.now_s, self.evidence_each_s, self.evidence_s = 1000.0, evidence_each_s, 1001.0

    def run(self, seconds):
        """Returns what was sent in that time."""
        until_s, before = self.now_s + seconds, len(self.sent)
        due_s = self.now_s
        while self.now_s < until_s:
            self.now_s = max(self.now_s, due_s)
            due_s = self.now_s + max(1 / self.fps, 1 / self.pace.max_fps)
            self._evidence()
            began_s = self.now_s
            picture = self.pace.fit(
                lambda step: bytes(size_of(step, self.rng)), STEPS, interval_s=1 / self.fps, now_s=began_s
            )
            self._carry(len(picture))
            shown = Sent(began_s, self.now_s - began_s, self.pace.step, self.pace.max_fps, self.pace.limited)
            self.sent.append(shown)
            if self.pace.wants_probe(1 / self.fps, self.now_s):
                self.probes += 1
                took_s = self.link(60, self.now_s)
                self.now_s += took_s
                self.speed.probed(took_s, self.now_s)
        return self.sent[before:]

    def _evidence(self):
        if self.evidence_each_s and self.now_s > self.evidence_s:
            self.evidence_s = self.now_s + self.evidence_each_s
            self._carry(43_000)

    def _carry(self, size_bytes):
        took_s = self.link(size_bytes, self.now_s)
        self.now_s += took_s
        self.speed.carried(size_bytes, took_s, self.now_s)


def steady(bytes_per_s, latency_s=0.004):
    return lambda size_bytes, now_s: latency_s + size_bytes / bytes_per_s


def changes(sent):
    return sum(a.step != b.step for a, b in pairwise(sent))


@pytest.mark.parametrize("fps", [5, 10, 15])
@pytest.mark.parametrize("kbytes_per_s", [20, 40, 80, 125, 180, 250, 300, 400, 600])
def test_on_a_steady_slow_link_pictures_fit_their_interval_and_nothing_swings(kbytes_per_s, fps):
    simulation = Simulation(steady(kbytes_per_s * 1000), fps=fps, evidence_each_s=2)
    simulation.run(8)
    settled = simulation.run(60)
    assert changes(settled) <= 2
    interval_s = max(1 / fps, 1 / min(s.max_fps for s in settled))
    assert sorted(s.took_s for s in settled)[int(0.95 * len(settled))] <= interval_s * 1.05


def test_quality_goes_first_then_size_then_rate():
    order = []
    for kbytes_per_s in (1000, 250, 180, 150, 120, 90, 60, 30, 15):
        simulation = Simulation(steady(kbytes_per_s * 1000))
        simulation.run(15)
        order.append((simulation.pace.step.quality, simulation.pace.step.scale, min(simulation.pace.max_fps, 10)))
    assert order == sorted(order, reverse=True)
    assert order[0] == (80, 1, 10)
    for quality, scale, fps in order:
        assert quality == 50 or scale == 1
        assert scale == 0.5 or fps == 10
    assert order[-1][2] < 5


@pytest.mark.parametrize("kbytes_per_s", [20, 60, 250])
def test_it_adapts_within_5_s_and_is_back_within_5_s(kbytes_per_s):
    rate = {"link": steady(5_000_000)}
    simulation = Simulation(lambda *a: rate["link"](*a), evidence_each_s=2)
    assert not simulation.run(10)[-1].limited
    rate["link"] = steady(kbytes_per_s * 1000)
    simulation.run(5)
    assert max(s.took_s for s in simulation.run(10)) < 0.3
    rate["link"] = steady(5_000_000)
    opened_s = simulation.now_s
    back = next(s.at_s for s in simulation.run(10) if s.step == STEPS[0] and not s.limited)
    print(f"{kbytes_per_s} kB/s: back after {back - opened_s:.1f} s")
    assert back - opened_s < 5


@pytest.mark.parametrize("fps", [10, 15])
@pytest.mark.parametrize("jitter", [0.1, 0.3, 0.5])
def test_jitter_does_not_make_it_swing(fps, jitter):
    rng = random.Random(5)
    simulation = Simulation(lambda size, now_s: 0.01 + size / 220_000 * rng.uniform(1 - jitter, 1 + jitter), fps=fps)
    simulation.run(8)
    settled = simulation.run(120)
    print(changes(settled), {s.step for s in settled})
    assert changes(settled) <= 15
    assert max(STEPS.index(s.step) for s in settled) - min(STEPS.index(s.step) for s in settled) <= 3


def test_a_picture_that_is_delayed_now_and_then_changes_nothing():
    rng = random.Random(2)
    simulation = Simulation(lambda size, now_s: 1.5 if rng.random() < 0.03 else 0.005 + size / 5_000_000, fps=15)
    assert {s.step for s in simulation.run(120)} == {STEPS[0]}


@pytest.mark.parametrize("fps", [10, 15])
@pytest.mark.parametrize("latency_ms", [80, 200, 400])
def test_a_busy_processor_or_a_long_way_is_no_slow_link(fps, latency_ms):
    rng = random.Random(3)
    simulation = Simulation(
        lambda size, now_s: latency_ms / 1000 * rng.uniform(0.7, 1.5) + size / 5_000_000, fps=fps, evidence_each_s=1
    )
    sent = simulation.run(300)
    print(f"{sum(s.limited for s in sent)} of {len(sent)} limited, {simulation.probes} probes")
    assert sum(s.limited for s in sent) <= 0.01 * len(sent)


def test_bursts_of_load_are_no_slow_link():
    rng = random.Random(4)

    def busy(size, now_s):
        loaded = int(now_s / 3) % 2
        return size / 5_000_000 + (rng.uniform(0.03, 0.2) if loaded else 0.004)

    sent = Simulation(busy, fps=15, evidence_each_s=1).run(300)
    print(f"{sum(s.limited for s in sent)} of {len(sent)} limited")
    assert sum(s.limited for s in sent) <= 0.02 * len(sent)


def test_a_shaper_that_lets_bursts_through_is_tried_ever_less_often():
    class Bucket:
        """So many bytes at once, and then 150 kB/s."""

        left_bytes, at_s = 40_000.0, 0.0

        def __call__(self, size, now_s):
            self.left_bytes = min(40_000, self.left_bytes + (now_s - self.at_s) * 150_000)
            self.at_s = now_s
            wait_s = max(0.0, size - self.left_bytes) / 150_000
            self.left_bytes -= size
            return 0.005 + wait_s

    simulation = Simulation(Bucket())
    simulation.run(60)
    settled = simulation.run(60)
    print(changes(settled), {s.step for s in settled})
    assert changes(settled) <= 20


def test_on_a_good_link_nothing_is_probed():
    simulation = Simulation(steady(5_000_000), fps=15, evidence_each_s=1)
    simulation.run(60)
    assert simulation.probes == 0


def test_on_a_slow_link_little_is_probed():
    simulation = Simulation(steady(200_000))
    simulation.run(60)
    assert simulation.probes <= 60 / PROBE_EACH_S + 10


def test_the_rate_never_falls_below_what_shows_recovery():
    simulation = Simulation(steady(1000))
    simulation.run(60)
    assert simulation.pace.max_fps == LEAST_FPS


def test_nobody_watching_is_no_slow_link():
    simulation = Simulation(steady(250_000), fps=0.1)
    assert {s.step for s in simulation.run(100)} == {STEPS[0]}


def test_a_large_picture_that_never_got_through_says_that_the_link_is_slow():
    speed = Speed()
    speed.lost(300_000, 20.0, 100.0)
    assert speed.bytes_per_s(100.0) == 15_000
    speed.lost(300_000, 0.5, 101.0)
    assert speed.bytes_per_s(101.0) == 15_000


def test_a_snapshot_is_as_good_as_it_gets_and_changes_nothing():
    simulation = Simulation(steady(60_000))
    simulation.run(15)
    step = simulation.pace.step
    assert step != STEPS[0]
    rng = random.Random(1)

    def encode(step):
        return bytes(size_of(step, rng))

    picture = simulation.pace.fit_once(encode, STEPS, within_s=5, now_s=simulation.now_s)
    assert len(picture) > 0.9 * FULL_BYTES
    assert len(simulation.pace.fit_once(encode, STEPS, within_s=0.1, now_s=simulation.now_s)) < 7000
    assert simulation.pace.step == step


def test_a_ladder_goes_by_quality_and_then_by_size_down_to_what_still_shows_something():
    assert ladder(80, 640) == [(80, 1), (70, 1), (60, 1), (50, 1), (50, 0.75), (50, 0.5)]
    assert ladder(45, 640) == [(45, 1), (45, 0.75), (45, 0.5)]
    assert ladder(60, 320) == [(60, 1), (50, 1)]
