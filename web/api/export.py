"""The part of the API that hands out defects as a file: as much as there is, a page at a time."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

from flask import Blueprint, Response

from glassline.accounts import PersonRole
from glassline.store import Defect, every_page

from ..people.access import require
from ..reading import SEND_S, answer_begins, request_is_read
from ..services import Services
from . import table
from .described import described
from .errors import STORE_DOWN, ApiError
from .requests import ExportQuery, query
from .shapes import DefectShape, defect_json

AGAIN_S = 10
AT_ONCE = 4
OF_ONE_PERSON = 2


class Places:
    """Room for so many exports at once, and for fewer of one person: who reads slowly keeps it from nobody else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, who: str) -> None:
        """ApiError where there is no room; else give it back by `leave`."""
        with self._lock:
            if self._taken[who] >= OF_ONE_PERSON:
                sentence = f"{OF_ONE_PERSON} exports of yours run already"
                raise ApiError(429, "web.too_many_exports", sentence, "Let one end first.", retry_after_s=AGAIN_S)
            if self._taken.total() >= AT_ONCE:
                sentence = f"{AT_ONCE} exports run already"
                raise ApiError(503, "web.busy", sentence, "Ask again in a while.", retry_after_s=AGAIN_S)
            self._taken[who] += 1

    def leave(self, who: str) -> None:
        """One of them has ended."""
        with self._lock:
            self._taken[who] -= 1
            self._taken += Counter()  # forgets those at 0


def blueprint(services: Services) -> Blueprint:
    """/api/defects/export."""
    pages, places = Blueprint("export", __name__), Places()

    @pages.get("/api/defects/export")
    @described(
        answer={"text/csv": None, "application/json": list[DefectShape]}, query=ExportQuery,
        errors={
            429: "web.too_many_exports: so many of one person run already; web.too_many_attempts: wrong tokens",
            503: f"{STORE_DOWN}; web.busy: enough exports run already",
        },
    )  # fmt: skip
    def export() -> Response:
        """All defects that match, as a file: CSV with a line of names, or a JSON array of what /api/defects gives.

        CSV is for spreadsheets: it begins with a byte order mark (read it as `utf-8-sig`), and in its texts a `'`
        stands before what some spreadsheet would take for a formula. JSON holds every text as it is.
        A defect whose time is put right meanwhile may be missing, or stand there twice with one `event_id`.
        """
        asked, asking = query(ExportQuery), require(PersonRole.VIEWER)
        found = every_page(services.catalogue.use(), asked.where())
        first = next(found)  # what the store cannot do is said before the file begins
        who = asking.id or asking.name
        places.take(who)
        write, kind = (_csv, "text/csv; charset=utf-8") if asked.format == "csv" else (_json, "application/json")
        answer = Response(paced(write(first, found)), content_type=kind)
        answer.call_on_close(lambda: places.leave(who))
        answer.headers["Content-Disposition"] = f'attachment; filename="{_filename(asked)}"'
        return answer

    return pages


def paced(parts: Iterator[str]) -> Iterator[bytes]:
    """Each part has `SEND_S` to be taken; what we need to find the next does not count."""
    while True:
        request_is_read()
        part = next(parts, None)
        answer_begins(SEND_S)
        if part is None:
            return
        yield part.encode()


def _csv(first: list[Defect], others: Iterator[list[Defect]]) -> Iterator[str]:
    yield table.head()
    for page in chain([first], others):
        yield table.lines(page)


def _json(first: list[Defect], others: Iterator[list[Defect]]) -> Iterator[str]:
    before = "["
    for defects in chain([first], others):
        if defects:
            yield before + ",\n".join(json.dumps(defect_json(one), ensure_ascii=False) for one in defects)
            before = ",\n"
    yield "]\n" if before != "[" else "[]\n"


def _filename(asked: ExportQuery) -> str:
    """With the time that it is about, to the minute."""
    until = asked.until or datetime.now(UTC)
    times = [f"{time:%Y-%m-%dT%H%MZ}" for time in (asked.since, until) if time]
    return f"glassline-defects_{'_'.join(times) if asked.since else 'until_' + times[0]}.{asked.format}"
