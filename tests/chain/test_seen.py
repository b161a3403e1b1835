"""From the node's confirmation to the eye: when a page knows of a new defect, and of what another page wrote."""

import statistics
import time
from datetime import datetime

import httpx
import pytest

from tests.support.chain import Viewer, running_chain
from tests.support.waiting import until

FINDS, REVIEWS = 30, 40
BAR_S = 0.3


class Eye(Viewer):
    """Notes when each event was first heard of, by its type and defect."""

    def __init__(self, url):
        super().__init__(url)
        self.first_s = {}
        self.shapes = {}

    def take_event(self, event):
        defect = event.get("defect") or {}
        key = event["type"], defect.get("event_id"), defect.get("version")
        if defect and key not in self.first_s:
            self.first_s[key] = time.time()
            self.shapes[key] = defect

    def of(self, kind):
        return {key: at_s for key, at_s in list(self.first_s.items()) if key[0] == kind}


def p95(values):
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def told(what, values):
    print(f"{what}: n {len(values)}, p50 {statistics.median(values) * 1000:.0f} ms, p95 {p95(values) * 1000:.0f} ms")


@pytest.mark.alone
def test_a_find_and_a_review_are_seen_within_300_ms(tmp_path):
    with running_chain(tmp_path) as chain:
        chain.wait_until_live()
        with Eye(chain.site.url) as here, Eye(chain.site.url) as there:
            until(lambda: len(here.of("detection")) >= FINDS and len(here.of("defect")) >= FINDS, 120, what=chain.logs)
            seen = _since_confirmed(here, "detection")
            stored = _since_confirmed(here, "defect")
            reviewed = _reviews(chain, there)
    told("confirmed to seen", seen)
    told("confirmed to seen as stored", stored)
    told("reviewed to seen by another page", reviewed)
    assert p95(seen) < BAR_S
    assert p95(reviewed) < BAR_S


def _since_confirmed(eye, kind):
    """Seconds from the node's confirmation, for each find that was not yet there when the page came."""
    first = {}
    for (_, event_id, _), at_s in sorted(eye.of(kind).items(), key=lambda one: one[1]):
        first.setdefault(event_id, at_s)
    return [
        at_s - datetime.fromisoformat(eye.shapes[key]["confirmed_at"]).timestamp()
        for key, at_s in eye.of(kind).items()
        if first[key[1]] == at_s and eye.shapes[key]["rev"] == 0
    ]


def _reviews(chain, eye):
    """Seconds from the request to the event at another page, with finds going on beside it."""
    took_s = []
    with httpx.Client(base_url=chain.site.url, timeout=10) as client:
        for defect in client.get("/api/defects", params={"limit": REVIEWS}).json()["defects"]:
            said, began_s = {"status": "reviewed", "version": defect["version"]}, time.time()
            answer = client.post(f"/api/defects/{defect['event_id']}/review", json=said)
            assert answer.is_success, answer.text
            key = "review", defect["event_id"], answer.json()["version"]
            until(lambda key=key: key in eye.first_s, 10)
            took_s.append(eye.first_s[key] - began_s)
    return took_s
