"""When devices were heard: intervals, each extended for as long as its device goes on."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from glassline.contract import to_rfc3339

from ..figures import SILENCE, Heard

ALTOGETHER = 100_000
_EXTEND = """
    UPDATE presence SET last_at = :last WHERE id = (
        SELECT id FROM presence WHERE device_id = :device AND heard_by = :by AND last_at BETWEEN :from AND :last
        ORDER BY last_at DESC LIMIT 1)"""
_BEGIN = "INSERT INTO presence (device_id, heard_by, began_at, last_at) VALUES (:device, :by, :began, :last)"
_DROP = "DELETE FROM presence WHERE id IN (SELECT id FROM presence ORDER BY last_at DESC LIMIT -1 OFFSET ?)"
_OVERLAPPING = "SELECT device_id, heard_by, began_at, last_at FROM presence WHERE last_at >= ? AND began_at < ?"


def keep_heard(db: sqlite3.Connection, heard: Sequence[Heard]) -> None:
    """Note all of it; what ended longest ago makes room."""
    for one in heard:
        values = {
            "device": one.device_id,
            "by": one.heard_by,
            "began": to_rfc3339(one.began_at),
            "last": to_rfc3339(one.last_at),
            "from": to_rfc3339(one.began_at - SILENCE),
        }
        if not db.execute(_EXTEND, values).rowcount:
            db.execute(_BEGIN, values)
    db.execute(_DROP, (ALTOGETHER,))


def heard(db: sqlite3.Connection, since: datetime, until: datetime) -> list[Heard]:
    """What was noted of this time."""
    return [
        Heard(
            device_id=device_id,
            heard_by=heard_by,
            began_at=datetime.fromisoformat(began_at),
            last_at=datetime.fromisoformat(last_at),
        )
        for device_id, heard_by, began_at, last_at in db.execute(_OVERLAPPING, (to_rfc3339(since), to_rfc3339(until)))
    ]


def forget_heard(db: sqlite3.Connection, before: str) -> None:
    """Forget what ended before."""
    db.execute("DELETE FROM presence WHERE last_at < ?", (before,))
