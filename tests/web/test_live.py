"""Live pictures: from MQTT to WebSocket clients."""

import os
import signal
import statistics
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from glassline.contract import from_unix, new_event_id
from tests.support.waiting import until

from .clients import Page, RawPage
from .processes import Mosquitto, Web
from .publishers import NodeLike, picture


def test_a_client_gets_the_bytes_that_left_the_node(any_web: Web, node: NodeLike) -> None:
    with Page(any_web, node.id) as page:
        until(lambda: node.leases, what="a lease reaches the node")
        for _ in range(5):
            node.publish_frame()
            until(lambda: len(page.pictures) == len(node.sent))
            time.sleep(0.05)
        assert [shown.jpeg for shown in page.pictures] == node.sent
        assert {shown.device_id for shown in page.pictures} == {node.id}


def test_only_what_is_watched_is_sent(web: Web, node: NodeLike) -> None:
    with Page(web, "pi-other") as other, Page(web, node.id) as page:
        until(lambda: node.leases)
        node.publish_frame()
        until(lambda: page.pictures)
        assert not other.pictures


def test_who_begins_to_watch_gets_the_last_picture_at_once(web: Web, node: NodeLike) -> None:
    sent = node.publish_frame()
    until(lambda: web.get(f"/api/devices/{node.id}")["picture_age_s"] is not None)
    with Page(web, node.id) as page:
        until(lambda: page.pictures, timeout_s=3)
        assert page.pictures[0].jpeg == sent
        assert page.of("clock")[0]["boot"] == node.boot


def test_a_page_that_wants_few_pictures_gets_few(web: Web, node: NodeLike) -> None:
    with Page(web, node.id, max_fps=2) as slow, Page(web, node.id, max_fps=30) as fast:
        until(lambda: node.leases)
        node.stream(20)
        until(lambda: len(fast.pictures) > 40)
        assert len(slow.pictures) < len(fast.pictures) / 4


def test_the_lease_is_the_highest_wish_and_is_renewed_and_given_back(web: Web, node: NodeLike) -> None:
    def last() -> float | None:
        return node.leases[-1][2].max_fps if node.leases else None

    with Page(web, node.id, max_fps=4):
        until(lambda: last() == 4)
        with Page(web, node.id, max_fps=12):
            until(lambda: last() == 12)
        until(lambda: last() == 4)
        count = len(node.leases)
        until(lambda: len(node.leases) > count, what="the lease is renewed")
        assert node.leases[-1][1:][0] == "web-1"
        assert node.leases[-1][2].ttl_s == 15
    until(lambda: last() == 0, what="the lease is given back")


def test_a_wall_at_a_low_rate_and_one_large_picture_share_a_connection(web: Web, broker: Mosquitto) -> None:
    with NodeLike(broker.address, "wall-1") as one, NodeLike(broker.address, "wall-2") as two, Page(web) as page:
        page.say(watch={"wall-1": 12, "wall-2": 2})
        until(lambda: (one.wanted_fps(), two.wanted_fps()) == (12, 2))
        for node in (one, two):
            node.stream(12)
        time.sleep(1)
        page.pictures.clear()
        sent, began_s = len(one.sent), time.monotonic()
        time.sleep(4)
        shown = Counter(picture.device_id for picture in list(page.pictures))
        sent, took_s = len(one.sent) - sent, time.monotonic() - began_s
        assert shown["wall-1"] > 0.6 * sent > 0
        assert 2 * took_s - 1 <= shown["wall-2"] <= 2 * took_s + 2
        page.say(watch={"wall-1": 2, "wall-2": 12})
        until(lambda: (one.wanted_fps(), two.wanted_fps()) == (2, 12))
        page.say(watch=["wall-1", "wall-2"], max_fps=5)
        until(lambda: (one.wanted_fps(), two.wanted_fps()) == (5, 5))


def test_two_webs_keep_their_leases_apart(web: Web, broker: Mosquitto, node: NodeLike, tmp_path: Path) -> None:
    def newest(web_id: str) -> float | None:
        return next((lease.max_fps for _, id, lease in reversed(node.leases) if id == web_id), None)

    with Web(tmp_path, broker=broker.address, id="web-2") as other:
        until(lambda: other.get("/health")["broker"]["connected"])
        node.publish_health()
        until(lambda: other.http.get(f"/api/devices/{node.id}").status_code == 200)
        with Page(web, node.id, max_fps=12):
            with Page(other, node.id, max_fps=4):
                until(lambda: (newest("web-1"), newest("web-2")) == (12, 4))
                assert node.wanted_fps() == 12
            until(lambda: newest("web-2") == 0)
            assert newest("web-1") == 12
            assert node.wanted_fps() == 12
        until(lambda: node.wanted_fps() == 0)


