"""Export: exactly what a filter finds, as a file, however long it takes to fetch."""

import contextlib
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
from web.api.export import AT_ONCE, OF_ONE_PERSON, paced
from web.reading import SEND_S, Readings

from .defects import review, stored
from .people import code_of, cookies_of, enter
from .processes import Web
from .publishers import BridgeLike, NodeLike

LONG = 20_000
"""More defects than the buffers between a web and its reader hold."""


def exported(web: Web, **query: Any) -> httpx.Response:
    answer = web.http.get("/api/defects/export", params=query)
    assert answer.status_code == 200, answer.text
    return answer


def table(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_an_export_is_exactly_what_the_filter_finds(
    web: Web, node: NodeLike, bridge: BridgeLike, store_url: str
) -> None:
    with open_store(store_url) as store:
        store.apply([detection_item(make_detection(label=("chip", "crack")[i % 2]), node.id) for i in range(1203)])
        where = DefectFilter(device_ids=(node.id,), labels=("chip",))
        expected = [defect.event_id for defect in every_defect(store, where)]
    rows = table(exported(web, device=node.id, label="chip"))
    assert len(rows) == 602
    assert [row["event_id"] for row in rows] == expected
    assert {row["label"] for row in rows} == {"chip"}
    objects = exported(web, device=node.id, label="chip", format="json").json()
    assert [one["event_id"] for one in objects] == [row["event_id"] for row in rows]
    assert objects[0] == web.get(f"/api/defects/{objects[0]['event_id']}")


def test_an_export_says_what_it_is(web: Web, bridge: BridgeLike) -> None:
    span = {"since": "2026-01-31T00:00:00Z", "until": "2026-02-01T10:30:00Z"}
    lines, objects = exported(web, **span), exported(web, format="json", **span)
    assert lines.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = "glassline-defects_2026-01-31T0000Z_2026-02-01T1030Z"
    assert lines.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    assert objects.headers["Content-Disposition"] == f'attachment; filename="{name}.json"'


def test_of_nothing_an_export_is_empty_and_whole(web: Web, bridge: BridgeLike) -> None:
    assert exported(web, device="pi-none", format="json").json() == []
    nothing = exported(web, device="pi-none").content
    assert nothing.startswith(b"\xef\xbb\xbfevent_id,device_id,label,"), "by this Excel knows that it is UTF-8"
    assert nothing.count(b"\n") == 1


@pytest.mark.parametrize(
    ("note", "made"),
    [
        *((note, "'" + note) for note in ("=1+1", "+49", "-1", "@home", "\uff1d1", " =1", "\xa0=1", '"=1"', "'=1")),
        ("\t=1", "'\t'=1"),
        (";=1", ";'=1"),
        ("edge; -2+3;x", "edge;' -2+3;x"),
        ("first\n=1\n\n- last", "first\n'=1\n\n'- last"),
        ("a - b, c=d; e@f", "a - b, c=d; e@f"),
    ],
)
def test_no_cell_of_a_table_is_a_formula(
    web: Web, node: NodeLike, bridge: BridgeLike, note: str, made: str
) -> None:  # fmt: skip
    review(web, stored(node, bridge), note=note)
    [row] = table(exported(web, device=node.id))
    assert row["note"] == made
    [one] = json.loads(exported(web, device=node.id, format="json").text)
    assert one["note"] == note


def test_a_note_keeps_its_quotes_lines_and_letters(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    note = 'Kratzer, "tief"\nund lang: 5 µm ≥ Ø'
    review(web, stored(node, bridge), note=note)
    [row] = table(exported(web, device=node.id))
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


@contextlib.contextmanager
def slow_readers(web: Web, count: int, person: httpx.Client, path: str) -> Iterator[None]:
    """They begin to read an export, and then read no more."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies_of(person)}\r\n\r\n".encode()
    socks = [socket.create_connection(("127.0.0.1", web.port), 5) for _ in range(count)]
    try:
        for sock in socks:
            sock.sendall(request)
            assert sock.recv(100).startswith(b"HTTP/1.1 200")
        yield
    finally:
        for sock in socks:
            sock.close()


def test_some_exports_run_at_once_few_of_them_one_persons_and_the_next_is_asked_to_wait(
    guarded: Web, node: NodeLike, bridge: BridgeLike, store_url: str
) -> None:
    with open_store(store_url) as store:
        store.apply([detection_item(make_detection(), node.id) for _ in range(LONG)])
    path = f"/api/defects/export?format=json&device={node.id}"
    vic, anna, boss = (enter(guarded, name) for name in ("vic", "anna", "boss"))
    with slow_readers(guarded, OF_ONE_PERSON, vic, path):
        answer = vic.get(path)
        assert (answer.status_code, code_of(answer)) == (429, "web.too_many_exports")
        assert anna.get(path).status_code == 200
        with slow_readers(guarded, AT_ONCE - OF_ONE_PERSON, anna, path):
            answer = boss.get(path)
            assert (answer.status_code, code_of(answer)) == (503, "web.busy")
            assert answer.headers["Retry-After"]
            assert vic.get(f"/api/defects?device={node.id}").json()["defects"], "the page goes on meanwhile"
    until(lambda: vic.get(path).status_code == 200)
