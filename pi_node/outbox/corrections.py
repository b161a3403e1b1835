"""Times put right: what was told while the clock was wrong is told again, with a new rev.

What is receipted leaves the outbox, so of each detection whose clock is not synchronised the last word is kept beside
it, without the picture, for as long as this boot of the machine lasts: there is no way from one boot's monotonic time
to another's.
"""

import sqlite3
from collections.abc import Callable

from glassline.contract.messages import Detection, decode

from ..clock import Reading
from ..retiming import is_outdated, retimed

MOST_TOLD = 10_000
"""With about a kilobyte each. At five a minute that is a day and a half without a clock."""

_KEEP = """
    INSERT OR REPLACE INTO told SELECT event_id, rev, boot, offset_s, synced, detection FROM outbox
    WHERE event_id = ? AND rev <= ? AND NOT synced"""
_FORGET_OLDEST = "DELETE FROM told WHERE rowid <= (SELECT max(rowid) FROM told) - ?"
_SOME = "SELECT rowid, boot, offset_s, synced, detection FROM {} WHERE rowid > ? ORDER BY rowid LIMIT ?"

Put = Callable[[Detection], None]


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


def correct_some(
    db: sqlite3.Connection, table: str, now: Reading, put: Put, *, after: int, limit: int
) -> tuple[int, int | None]:
    """Look at the next `limit` rows of `table` and `put` those again whose times are wrong by the reading `now`.

    Returns how many these were, and the row behind which to go on; None: these were the last.
    """
    rows = db.execute(_SOME.format(table), (after, limit)).fetchall()
    outdated = [
        (detection, told)
        for _, boot, offset_s, synced, detection in rows
        if is_outdated(told := Reading(boot=boot, offset_s=offset_s, synced=bool(synced)), now)
    ]
    for detection, told in outdated:
        put(retimed(decode(Detection, detection), told, now))
    return len(outdated), rows[-1][0] if len(rows) == limit else None
