"""The part of the API that hands out defects as a file: as much as there is, a page at a time."""

import csv
import io
import json
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain

from flask import Blueprint, Response

from glassline.contract import to_rfc3339
from glassline.store import Defect, every_page

from ..reading import SEND_S, answer_begins, request_is_read
from ..services import Services
from .described import described
from .errors import STORE_DOWN, ApiError
from .requests import ExportQuery, query
from .shapes import DefectShape, defect_json

AT_ONCE = 4
COLUMNS = (
    "event_id", "device_id", "label", "score", "status", "false_alarm", "note", "detected_at", "last_seen_at",
    "confirmed_at", "stored_at", "frames_confirmed", "rev", "phase", "model", "model_sha256", "clock", "reviewed_by",
    "reviewed_at", "version", "image_sha256", "image_stored",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so is a formula to a spreadsheet, the wide forms of the signs too."""


def blueprint(services: Services) -> Blueprint:
    """/api/defects/export."""
    pages, room = Blueprint("export", __name__), threading.BoundedSemaphore(AT_ONCE)

    @pages.get("/api/defects/export")
    @described(
        answer={"text/csv": None, "application/json": list[DefectShape]}, query=ExportQuery,
        errors={503: f"{STORE_DOWN}; web.busy: enough exports run already"},
    )  # fmt: skip
    def export() -> Response:
        """All defects that match, as a file: CSV with a line of names, or a JSON array of what /api/defects gives."""
        asked = query(ExportQuery)
        found = every_page(services.catalogue.use(), asked.where())
        first = next(found)  # what the store cannot do is said before the file begins
        if not room.acquire(blocking=False):
            raise ApiError(503, "web.busy", f"{AT_ONCE} exports run already", "Ask again in a while.", retry_after_s=10)
        write, kind = (_csv, "text/csv; charset=utf-8") if asked.format == "csv" else (_json, "application/json")
        answer = Response(paced(write(first, found)), content_type=kind)
        answer.call_on_close(room.release)
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
    yield _lines([COLUMNS])
    for page in chain([first], others):
        yield _lines([_cell(getattr(defect, column)) for column in COLUMNS] for defect in page)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return to_rfc3339(value)
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}" if value.startswith(FORMULA) else value
    return str(value)


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
