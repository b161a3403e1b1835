"""From the node's confirmation to the eye: when a page knows of a new defect, and of what another page wrote."""

import statistics
import time
from contextlib import contextmanager
from datetime import datetime

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from glassline.contract import topic_of
from glassline.contract.messages import Detection, decode
from glassline.program import read_secret
from tests.support.chain import Viewer, running_chain
from tests.support.waiting import until
from workbench.demo.site import NODE_ID

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

    def firsts(self, kind):
        """When each find was first told by an event of this type, in its first state."""
        first = {}
        for key, at_s in list(self.first_s.items()):
            if key[0] == kind and self.shapes[key]["rev"] == 0 and key[1] not in (one[1] for one in first):
                first[key] = at_s
        return first


def p95(values):
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def told(what, values):
    print(f"{what}: n {len(values)}, p50 {statistics.median(values) * 1000:.0f} ms, p95 {p95(values) * 1000:.0f} ms")


@contextmanager
def confirmations(chain):
    """When the node had confirmed each find and said so, by its clock, which is ours; filled while the block runs."""
    said_s = {}
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.username_pw_set("observer", read_secret(chain.site.secret("observer")))
    client.on_connect = lambda client, *_: client.subscribe(topic_of("detection", NODE_ID), 1)

    def note(client, _, message):
        detection = decode(Detection, bytes(message.payload))
        if detection.rev == 0:
            said_s.setdefault(detection.event_id, detection.ts.timestamp())

    client.on_message = note
    client.connect("127.0.0.1", chain.site.broker_port)
    client.loop_start()
    try:
        yield said_s
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.alone
def test_a_find_and_a_review_are_seen_within_300_ms(tmp_path):
    with running_chain(tmp_path) as chain:
        chain.wait_until_live()
        with confirmations(chain) as said_s, Eye(chain.site.url) as here, Eye(chain.site.url) as there:

            def since_said(kind):
                return [at_s - said_s[key[1]] for key, at_s in here.firsts(kind).items() if key[1] in said_s]

            until(lambda: min(len(since_said("detection")), len(since_said("defect"))) >= FINDS, 120, what=chain.logs)
            seen, stored = since_said("detection"), since_said("defect")
            looked = [at_s - _taken_s(here.shapes[key]) for key, at_s in here.firsts("detection").items()]
            reviewed = _reviews(chain, there)
    told("picture taken to seen, with the time that the detector took", looked)
    told("confirmed to seen", seen)
    told("confirmed to seen as stored", stored)
    told("reviewed to seen by another page", reviewed)
    assert p95(seen) < BAR_S
    assert p95(reviewed) < BAR_S


def _taken_s(shape):
    """When the picture was taken in which a find was confirmed."""
    return datetime.fromisoformat(shape["confirmed_at"]).timestamp()


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
