"""Times put right: what was told while the clock was wrong is told again, with a new rev.

What is receipted leaves the outbox, so of each detection whose clock is not synchronised the last word is kept beside
it, without the picture, for as long as this boot of the machine lasts: there is no way from one boot's monotonic time
to another's.
"""

import logging
import sqlite3
from collections.abc import Callable

from glassline.contract import ContractError
from glassline.contract.messages import Detection, decode

from ..clock.machine import Reading
from ..clock.retiming import is_outdated, retimed
from .room import Room

log = logging.getLogger(__name__)

MOST_TOLD = 10_000
"""With about a kilobyte each. At five a minute that is a day and a half without a clock."""

_KEEP = """
    INSERT OR REPLACE INTO told SELECT event_id, rev, boot, offset_s, synced, detection FROM outbox
    WHERE event_id = ? AND rev <= ? AND NOT synced"""
_FORGET_OLDEST = "DELETE FROM told WHERE rowid <= (SELECT max(rowid) FROM told) - ?"
_SOME = "SELECT rowid, boot, offset_s, synced, detection FROM {} WHERE rowid > ? ORDER BY rowid LIMIT ?"
_PUT_RIGHT = """
    UPDATE outbox SET rev = :rev, confirmed_s = :confirmed_s, row_stored = 0, size_bytes = size_bytes + :longer_bytes,
        boot = :boot, offset_s = :offset_s, synced = :synced, detection = :detection
    WHERE rowid = :row"""

Put = Callable[[Detection], bool]


def keep_told(db: sqlite3.Connection, key: tuple[str, int]) -> None:
    """Keep what is receipted and about to be deleted, where its times are not sure."""
    if db.execute(_KEEP, key).rowcount:
        db.execute(_FORGET_OLDEST, (MOST_TOLD,))


def forget_told(db: sqlite3.Connection, event_id: str) -> None:
    """There is a newer word on this detection."""
    db.execute("DELETE FROM told WHERE event_id = ?", (event_id,))


def forget_other_boots(db: sqlite3.Connection, boot: str) -> None:
    """What was told in another boot of the machine can never be put right."""
    db.execute("DELETE FROM told WHERE boot != ?", (boot,))


def correct_waiting(
    db: sqlite3.Connection, room: Room, now: Reading, *, after: int, limit: int
) -> tuple[int, int | None]:
    """Look at the next `limit` rows of the outbox and put those right whose times are wrong by the reading `now`.

    Returns how many these were, and the row behind which to go on; None: these were the last.
    """
    found, last = _outdated(db, "outbox", now, after, limit)
    for rowid, old, detection in found:
        # SQLite writes only what differs of a row that stays as long as it was: not its picture, which may be large.
        payload = detection.to_json().ljust(len(old) - _int_bytes(detection.rev) + _int_bytes(detection.rev - 1))
        db.execute(_PUT_RIGHT, {
            "row": rowid, "rev": detection.rev, "confirmed_s": detection.confirmed_at.timestamp(), "boot": now.boot,
            "offset_s": now.offset_s, "synced": now.synced, "detection": payload,
            "longer_bytes": len(payload) - len(old),
        })  # fmt: skip
        room.used_bytes += len(payload) - len(old)
        forget_told(db, detection.event_id)
    return len(found), last


def correct_told(
    db: sqlite3.Connection, now: Reading, put: Put, *, after: int, limit: int
) -> tuple[int, int, int | None]:
    """Look at the next `limit` rows of what is stored already and `put` those again whose times are wrong by `now`.

    `put` says whether there was room. Returns how many were put, for how many there was none, and the row behind which
    to go on; None: these were the last.
    """
    found, last = _outdated(db, "told", now, after, limit)
    corrected = sum(put(detection) for _, _, detection in found)
    return corrected, len(found) - corrected, last


def _outdated(
    db: sqlite3.Connection, table: str, now: Reading, after: int, limit: int
) -> tuple[list[tuple[int, bytes, Detection]], int | None]:
    """(row, what it says, what it is to say) of the next rows; one that cannot be read is left as it is."""
    rows = db.execute(_SOME.format(table), (after, limit)).fetchall()
    found = []
    for rowid, boot, offset_s, synced, payload in rows:
        told = Reading(boot=boot, offset_s=offset_s, synced=bool(synced))
        if not is_outdated(told, now):
            continue
        try:
            found.append((rowid, payload, retimed(decode(Detection, payload), told, now)))
        except ContractError as error:
            log.error("the times of a detection cannot be put right, it keeps those it has: %s", error)
            # Its times are tried no more.
            db.execute(f"UPDATE {table} SET boot = '' WHERE rowid = ?", (rowid,))  # noqa: S608
    return found, rows[-1][0] if len(rows) == limit else None


def _int_bytes(number: int) -> int:
    """What SQLite takes for a small whole number."""
    return 0 if number < 2 else 1 if number < 128 else 2
