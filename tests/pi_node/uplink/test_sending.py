"""What happens to detections when the disk, the bridge or the link is in trouble."""

import time
from itertools import pairwise

import pytest

from glassline.contract import new_event_id
from glassline.link import Sent
from pi_node.detection.findings import Findings, Waiting
from pi_node.outbox import SURE, Outbox, OutboxError
from pi_node.uplink.sender import FIRST_WAIT_S, WINDOW, Sender
from pi_node.uplink.speed import Speed
from pi_node.uplink.way import Way
from tests.pi_node.finds import NOW, detection, receipt
from tests.support.embedded_broker import embedded_broker
from tests.support.links import make_link
from tests.support.throttle import Throttle
from tests.support.waiting import until


@pytest.fixture
def outbox(tmp_path):
    box = Outbox(path=tmp_path / "outbox.db", cap_bytes=50_000_000)
    box.open()
    yield box
    box.close()


def fill_disk(outbox, pages_more):
    """Let the file grow by so many pages and no more, as a full disk would."""
    pages = outbox._file.db.execute("PRAGMA page_count").fetchone()[0]
    outbox._file.db.execute(f"PRAGMA max_page_count = {pages + pages_more}")


def test_on_a_full_disk_the_outbox_says_so_and_stays_whole(outbox):
    outbox.put(detection(new_event_id()), b"x" * 10_000)
    before = outbox.health()
    fill_disk(outbox, 2)
    for _ in range(3):
        with pytest.raises(OutboxError, match="full"):
            outbox.put(detection(new_event_id()), b"x" * 100_000)
    assert outbox.health() == before.model_copy(update={"oldest_age_s": outbox.health().oldest_age_s})
    fill_disk(outbox, 1000)
    outbox.put(detection(new_event_id()), b"x" * 100_000)
    assert outbox.health().depth == 2


def test_what_the_full_disk_refused_waits_in_memory_and_goes_in_later(outbox):
    findings = Findings(link=None, outbox=outbox, speed=Speed(), evidence_quality=lambda: 90, clock=SURE)
    fill_disk(outbox, 2)
    ids = [new_event_id(NOW + i) for i in range(5)]
    for event_id in ids:
        findings._waiting.append(Waiting(detection(event_id), b"x" * 100_000, SURE))
        findings.put_waiting()
    assert findings.failing
    assert outbox.health().depth == 0
    fill_disk(outbox, 10_000)
    findings.put_waiting()
    assert not findings.failing
    assert {parcel.event_id for parcel in outbox.due(0, 100)} == set(ids)


def test_a_damaged_outbox_is_put_aside_and_a_new_one_begun(tmp_path, caplog):
    path = tmp_path / "outbox.db"
    path.write_bytes(b"this is no database at all " * 500)
    box = Outbox(path=path, cap_bytes=1_000_000)
    box.open()
    box.put(detection(new_event_id()), None)
    assert box.health().depth == 1
    assert list(tmp_path.glob("outbox.db.broken-*"))
    assert "damaged" in caplog.text
    box.close()


def test_a_closed_outbox_is_an_outbox_error_and_nothing_else(tmp_path):
    box = Outbox(path=tmp_path / "outbox.db", cap_bytes=1)
    box.open()
    box.close()
    for action in (box.health, box.all_due, lambda: box.due(0, 1), lambda: box.under_way(0), lambda: box.settle([])):
        with pytest.raises(OutboxError):
            action()


def test_the_size_is_known_without_reading_the_pictures(outbox):
    for _ in range(20):
        outbox.put(detection(new_event_id()), b"x" * 50_000)
    outbox.put(detection(outbox.due(0, 1)[0].event_id, rev=1), b"y" * 10_000)
    parcels = outbox.due(0, 100)
    outbox.settle([receipt(parcels[5].event_id, parcels[5].rev)])
    total = outbox._file.db.execute(
        "SELECT sum(length(detection) + coalesce(length(evidence), 0)) FROM outbox"
    ).fetchone()[0]
    assert outbox.health().size_bytes == total


class Wire:
    """Node and listener on an open broker."""

    def __init__(self, broker, outbox, url=None):
        self.sent, self.order = [], []
        self.listener = make_link(broker.url, "web-1", None, "web")
        self.listener.on("glass/v1/+/evidence", lambda address, payload, retained: self.sent.append(payload))
        for kind in ("frame", "detection", "evidence"):
            self.listener.on(f"glass/v1/+/{kind}", lambda address, *_: self.order.append(address.kind))
        self.node = make_link(url or broker.url, "pi-1", None)
        self.speed = Speed()
        self.way = Way(link=self.node, speed=self.speed)
        self.sender = Sender(link=self.node, way=self.way, speed=self.speed, outbox=outbox)

    def __enter__(self):
        for part in (self.listener, self.node):
            part.start()
        until(lambda: self.listener.state.connected and self.node.state.connected)
        self.sender.start()
        return self

    def __exit__(self, *_):
        for part in (self.sender, self.node, self.listener):
            part.stop()


