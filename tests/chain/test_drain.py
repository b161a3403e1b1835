"""After a long outage: what waits drains beside the live picture, which stays as it is."""

import hashlib
import time

import httpx
import pytest

from glassline.contract import Box, ImageRef, from_unix, new_event_id
from glassline.contract.frames import embed
from glassline.contract.messages import Detection, EvidenceMeta
from glassline.scene import Conveyor
from pi_node.camera import Picture
from pi_node.jpeg import encode_jpeg
from pi_node.outbox import Outbox
from tests.support.chain import Chain, Viewer
from tests.support.links import until

WAITING = 500
FPS = 10
CALM_S = 10
LABEL = "waited"


def fill(path, number):
    """So many detections with pictures, of the last hours."""
    box = Outbox(path=path, cap_bytes=500_000_000)
    box.open()
    belt = Conveyor(seed=3)
    jpegs = [encode_jpeg(Picture(belt.frame(1.7 * n)), 90) for n in range(8)]
    for n in range(number):
        at_s = time.time() - 20 * (number - n)
        event_id = new_event_id(at_s)
        picture = embed(jpegs[n % len(jpegs)], EvidenceMeta(event_id=event_id, rev=0).to_json())
        at = from_unix(at_s)
        image = ImageRef(sha256=hashlib.sha256(picture).hexdigest(), size_bytes=len(picture), image_wh=(640, 480))
        box.put(
            Detection(
                ts=at, boot="0123abcd", event_id=event_id, rev=0, phase="end", label=LABEL, score=0.8,
                boxes=[Box(label=LABEL, score=0.8, xyxyn=(0.1, 0.1, 0.2, 0.2))], first_at=at, last_at=at,
                frame_at=at, confirmed_at=at, frames_confirmed=9, model="before", image=image,
            ),
            picture,
        )  # fmt: skip
    size_bytes = box.health().size_bytes
    box.close()
    return size_bytes


def live(viewer, from_s, until_s):
    """(frames a second, p50 and p99 of their age in s) at the viewer in that time."""
    ages = sorted(age for at_s, age in list(viewer.frames) if from_s <= at_s < until_s)
    assert ages
    return len(ages) / (until_s - from_s), ages[len(ages) // 2], ages[int(len(ages) * 0.99)]


@pytest.fixture
def chain(tmp_path):
    chain = Chain(tmp_path)
    yield chain
    chain.stop()


@pytest.mark.alone
def test_a_backlog_drains_while_live_frames_keep_their_rate_and_latency(chain):
    size_bytes = fill(chain.site.folder / "pi_node" / "outbox.db", WAITING)
    chain.start("bridge", "web", "pi_node")

    def stored():
        try:
            return sum(chain.get(f"/api/defects?limit=1&label={LABEL}").json()["counts"].values())
        except httpx.HTTPError:
            return None

    assert until(lambda: stored() == 0, 60), chain.logs()
    with Viewer(chain.site.url, max_fps=FPS) as viewer:
        chain.start("broker")
        assert until(stored, 60), chain.logs()
        began_s = time.time()
        assert until(lambda: stored() >= WAITING, 120), chain.logs()
        ended_s = time.time()
        time.sleep(CALM_S)
        draining, calm = live(viewer, began_s, ended_s), live(viewer, ended_s, ended_s + CALM_S)
    per_s = WAITING / (ended_s - began_s)
    print(f"{WAITING} detections, {size_bytes / 1e6:.0f} MB, in {ended_s - began_s:.1f} s: {per_s:.0f} a second")
    for when, (fps, p50_s, p99_s) in (("meanwhile", draining), ("after it", calm)):
        print(f"  live {when}: {fps:.1f} fps, age p50 {1000 * p50_s:.0f} ms, p99 {1000 * p99_s:.0f} ms")
    assert draining[0] > 0.9 * calm[0]
    assert draining[2] < calm[2] + 0.2
    assert 10 < per_s < 50