def test_a_viewer_costs_hardly_more_bytes_than_its_pictures(web: Web, node: NodeLike) -> None:
    jpeg = picture(3, image_wh=(320, 240), noise=True, quality=74)
    page = RawPage(web)
    page.say(watch=[node.id], max_fps=30)
    until(lambda: node.leases)
    node.keep_healthy()
    node.stream(15, jpeg=jpeg)
    while page.read()[0] != 2:
        pass
    before, jpeg_bytes, pictures = page.got_bytes, 0, 0
    while pictures < 100:
        opcode, payload = page.read()
        if opcode == 2:
            pictures, jpeg_bytes = pictures + 1, jpeg_bytes + len(payload) - 1 - payload[0]
    assert page.got_bytes - before <= 1.005 * jpeg_bytes
    page.sock.close()


def test_a_tls_viewer_that_never_reads_costs_no_memory(tls_web: Web, node: NodeLike) -> None:
    """The frozen one is 40 pictures of 300 kB behind; what waits is one of them."""
    jpeg = picture(3, image_wh=(640, 480), noise=True)
    [worker] = tls_web.workers()
    with Page(tls_web, node.id) as page:
        until(lambda: node.leases)
        node.stream(10, jpeg=jpeg)
        until(lambda: len(page.pictures) > 10)
        page.pictures.clear()
        before = psutil.Process(worker).memory_info().rss
        frozen = RawPage(tls_web)
        frozen.say(watch=[node.id], max_fps=30)
        until(lambda: len(page.pictures) > 40)
        assert psutil.Process(worker).memory_info().rss - before < 6_000_000
        frozen.sock.close()


@pytest.mark.parametrize(
    "harm",
    ["truncated", "not a jpeg", "no metadata", "metadata is no frame's", "id in place of json"],
)
def test_a_broken_frame_is_counted_and_goes_nowhere(web: Web, node: NodeLike, harm: str) -> None:
    good = node.frame()
    payload = {
        "truncated": good[:-500],
        "not a jpeg": b"hello",
        "no metadata": picture(1),
        "metadata is no frame's": good.replace(b'"boot":"', b'"boot":"zz', 1),
        "id in place of json": good.replace(b'{"v":1', b'{"v":7', 1),
    }[harm]
    before = _refused_frames(web)
    with Page(web, node.id) as page:
        until(lambda: node.leases)
        page.pictures.clear()
        node.link.publish("frame", payload)
        until(lambda: _refused_frames(web) == before + 1)
        sent = node.publish_frame()
        until(lambda: any(shown.jpeg == sent for shown in page.pictures))
        assert all(shown.jpeg != payload for shown in page.pictures)


def _refused_frames(web: Web) -> int:
    counters = web.get("/health")["counters"]
    return sum(count for name, count in counters.items() if name.startswith("refused_frame_"))


def test_a_frame_that_was_long_on_its_way_is_not_shown(web: Web, node: NodeLike) -> None:
    with Page(web, node.id) as page:
        until(lambda: node.leases)
        node.publish_frame()
        until(lambda: len(page.pictures) == 1)
        before = web.get("/health")["counters"].get("frames_stale", 0)
        held = node.frame()
        time.sleep(1.4)
        node.link.publish("frame", held)
        until(lambda: web.get("/health")["counters"].get("frames_stale", 0) == before + 1)
        last = node.publish_frame()
        until(lambda: page.pictures[-1].jpeg == last)
        assert len(page.pictures) == 2


def test_a_clock_that_is_set_back_does_not_end_the_picture(web: Web, node: NodeLike) -> None:
    with Page(web, node.id) as page:
        until(lambda: node.leases)
        node.publish_frame()
        until(lambda: len(page.pictures) == 1)
        node.publish_frame(ts=from_unix(time.time() - 3600))
        until(lambda: len(page.pictures) == 2)


def test_nothing_is_sent_before_the_handshake_is_answered(any_web: Web, node: NodeLike) -> None:
    stop = threading.Event()

    def chatter() -> None:
        while not stop.wait(0.002):
            node.publish_detection(detection.model_copy(update={"event_id": new_event_id()}))

    detection = node.detection()
    talker = threading.Thread(target=chatter)
    talker.start()
    try:
        for _ in range(60):
            page = RawPage(any_web)
            assert page.read()[0] == 1
            page.sock.close()
    finally:
        stop.set()
        talker.join()


