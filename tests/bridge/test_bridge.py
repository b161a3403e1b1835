"""From the wire to the store and back, on both brokers."""

import json
import statistics
import time

from glassline.contract import from_unix, new_event_id, topic_of
from glassline.contract.messages import Info
from glassline.store import DefectFilter
from glassline.store.sqlite import SqliteStore
from tests.bridge.harness import node, running_bridge, watch
from tests.store.samples import make_detection, make_evidence
from tests.support.clients import connected
from tests.support.embedded_broker import RunningBroker


def test_a_receipt_says_what_is_already_committed(
    broker: RunningBroker, store: SqliteStore, shelf: SqliteStore
) -> None:
    event_id = new_event_id()
    jpeg = make_evidence(event_id, size_bytes=50_000)
    with running_bridge(broker, store), node(broker) as pi:
        pi.send(make_detection(event_id, image=jpeg))
        assert pi.said() == (event_id, 0, "stored", "missing")
        assert shelf.defect(event_id) is not None
        pi.send(jpeg)
        assert pi.said() == (event_id, 0, "stored", "stored")
        assert shelf.evidence(event_id) == jpeg
        pi.send(make_detection(event_id, 1, image=jpeg, phase="end"))
        assert pi.said() == (event_id, 1, "stored", "stored")


def test_evidence_may_come_first(broker: RunningBroker, store: SqliteStore, shelf: SqliteStore) -> None:
    event_id = new_event_id()
    jpeg = make_evidence(event_id)
    with running_bridge(broker, store), node(broker) as pi:
        pi.send(jpeg)
        assert pi.hears_nothing()
        pi.send(make_detection(event_id, image=jpeg))
        assert pi.said() == (event_id, 0, "stored", "stored")
        assert shelf.evidence(event_id) == jpeg


def test_what_is_sent_again_or_late_is_receipted_again_and_stored_once(
    broker: RunningBroker, store: SqliteStore, shelf: SqliteStore
) -> None:
    event_id = new_event_id()
    first, second = make_evidence(event_id, 0), make_evidence(event_id, 2, content=b"B")
    with running_bridge(broker, store), node(broker) as pi:
        pi.send(make_detection(event_id, 2, image=second), second)
        while pi.said() != (event_id, 2, "stored", "stored"):
            pass
        for late in (
            make_detection(event_id, 0, image=first),
            first,
            make_detection(event_id, 2, image=second),
            second,
        ):
            pi.send(late)
            assert pi.said() == (event_id, 2, "stored", "stored")
    assert shelf.counts(DefectFilter())["pending"] == 1
    assert shelf.evidence(event_id) == second


def test_what_cannot_be_stored_is_rejected_and_never_blocks_its_neighbours(
    broker: RunningBroker, store: SqliteStore, shelf: SqliteStore
) -> None:
    wrong, good = make_detection(rev=3), make_detection()
    broken = wrong.to_dict() | {"score": 7, "rev": 3}
    with running_bridge(broker, store), node(broker) as pi, watch(broker) as seen:
        pi.send_raw("detection", b"not JSON at all")
        pi.send_raw("detection", json.dumps(broken).encode())
        pi.send_raw("detection", b"[" * 100_000)
        pi.send_raw("evidence", make_evidence(good.event_id)[:-2])
        pi.send_raw("evidence", b"")
        pi.send(good)
        heard = {pi.said(), pi.said()}
        assert heard == {(wrong.event_id, 3, "rejected", "none"), (good.event_id, 0, "stored", "none")}
        health = seen.health_until(lambda health: health.store.dead_letters == 5)
        assert health.counters["undecodable"] == 5
        assert health.state == "ok"
    assert shelf.defect(wrong.event_id) is None


def test_a_broken_picture_of_a_stored_detection_is_refused_with_the_reason(
    broker: RunningBroker, store: SqliteStore
) -> None:
    event_id = new_event_id()
    jpeg = make_evidence(event_id)
    with running_bridge(broker, store), node(broker) as pi:
        pi.send(make_detection(event_id, image=jpeg))
        assert pi.said() == (event_id, 0, "stored", "missing")
        pi.send(jpeg[:-2])
        receipt = pi.receipt()
        assert (receipt.event_id, receipt.row, receipt.image) == (event_id, "stored", "rejected")
        assert receipt.error is not None
        assert "truncated" in receipt.error


