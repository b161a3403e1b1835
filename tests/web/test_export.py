"""Export: exactly what a filter finds, as a file, however long it takes to fetch."""

import csv
import io
import json
import logging
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from glassline.program import Tally
from glassline.store import DefectFilter, every_defect, open_store
from tests.store.samples import detection_item, make_detection
from tests.support.waiting import until
from web.api.export import AT_ONCE, paced
from web.reading import SEND_S, Readings

from .defects import review, stored
from .processes import Web
from .publishers import BridgeLike, NodeLike

LONG = 20_000
"""More defects than the buffers between a web and its reader hold."""


def exported(web: Web, **query: Any) -> httpx.Response:
    answer = web.http.get("/api/defects/export", params=query)
    assert answer.status_code == 200, answer.text
    return answer


def test_an_export_is_exactly_what_the_filter_finds(
    web: Web, node: NodeLike, bridge: BridgeLike, store_url: str
) -> None:
    with open_store(store_url) as store:
        store.apply([detection_item(make_detection(label=("chip", "crack")[i % 2]), node.id) for i in range(1203)])
        where = DefectFilter(device_ids=(node.id,), labels=("chip",))
        expected = [defect.event_id for defect in every_defect(store, where)]
    table = exported(web, device=node.id, label="chip")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert len(rows) == 602
    assert [row["event_id"] for row in rows] == expected
    assert {row["label"] for row in rows} == {"chip"}
    objects = exported(web, device=node.id, label="chip", format="json").json()
    assert [one["event_id"] for one in objects] == [row["event_id"] for row in rows]
    assert objects[0] == web.get(f"/api/defects/{objects[0]['event_id']}")


def test_an_export_says_what_it_is(web: Web, bridge: BridgeLike) -> None:
    span = {"since": "2026-01-31T00:00:00Z", "until": "2026-02-01T10:30:00Z"}
    table, objects = exported(web, **span), exported(web, format="json", **span)
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = "glassline-defects_2026-01-31T0000Z_2026-02-01T1030Z"
    assert table.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    assert objects.headers["Content-Disposition"] == f'attachment; filename="{name}.json"'


def test_of_nothing_an_export_is_empty_and_whole(web: Web, bridge: BridgeLike) -> None:
    assert exported(web, device="pi-none", format="json").json() == []
    assert exported(web, device="pi-none").text.startswith("event_id,device_id,label,")
    assert exported(web, device="pi-none").text.count("\n") == 1


@pytest.mark.parametrize("note", ["=1+1", "+49", "-1", "@home", "\t=1", "\uff1d1"])
def test_no_cell_of_a_table_is_a_formula(web: Web, node: NodeLike, bridge: BridgeLike, note: str) -> None:
    review(web, stored(node, bridge), note=note)
    [row] = csv.DictReader(io.StringIO(exported(web, device=node.id).text, newline=""))
    assert row["note"] == "'" + note
    [one] = json.loads(exported(web, device=node.id, format="json").text)
    assert one["note"] == note


def test_a_note_keeps_its_quotes_lines_and_letters(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    note = 'Kratzer, "tief"\nund lang: 5 µm ≥ Ø'
    review(web, stored(node, bridge), note=note)
    [row] = csv.DictReader(io.StringIO(exported(web, device=node.id).text, newline=""))
    assert row["note"] == note


class Reader:
    """A connection of gunicorn's, as far as readings need one."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.sock, self._other = socket.socketpair()
        self.readings = Readings(most=1, tally=Tally(log=logging.getLogger("test")), clock=lambda: self.now_s)
        self.readings.begin(SimpleNamespace(client=("192.0.2.1", 1), sock=self.sock))

    def waits(self, seconds: float) -> None:
        self.now_s += seconds
        self.readings.cut()

    @property
    def is_hung_up_on(self) -> bool:
        try:
            return self.sock.send(b"?") == 0
        except OSError:
            return True


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.readings.done()


def test_an_export_may_take_long_while_it_is_taken_bit_by_bit(reader: Reader) -> None:
    parts = paced(iter(["part"] * 100))
    for _ in parts:
        reader.waits(SEND_S - 1)
        assert not reader.is_hung_up_on


def test_who_stops_taking_an_export_is_hung_up_on(reader: Reader) -> None:
    parts = paced(iter(["part"] * 100))
    next(parts)
    reader.waits(SEND_S - 1)
    next(parts)
    reader.waits(SEND_S + 1)
    assert reader.is_hung_up_on


def test_a_store_that_takes_long_to_find_the_next_page_is_not_the_readers_fault(reader: Reader) -> None:
    def slow() -> Iterator[str]:
        reader.waits(10 * SEND_S)
        yield "part"

    assert list(paced(slow())) == [b"part"]
    assert not reader.is_hung_up_on


def test_some_exports_run_at_once_and_the_next_is_asked_to_wait(
    web: Web, node: NodeLike, bridge: BridgeLike, store_url: str
) -> None:
    with open_store(store_url) as store:
        store.apply([detection_item(make_detection(), node.id) for _ in range(LONG)])
    path = f"/api/defects/export?format=json&device={node.id}"
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    port = httpx.URL(web.url).port
    assert port is not None
    socks = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(AT_ONCE)]
    try:
        for sock in socks:
            sock.sendall(request)
            assert sock.recv(100).startswith(b"HTTP/1.1 200")
        answer = web.http.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "web.busy")
        assert answer.headers["Retry-After"]
        assert web.get("/api/defects", device=node.id)["defects"], "the page goes on meanwhile"
    finally:
        for sock in socks:
            sock.close()
    until(lambda: web.http.get(path).status_code == 200)