def test_a_ping_during_a_half_written_picture_breaks_nothing(any_web: Web, node: NodeLike) -> None:
    jpegs = [picture(number, image_wh=(1280, 960), noise=True, quality=92) for number in (1, 2)]
    assert all(len(jpeg) > 900_000 for jpeg in jpegs)

    def publish(number: int) -> bytes:
        """Captured now: a frame that waited for the lease could be too old to be shown."""
        frame = node.frame(number=number, jpeg=jpegs[number - 1], image_wh=(1280, 960))
        assert node.link.publish("frame", frame)
        return frame

    page = RawPage(any_web)
    page.say(watch=[node.id], max_fps=30)
    until(lambda: node.leases)
    big = [publish(1)]
    until(lambda: any_web.get(f"/api/devices/{node.id}")["image_wh"] == [1280, 960])
    time.sleep(0.3)
    for number in range(10):
        page.send(9, b"ping %d" % number)
        page.say(ping=number)
    time.sleep(0.3)
    big.append(publish(2))
    seen: list[tuple[int, bytes]] = []
    end_s = time.monotonic() + 20
    while sum(opcode == 2 for opcode, _ in seen) < 2:
        assert time.monotonic() < end_s, "the second picture does not come"
        seen.append(page.read())
    assert [payload[1 + payload[0] :] for opcode, payload in seen if opcode == 2] == big
    assert [payload for opcode, payload in seen if opcode == 10] == [b"ping %d" % n for n in range(10)]
    page.send(8, (1000).to_bytes(2, "big"))
    while page.read()[0] != 8:
        pass
    page.sock.close()


def test_a_page_that_never_reads_delays_nobody(any_web: Web, node: NodeLike) -> None:
    frozen = RawPage(any_web)
    frozen.say(watch=[node.id], max_fps=30)
    jpeg = picture(3, image_wh=(640, 480), noise=True)
    with Page(any_web, node.id) as page:
        until(lambda: node.leases)
        node.stream(20, jpeg=jpeg)
        time.sleep(6)
        shown = list(page.pictures)
        sent = len(node.sent)
        assert len(shown) >= 0.9 * sent - 2
        assert statistics.quantiles([one.age_s for one in shown], n=20)[-1] < 0.5
        assert any_web.get("/health")["viewers"] >= 2
    frozen.sock.close()


def test_a_page_that_accepts_nothing_is_dropped(folder, broker) -> None:  # type: ignore[no-untyped-def]
    with (
        Web(folder, broker=broker.address, id="web-stall", stall_s=2) as web,
        NodeLike(broker.address, "pi-stall") as node,
    ):
        page = RawPage(web)
        page.say(watch=["pi-stall"], max_fps=30)
        until(lambda: node.leases)
        node.stream(10, jpeg=picture(3, image_wh=(1280, 960), noise=True))
        until(lambda: web.get("/health")["counters"].get("viewers_stalled") == 1)
        until(lambda: web.get("/health")["viewers"] == 0)
        page.sock.close()


def test_after_a_freeze_of_the_web_hardly_anything_old_is_shown(web: Web, node: NodeLike) -> None:
    [worker] = web.workers()
    with Page(web, node.id) as page:
        until(lambda: node.leases)
        node.stream(10)
        until(lambda: len(page.pictures) > 10)
        os.kill(worker, signal.SIGSTOP)
        try:
            time.sleep(5)
        finally:
            os.kill(worker, signal.SIGCONT)
        resumed_s = time.time()
        time.sleep(4)
        after = [shown for shown in page.pictures if shown.at_s >= resumed_s]
        assert len(after) > 20
        assert sum(shown.age_s > 1 for shown in after) <= 2
        assert after[-1].age_s < 0.5


def test_viewers_who_come_and_go_leave_nothing_behind(any_web: Web, node: NodeLike) -> None:
    node.stream(20)
    with Page(any_web, node.id) as page:
        until(lambda: len(page.pictures) > 5)

        def visit() -> None:
            for _ in range(6):
                with Page(any_web, node.id) as guest:
                    until(lambda guest=guest: guest.pictures)

        guests = [threading.Thread(target=visit) for _ in range(5)]
        for guest in guests:
            guest.start()
        for guest in guests:
            guest.join(60)
        until(lambda: any_web.get("/health")["viewers"] == 1)
        count = len(page.pictures)
        until(lambda: len(page.pictures) > count + 10)
        counters = any_web.get("/health")["counters"]
        assert "writer_failed" not in counters
        assert "pulse_failed" not in counters
