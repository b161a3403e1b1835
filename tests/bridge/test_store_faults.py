"""The bridge while its store cannot: nothing is receipted, memory is bounded, and it says why and since when."""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from glassline.contract import Reason
from glassline.store import DefectFilter, DetectionItem, Item, Outcome, StoreError
from glassline.store.sqlite import SqliteStore
from tests.bridge.harness import node, running_bridge, watch
from tests.store.samples import make_detection, make_evidence
from tests.support.embedded_broker import RunningBroker


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program that holds the store's write lock."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def test_while_the_store_is_locked_nothing_is_receipted_and_afterwards_everything(
    one_broker: RunningBroker, store: SqliteStore, tmp_path: Path
) -> None:
    detections = [make_detection() for _ in range(30)]
    with running_bridge(one_broker, store), node(one_broker) as pi, watch(one_broker) as seen:
        seen.health_until(lambda health: health.store.ok)
        with locked(tmp_path / "glass.db"):
            began_s = time.time()
            pi.send(*detections)
            health = seen.health_until(lambda health: not health.store.ok)
            assert (health.state, health.reasons) == ("failed", [Reason.STORE_DOWN])
            assert "locked" in health.store.error
            assert time.strftime("since %Y-%m-%d", time.gmtime(began_s)) in health.store.error
            assert pi.hears_nothing()
        assert {pi.said()[0] for _ in detections} == {detection.event_id for detection in detections}
        assert seen.health_until(lambda health: health.store.ok).reasons == []


def test_a_store_that_cannot_be_opened_yet_is_waited_for(one_broker: RunningBroker, tmp_path: Path) -> None:
    in_the_way = tmp_path / "var"
    in_the_way.write_text("a file where the folder should be")
    store = SqliteStore(in_the_way / "glass.db")
    detection = make_detection()
    with running_bridge(one_broker, store), node(one_broker) as pi, watch(one_broker) as seen:
        pi.send(detection)
        health = seen.health_until(lambda health: health.state == "failed")
        assert str(in_the_way) in health.store.error
        in_the_way.unlink()
        assert pi.said() == (detection.event_id, 0, "stored", "none")


def test_what_does_not_fit_is_dropped_counted_and_stored_when_it_is_sent_again(
    one_broker: RunningBroker, store: SqliteStore, shelf: SqliteStore, tmp_path: Path
) -> None:
    detections = [make_detection() for _ in range(8)]
    pictures = [make_evidence(detection.event_id, size_bytes=1_000_000) for detection in detections]
    with running_bridge(one_broker, store, memory_mb=4), node(one_broker) as pi, watch(one_broker) as seen:
        seen.health_until(lambda health: health.store.ok)
        with locked(tmp_path / "glass.db"):
            pi.send(*pictures)
            health = seen.health_until(lambda health: Reason.BRIDGE_OVERLOADED in health.reasons)
            assert 4 <= health.store.dropped <= 6
        seen.health_until(lambda health: health.store.ok and health.store.orphans >= 2)
        for detection, picture in zip(detections, pictures, strict=True):
            pi.send(make_detection(detection.event_id, image=picture), picture)
            while pi.said() != (detection.event_id, 0, "stored", "stored"):
                pass
    assert shelf.counts(DefectFilter())["pending"] == 8


class Stumbling(SqliteStore):
    """A store with a bug: a certain label breaks it."""

    def apply(self, items: Sequence[Item]) -> list[Outcome]:
        if any(isinstance(item, DetectionItem) and item.detection.label == "poison" for item in items):
            raise RuntimeError("a bug")
        return super().apply(items)


def test_one_item_that_breaks_the_store_is_set_aside_and_its_batch_goes_on(
    one_broker: RunningBroker, tmp_path: Path, shelf: SqliteStore
) -> None:
    good, poison = [make_detection() for _ in range(5)], make_detection(label="poison")
    store = Stumbling(tmp_path / "glass.db")
    with running_bridge(one_broker, store, batch_ms=300) as _, node(one_broker) as pi:
        pi.send(*good[:3], poison, *good[3:])
        heard = {pi.said() for _ in range(6)}
    assert heard == {(d.event_id, 0, "stored", "none") for d in good} | {(poison.event_id, 0, "rejected", "none")}
    assert shelf.counts(DefectFilter())["pending"] == 5


class Slow(SqliteStore):
    """A store that runs out of time with more than three items at once."""

    def apply(self, items: Sequence[Item]) -> list[Outcome]:
        if len(items) > 3:
            raise StoreError(f"canceling statement due to statement timeout, with {len(items)} items")
        return super().apply(items)


def test_a_store_that_runs_out_of_time_is_asked_for_less_at_once(
    one_broker: RunningBroker, tmp_path: Path, shelf: SqliteStore
) -> None:
    detections = [make_detection() for _ in range(30)]
    with running_bridge(one_broker, Slow(tmp_path / "glass.db"), batch_ms=300), node(one_broker) as pi:
        pi.send(*detections)
        assert {pi.said()[0] for _ in detections} == {detection.event_id for detection in detections}
    assert shelf.counts(DefectFilter())["pending"] == 30


def test_a_store_that_comes_and_goes_loses_nothing_and_repeats_nothing(
    one_broker: RunningBroker, store: SqliteStore, shelf: SqliteStore, tmp_path: Path
) -> None:
    detections = [make_detection() for _ in range(60)]
    stop = threading.Event()

    def disturb() -> None:
        while not stop.is_set():
            with locked(tmp_path / "glass.db"):
                stop.wait(0.25)
            stop.wait(0.1)

    with running_bridge(one_broker, store), node(one_broker) as pi:
        pi.send(make_detection())
        pi.said()
        disturber = threading.Thread(target=disturb)
        disturber.start()
        try:
            for detection in detections:
                pi.send(detection)
                stop.wait(0.02)
            heard = {pi.said()[0] for _ in detections}
        finally:
            stop.set()
            disturber.join()
        assert heard == {detection.event_id for detection in detections}
        assert pi.hears_nothing(0.2)
    assert shelf.counts(DefectFilter())["pending"] == 61