def test_each_node_hears_its_own_receipts_and_cannot_touch_anothers_event(
    broker: RunningBroker, store: SqliteStore, shelf: SqliteStore
) -> None:
    event_id = new_event_id()
    with running_bridge(broker, store), node(broker, "pi-1") as one, node(broker, "pi-2") as two:
        one.send(make_detection(event_id))
        assert one.said() == (event_id, 0, "stored", "none")
        two.send(make_detection(event_id, 5, label="chip"))
        assert two.said() == (event_id, 5, "rejected", "rejected")
        assert one.hears_nothing(0.3)
    defect = shelf.defect(event_id)
    assert defect is not None
    assert (defect.device_id, defect.rev) == ("pi-1", 0)


def test_a_retained_detection_is_nobodys(broker: RunningBroker, store: SqliteStore, shelf: SqliteStore) -> None:
    stale, fresh = make_detection(), make_detection()
    topic = topic_of("detection", "pi-1")
    with connected(broker, "pi-1") as careless:
        careless.publish(topic, stale.to_json(), qos=1, retain=True)
    try:
        with running_bridge(broker, store), node(broker) as pi:
            pi.send(fresh)
            assert pi.said() == (fresh.event_id, 0, "stored", "none")
        assert shelf.defect(stale.event_id) is None
    finally:
        with connected(broker, "pi-1") as careless:
            careless.publish(topic, b"", qos=1, retain=True)


def test_devices_are_remembered(broker: RunningBroker, store: SqliteStore, shelf: SqliteStore) -> None:
    info = Info(
        ts=from_unix(0), boot="0123abcd", role="node", id="pi-1", version="9.9", started_at=from_unix(0), hostname="p"
    )
    with running_bridge(broker, store), node(broker) as pi, watch(broker) as seen:
        pi.client.publish(topic_of("info", "pi-1"), info.to_json(), qos=1, retain=True)
        pi.client.publish(topic_of("status", "pi-1"), b"online", qos=1, retain=True)
        seen.health_until(lambda _: {d.device_id: d.status for d in shelf.devices()}.get("pi-1") == "online")
        devices = {device.device_id: device for device in shelf.devices()}
    assert devices["pi-1"].role == "node"
    assert devices["pi-1"].info["version"] == "9.9"
    assert devices["bridge-1"].role == "bridge"
    assert "password_file" not in devices["bridge-1"].info["settings"]


def test_a_lonely_detection_is_receipted_at_once(broker: RunningBroker, store: SqliteStore) -> None:
    took_ms = []
    with running_bridge(broker, store), node(broker) as pi:
        for _ in range(20):
            detection = make_detection()
            began_s = time.monotonic()
            pi.send(detection)
            assert pi.said()[0] == detection.event_id
            took_ms.append((time.monotonic() - began_s) * 1000)
    print(f"receipt after {statistics.median(took_ms):.1f} ms (median), {max(took_ms):.1f} ms at most")
    assert statistics.median(took_ms) < 50


def test_the_health_of_a_bridge_that_does_its_work(broker: RunningBroker, store: SqliteStore) -> None:
    event_id = new_event_id()
    jpeg = make_evidence(event_id)
    with running_bridge(broker, store), node(broker) as pi, watch(broker) as seen:
        pi.send(make_detection(event_id, image=jpeg), jpeg)
        health = seen.health_until(lambda health: health.store.images == 1)
    assert (health.state, health.reasons) == ("ok", [])
    assert health.store is not None
    assert (health.store.kind, health.store.ok, health.store.error, health.store.rows) == ("sqlite", True, None, 1)
    assert health.store.last_commit_age_s is not None
    assert health.store.last_commit_age_s < 5
    assert health.memory_mb is not None