def test_without_receipts_only_a_window_is_sent_and_the_bridge_is_not_flooded(outbox):
    for i in range(40):
        outbox.put(detection(new_event_id(NOW + i), at_s=NOW + i), f"{i:02d}".encode())
    with embedded_broker() as broker, Wire(broker, outbox) as wire:
        time.sleep(FIRST_WAIT_S / 2)
        assert sorted(set(wire.sent)) == [f"{i:02d}".encode() for i in range(WINDOW)]
        assert len(wire.sent) == WINDOW


def test_what_has_no_receipt_is_sent_again_after_longer_and_longer_waits_up_to_a_bound(outbox, monkeypatch):
    first_s, last_s, slack_s = 0.4, 1.6, 0.6  # an idle sender looks each half second
    monkeypatch.setattr("pi_node.uplink.sender.FIRST_WAIT_S", first_s)
    monkeypatch.setattr("pi_node.uplink.sender.LAST_WAIT_S", last_s)
    outbox.put(detection(new_event_id()), b"picture")
    with embedded_broker() as broker, Wire(broker, outbox) as wire:
        seen_s = []
        while len(seen_s) < 6:
            until(lambda: len(wire.sent) > len(seen_s), 10)
            seen_s.append(time.monotonic())
    waits_s = [round(after - before, 2) for before, after in pairwise(seen_s)]
    print(f"waits: {waits_s}")
    for wait_s, wanted_s in zip(waits_s, (0.4, 0.8, 1.6, 1.6, 1.6), strict=True):
        assert 0.8 * wanted_s - 0.05 <= wait_s <= 1.2 * wanted_s + slack_s


def test_waits_are_jittered_so_that_a_fleet_does_not_send_in_step(outbox):
    for i in range(WINDOW):
        outbox.put(detection(new_event_id(NOW + i), at_s=NOW + i), b"picture")
    with embedded_broker() as broker, Wire(broker, outbox) as wire:
        until(lambda: len(wire.sent) == WINDOW)
        waits_s = [wait_s for (wait_s,) in outbox._file.db.execute("SELECT due_s - sent_s FROM sent")]
    assert all(0.8 * FIRST_WAIT_S <= wait_s <= 1.2 * FIRST_WAIT_S for wait_s in waits_s)
    assert max(waits_s) - min(waits_s) > 0.05 * FIRST_WAIT_S


def test_receipts_open_the_window_and_a_backlog_drains(outbox):
    ids = [new_event_id(NOW + i) for i in range(60)]
    for i, event_id in enumerate(ids):
        outbox.put(detection(event_id, at_s=NOW + i), f"{i:02d}".encode())
    with embedded_broker() as broker, Wire(broker, outbox) as wire:
        settled = 0
        deadline = time.monotonic() + 20
        while outbox.health().depth and time.monotonic() < deadline:
            for payload in wire.sent[settled:]:
                wire.sender.on_receipt(None, receipt(ids[int(payload)], 0).to_json(), False)
                settled += 1
            time.sleep(0.01)
        assert outbox.health().depth == 0
        assert len(wire.sent) == 60


def test_after_a_thousand_attempts_the_sender_still_lives(outbox):
    outbox.put(detection(new_event_id()), b"00")
    with embedded_broker() as broker, Wire(broker, outbox) as wire:
        until(lambda: len(wire.sent) == 1)
        outbox._file.db.execute("UPDATE sent SET attempts = 5000, sent_s = 0, due_s = 0")
        until(lambda: len(wire.sent) == 2, 20)
        outbox._file.db.execute("UPDATE sent SET sent_s = 0, due_s = 0")
        until(lambda: len(wire.sent) == 3, 20)


def test_on_a_slow_link_a_live_picture_goes_between_two_pictures_of_defects(outbox):
    for i in range(5):
        outbox.put(detection(new_event_id(NOW + i), at_s=NOW + i), bytes(50_000))
    with (
        embedded_broker() as broker,
        Throttle(broker.port, bytes_per_s=250_000) as slow,
        Wire(broker, outbox, url=slow.url) as wire,
    ):
        waited_s = []
        while wire.order.count("evidence") < 5:
            asked_s = time.monotonic()
            with wire.way.turn():
                waited_s.append(time.monotonic() - asked_s)
                assert wire.way.send("frame", bytes(10_000)) is Sent.ACKNOWLEDGED
            time.sleep(0.03)
        pictures = [kind for kind in wire.order if kind != "detection"]
        print(f"{pictures}; a live picture waited {max(waited_s):.2f} s at most")
        assert ("evidence", "evidence") not in set(pairwise(pictures))
        assert max(waited_s) < 0.2 * 1.5
        assert 200_000 < wire.speed.bytes_per_s(time.monotonic()) < 300_000


def test_a_picture_that_would_outlast_the_connection_waits_for_a_better_link_and_its_detection_goes(outbox):
    outbox.put(detection(new_event_id()), bytes(300_000))
    with embedded_broker() as broker:
        wire = Wire(broker, outbox)
        wire.speed.carried(20_000, 1.0, time.monotonic())
        with wire:
            until(lambda: wire.order == ["detection"])
            time.sleep(0.5)
            assert wire.order == ["detection"]
            for _ in range(5):
                wire.speed.carried(20_000, 0.01, time.monotonic())
            wire.sender.on_connected()
            until(lambda: "evidence" in wire.order)
