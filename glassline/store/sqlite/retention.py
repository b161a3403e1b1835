"""What was kept for long enough goes: pictures first, rows later, oldest first and a few at a time."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from glassline.contract import to_rfc3339

from ..values import Keep, Pruned
from .presence import forget_heard

Picture = tuple[str, str]
"""(event_id, sha256): what names a file."""

_KEPT = "image_stored = 1 AND image_removed_at IS NULL"
_PICTURES = f"SELECT event_id, image_sha256, coalesce(image_size_bytes, 0), detected_at FROM defects WHERE {_KEPT}"  # noqa: S608


@dataclass(frozen=True)
class Retention:
    """One step within a transaction."""

    db: sqlite3.Connection
    keep: Keep
    now: datetime

    def prune(self, limit: int) -> tuple[Pruned, list[Picture]]:
        """Do at most `limit` of each; also the pictures that nothing names any more."""
        rows = self._old_rows(limit)
        gone = self._pictures_of(rows)
        self.db.executemany("DELETE FROM defects WHERE event_id = ?", [(event_id,) for event_id in rows])
        if self.keep.rows_days is not None:
            forget_heard(self.db, self._before(self.keep.rows_days))
        pictures = self._old_pictures(self.keep.evidence_days, limit)
        at = to_rfc3339(self.now)
        self.db.executemany(
            "UPDATE defects SET image_removed_at = ? WHERE event_id = ?",
            [(at, event_id) for event_id, _, _ in pictures],
        )
        gone += pictures
        size_bytes = sum(size for _, _, size in gone)
        done = Pruned(pictures=len(gone), picture_bytes=size_bytes, rows=len(rows))
        return done, [(event_id, sha256) for event_id, sha256, _ in gone]

    def preview(self) -> Pruned:
        """All that would go."""
        rows = len(self._old_rows(-1))
        days = [days for days in (self.keep.evidence_days, self.keep.rows_days) if days is not None]
        pictures = self._old_pictures(min(days, default=None), -1)
        return Pruned(pictures=len(pictures), picture_bytes=sum(size for _, _, size in pictures), rows=rows)

    def _old_rows(self, limit: int) -> list[str]:
        if self.keep.rows_days is None:
            return []
        sql = "SELECT event_id FROM defects WHERE detected_at < ? ORDER BY detected_at, event_id LIMIT ?"
        return [event_id for (event_id,) in self.db.execute(sql, (self._before(self.keep.rows_days), limit))]

    def _pictures_of(self, rows: Sequence[str]) -> list[tuple[str, str, int]]:
        found = [self.db.execute(f"{_PICTURES} AND event_id = ?", (event_id,)).fetchone() for event_id in rows]
        return [picture[:3] for picture in found if picture is not None]

    def _old_pictures(self, days: float | None, limit: int) -> list[tuple[str, str, int]]:
        """Those older than `days`, and the oldest of those over the size."""
        before = "" if days is None else self._before(days)
        excess_bytes = self._excess_bytes()
        chosen = []
        for event_id, sha256, size_bytes, detected_at in self.db.execute(
            f"{_PICTURES} ORDER BY detected_at, event_id LIMIT ?", (limit,)
        ):
            if detected_at >= before and excess_bytes <= 0:
                break
            chosen.append((event_id, sha256, size_bytes))
            excess_bytes -= size_bytes
        return chosen

    def _excess_bytes(self) -> float:
        if self.keep.evidence_gb is None:
            return 0
        total = self.db.execute(f"SELECT coalesce(sum(image_size_bytes), 0) FROM defects WHERE {_KEPT}").fetchone()[0]  # noqa: S608
        return float(total) - self.keep.evidence_gb * 1e9

    def _before(self, days: float) -> str:
        return to_rfc3339(self.now - timedelta(days=days))
