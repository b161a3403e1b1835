"""A short chaos run on each broker; `make chaos` is the long one."""

import hashlib
from itertools import pairwise

import pytest

from glassline.contract import new_event_id
from glassline.store.sqlite import SqliteStore
from tests.chaos.plan import Pace
from tests.chaos.run import LINK, PROCESS, Size, plan, run, victims_of
from tests.chaos.verdict import judge
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence
from workbench.simulate.journal import Journal

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


def test_what_is_lost_doubled_wrong_or_nobodys_is_seen(tmp_path):
    ids = {name: new_event_id() for name in ("good", "lost", "wrong", "double", "bare", "stranger", "begun")}
    pictures = {name: make_evidence(id) for name, id in ids.items()}
    stored = pictures | {"wrong": make_evidence(ids["wrong"], content=b"B"), "double": pictures["good"]}
    with SqliteStore(tmp_path / "store.db") as store:
        for name in set(ids) - {"lost"}:
            store.apply([detection_item(make_detection(ids[name], image=stored[name]))])
        for name in set(ids) - {"lost", "bare"}:
            store.apply([evidence_item(ids[name], stored[name])])
    with Journal(tmp_path / "sim-1" / "planted.jsonl") as journal:
        for name in set(ids) - {"stranger"}:
            planted = stored["double"] if name == "double" else pictures[name]
            journal.write(ids[name], 0, hashlib.sha256(planted).hexdigest(), kept=name != "begun")
    verdict = judge(tmp_path, tmp_path / "store.db")
    assert str(verdict) == "planted 6 stored 6 lost 1 duplicated 1 images_wrong 2 strangers 1"
    assert verdict.interrupted == 1
    assert not verdict.is_good
