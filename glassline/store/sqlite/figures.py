"""Numbers of defects: by status, by time, device and label, and what there is to filter by."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from ..figures import Backlog, Tally
from ..values import STATUSES, Choices, DefectFilter
from .filters import matching

MAX_CHOICES = 1000
_BY_STATUS = "defects_by_status"


def counts(db: sqlite3.Connection, where: DefectFilter) -> dict[str, int]:
    """Number of defects by status, every status named."""
    found, values = matching(replace(where, statuses=where.statuses or STATUSES), index=_BY_STATUS)
    by_status = dict(db.execute(f"SELECT status, count(*){found} GROUP BY status", values))
    return {status: by_status.get(status, 0) for status in STATUSES}


def backlog(db: sqlite3.Connection, where: DefectFilter) -> Backlog:
    """How many wait for a review, and since when."""
    found, values = matching(replace(where, statuses=("pending",)), index=_BY_STATUS)
    pending, oldest_at = db.execute(f"SELECT count(*), min(detected_at){found}", values).fetchone()
    return Backlog(pending=pending, oldest_at=None if oldest_at is None else datetime.fromisoformat(oldest_at))


def tallies(db: sqlite3.Connection, where: DefectFilter, starts: Sequence[datetime]) -> list[Tally]:
    """For each span from one start to the next: a statement of its own sorts little, where one for all sorts a lot."""
    told = []
    db.execute("BEGIN")
    try:
        for start, end in pairwise(starts):
            since = max(start, where.since or start)
            until = min(end, where.until or end)
            found, values = matching(replace(where, since=since, until=until))
            rows = db.execute(f"SELECT device_id, label, count(*){found} GROUP BY device_id, label", values)
            told += [Tally(at=start, device_id=device, label=label, count=count) for device, label, count in rows]
    finally:
        db.execute("COMMIT")
    return told


def choices(db: sqlite3.Connection) -> Choices:
    """Every device that found something and every label: a look-up for each, however many rows there are."""
    return Choices(device_ids=_distinct(db, "device_id"), labels=_distinct(db, "label"))


def _distinct(db: sqlite3.Connection, column: str) -> list[str]:
    sql = f"""
        WITH RECURSIVE found (value) AS (
            SELECT min({column}) FROM defects
            UNION ALL
            SELECT (SELECT min({column}) FROM defects WHERE {column} > found.value) FROM found
            WHERE found.value IS NOT NULL LIMIT ?)
        SELECT value FROM found WHERE value IS NOT NULL"""  # noqa: S608 - our own columns
    return [value for (value,) in db.execute(sql, (MAX_CHOICES + 1,))]
