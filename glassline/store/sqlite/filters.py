"""From a filter to SQL that is answered from one index, whatever is asked."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from glassline.contract import to_rfc3339

from ..values import DefectFilter

Values = list[Any]


def matching(
    where: DefectFilter, *, after: tuple[str, str] | None = None, index: str = "defects_by_time"
) -> tuple[str, Values]:
    """`FROM … WHERE …` and its parameters; `after` is the (detected_at, event_id) behind which a page begins.

    The index is named: SQLite, which has no statistics here, would look up every row of a label or a device.
    """
    if where.text:
        index = "defects_with_note"
    used = [*_conditions(where)]
    if after is not None:
        used.append(("(detected_at, event_id) < (?, ?)", [*after]))
    conditions = " AND ".join(sql for sql, _ in used) or "TRUE"
    return f" FROM defects INDEXED BY {index} WHERE {conditions}", [one for _, values in used for one in values]


def _conditions(where: DefectFilter) -> list[tuple[str, Values]]:
    used: list[tuple[str, Values]] = []
    if where.since is not None:
        used.append(("detected_at >= ?", [to_rfc3339(where.since)]))
    if where.until is not None:
        used.append(("detected_at < ?", [to_rfc3339(where.until)]))
    for column, wanted in (("device_id", where.device_ids), ("label", where.labels), ("status", where.statuses)):
        if wanted:
            used.append(_one_of(column, wanted))
    if where.score_min is not None:
        used.append(("score >= ?", [where.score_min]))
    if where.false_alarm is not None:
        used.append((f"false_alarm IS {'NOT ' if where.false_alarm else ''}NULL", []))
    if where.text:
        used.append(("note <> '' AND has_text(note, ?)", [where.text.lower()]))
    return used


def _one_of(column: str, wanted: Sequence[str]) -> tuple[str, Values]:
    return f"{column} IN ({', '.join('?' * len(wanted))})", [*wanted]


def add_functions(db: sqlite3.Connection) -> None:
    """What the conditions call: SQLite's own LIKE knows large and small letters of ASCII only."""
    db.create_function("has_text", 2, _has_text, deterministic=True)


def _has_text(note: str, lower_text: str) -> bool:
    return lower_text in note.lower()
