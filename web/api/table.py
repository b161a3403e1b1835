"""Defects as a table that spreadsheets open: their letters right, and nothing in it a formula."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime

from glassline.contract import to_rfc3339
from glassline.store import Defect

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for an older code, and shows "Ã¤" for "ä"."""
COLUMNS = (
    "event_id", "device_id", "label", "score", "status", "false_alarm", "note", "detected_at", "last_seen_at",
    "confirmed_at", "stored_at", "frames_confirmed", "rev", "phase", "model", "model_sha256", "clock", "reviewed_by",
    "reviewed_at", "version", "image_sha256", "image_stored",
)  # fmt: skip
_SIGNS = "-=+@\uff0d\uff1d\uff0b\uff20"
_FORMULA = re.compile(rf"""(?:^|(?<=[;\t\r\n]))(?=(?:(?![\t\r\n])[\s"'])*[{_SIGNS}])|^(?=[\t\r\n])""")
"""Where a formula would begin to some spreadsheet, the wide forms of the signs too: at the beginning of a cell, and
behind what separates cells or lines where that is no comma and quotes do not count.
"""


def head() -> str:
    """The line of names."""
    return BYTE_ORDER_MARK + _lines([COLUMNS])


def lines(defects: Iterable[Defect]) -> str:
    """A line for each."""
    return _lines([_cell(getattr(defect, column)) for column in COLUMNS] for defect in defects)


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
            return _FORMULA.sub("'", value)
    return str(value)
