"""What was said while the web heard nothing, or could not read the store, is made up for."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from glassline.store import DetectionItem, Review, Reviewed, StoreError, open_store
from glassline.store.sqlite import SqliteStore
from tests.support.waiting import until
from web.app import create_app
from web.catalogue import CHECK_S
from web.services import Services
from web.settings import WebSettings

from .clients import Page
from .processes import Mosquitto, Web
from .publishers import BridgeLike, NodeLike


@pytest.fixture
def broken_off(tmp_path: Path) -> Iterator[tuple[Web, Page, NodeLike, BridgeLike, Mosquitto]]:
    """A page that is open, and a broker that goes away in the test and comes back on the same port."""
    store_url = f"sqlite:{tmp_path}/glassline.db"
    with (
        Mosquitto(tmp_path) as mosquitto,
        Web(tmp_path, broker=mosquitto.address, store=store_url) as web,
        NodeLike(mosquitto.address) as node,
        BridgeLike(mosquitto.address, open_store(store_url)) as bridge,
    ):
        until(lambda: web.get("/health")["broker"]["connected"])
        with Page(web) as page:
            until(lambda: page.events)
            yield web, page, node, bridge, mosquitto


def test_pages_read_anew_and_what_was_stored_meanwhile_is_no_longer_said_to_wait(
    broken_off: tuple[Web, Page, NodeLike, BridgeLike, Mosquitto], tmp_path: Path
) -> None:
    web, page, node, bridge, mosquitto = broken_off
    stored, waits = node.detection(), node.detection()
    for detection in (stored, waits):
        node.publish_detection(detection)
    until(lambda: len(web.get("/api/defects/unconfirmed")["defects"]) == 2)
    mosquitto.stop()
    until(lambda: not web.get("/health")["broker"]["connected"])
    bridge.commit(node.id, stored)
    before = len(page.of("resync"))
    with Mosquitto(tmp_path, port=mosquitto.port):
        until(lambda: len(page.of("resync")) > before, 30)
        until(lambda: [event for event in page.of("defect") if event["defect"]["event_id"] == stored.event_id])
        [left] = web.get("/api/defects/unconfirmed")["defects"]
        assert left["event_id"] == waits.event_id


def test_what_could_not_be_read_is_pushed_once_the_store_works(
    web: Web, node: NodeLike, bridge: BridgeLike, folder: Path
) -> None:
    with Page(web) as page, closing(sqlite3.connect(folder / "glassline.db", isolation_level=None)) as blocker:
        until(lambda: page.events)
        detection = node.detection()
        bridge.commit(node.id, detection)
        blocker.execute("ALTER TABLE defects RENAME TO away")
        try:
            bridge.receipt(node.id, detection)
            until(lambda: page.of("receipt"))
            until(lambda: web.get("/health")["counters"].get("reads_failed"), 2 * CHECK_S)
            assert page.of("defect") == []
        finally:
            blocker.execute("ALTER TABLE away RENAME TO defects")
        until(lambda: [event for event in page.of("defect") if event["defect"]["event_id"] == detection.event_id])


def test_what_another_web_changed_of_a_device_is_pushed(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    bridge.store.remember(node.id, role="node", status="online")
    with Page(web) as page:
        until(lambda: page.events)
        bridge.store.name_device(node.id, "Line 3")
        node.link.publish("info", b"", id="pi-gone")  # as somebody retires one: a web then reads devices anew
        until(lambda: any(event["device"]["name"] == "Line 3" for event in page.of("device")), 3 * CHECK_S)


class Lost(SqliteStore):
    """Writes, and its answer is lost on the way."""

    def review_many(self, reviews: Sequence[Review], *, by: str) -> list[Reviewed]:
        super().review_many(reviews, by=by)
        raise StoreError("no answer came within 10 s")


@pytest.mark.parametrize("many", [False, True])
def test_a_review_that_was_written_though_no_answer_came_is_looked_up(tmp_path: Path, many: bool) -> None:
    path = tmp_path / "glassline.db"
    services = Services(settings=WebSettings(store=f"sqlite:{path}"))
    with Lost(path) as store:
        detection = NodeLike("mqtt://127.0.0.1:1").detection()
        store.apply([DetectionItem(device_id="pi-1", detection=detection)])
        services.catalogue._store = store
        client, said = create_app(services=services).test_client(), {"status": "reviewed", "version": 0}
        if many:
            reviews = {"reviews": [{"event_id": detection.event_id, **said}]}
            answer = client.post("/api/defects/reviews", json=reviews)
        else:
            answer = client.post(f"/api/defects/{detection.event_id}/review", json=said)
        assert answer.status_code == 503
        assert list(services.catalogue._wanted) == [detection.event_id]
