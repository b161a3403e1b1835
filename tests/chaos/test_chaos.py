"""A short chaos run on each broker; `make chaos` is the long one."""

from itertools import pairwise

import pytest

from tests.chaos.plan import Pace
from tests.chaos.run import LINK, PROCESS, Size, plan, run, victims_of

SHORT = Size(seconds=10, halls=2, devices_a_hall=3, per_min=120, pace=Pace(peace_s=(1, 4), scale=0.25))
SEED = 47


@pytest.mark.parametrize("broker", ["embedded", "mosquitto"])
def test_whatever_dies_on_the_way_nothing_is_lost_or_stored_twice(tmp_path, broker):
    verdict = run(broker, tmp_path, size=SHORT, seed=SEED)
    print(verdict)
    assert verdict.planted > 30
    assert verdict.is_good, verdict


def test_the_plan_follows_from_the_seed_and_leaves_nobody_out():
    size = Size()
    faults = plan(victims_of(size), seconds=size.seconds, seed=1, pace=size.pace)
    assert faults == plan(victims_of(size), seconds=size.seconds, seed=1, pace=size.pace)
    assert faults != plan(victims_of(size), seconds=size.seconds, seed=2, pace=size.pace)
    assert max(fault.end_s for fault in faults) <= size.seconds
    for victim, kinds in victims_of(size).items():
        of_it = [fault for fault in faults if fault.victim == victim]
        assert {fault.kind for fault in of_it} == set(kinds)
        assert all(before.end_s < after.at_s for before, after in pairwise(of_it))
    assert set(PROCESS + LINK) == {fault.kind for fault in faults}
