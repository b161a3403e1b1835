"""What people do with a defect, inside a transaction, and what they did."""

import sqlite3
from datetime import datetime

from glassline.contract import to_rfc3339

from ..values import Review, Reviewed, ReviewStep
from .rows import SELECT_DEFECT, defect_of, review_step_of

_REVIEW = """
    UPDATE defects SET status = ?, note = ?, false_alarm = ?, reviewed_by = ?, reviewed_at = ?, version = version + 1
    WHERE event_id = ?"""
_NOTE_STEP = """
    INSERT INTO reviews (event_id, at, by, from_status, to_status, note, version, false_alarm)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_STEPS = """
    SELECT event_id, at, by, from_status, to_status, note, version, false_alarm FROM reviews
    WHERE event_id = ? ORDER BY version"""


def write_review(db: sqlite3.Connection, said: Review, *, by: str, now: datetime) -> Reviewed:
    """Write one review, if the defect is there and still of the version that was looked at."""
    row = db.execute(SELECT_DEFECT, (said.event_id,)).fetchone()
    if row is None:
        return Reviewed(event_id=said.event_id, outcome="unknown", defect=None)
    current = defect_of(row)
    if current.version != said.version:
        return Reviewed(event_id=said.event_id, outcome="conflict", defect=current)
    at = to_rfc3339(now)
    note = current.note if said.note is None else said.note
    false_alarm = current.false_alarm if said.false_alarm is None else said.false_alarm or None
    db.execute(_REVIEW, (said.status, note, false_alarm, by, at, said.event_id))
    step = (said.event_id, at, by, current.status, said.status, note, said.version + 1, false_alarm)
    db.execute(_NOTE_STEP, step)
    defect = defect_of(db.execute(SELECT_DEFECT, (said.event_id,)).fetchone())
    return Reviewed(event_id=said.event_id, outcome="done", defect=defect)


def history(db: sqlite3.Connection, event_id: str) -> list[ReviewStep]:
    """What people did with a defect, oldest first."""
    return [review_step_of(row) for row in db.execute(_STEPS, (event_id,))]
