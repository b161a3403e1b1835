"""The store in a Supabase project: a batch is one call of `glassline_apply`, durable when it returns."""

import logging
import re
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from .. import paging
from ..values import (
    STATUSES,
    DeadLetter,
    Defect,
    DefectFilter,
    Device,
    EvidenceItem,
    Item,
    Keep,
    Outcome,
    Pruned,
    ReviewConflictError,
    ReviewStep,
    Status,
    StoreError,
    dead_of,
)
from .faults import MIGRATE
from .project import TIMEOUT, Project
from .rows import (
    DEFECT_COLUMNS,
    cleaned,
    dead_letter_of,
    defect_of,
    device_of,
    item_json,
    outcome_of,
    picture_path,
    review_step_of,
)

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
PROBE_EVERY_S = 60.0
"""Writing costs four requests, and `check` is asked every few seconds: in between it reads."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SupabaseStore:
    """See `Store`. `url` is that of the project, `key` its secret key: it passes by row level security.

    Any number of processes may read and review; one bridge applies.
    """

    kind = "supabase"
    longest_wait_s = 30.0

    def __init__(self, url: str, key: str, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        self.counters: Counter[str] = Counter()
        self._project = Project(url, key, timeout=timeout)
        self._shard = 0
        self._probed_s = -PROBE_EVERY_S

    def open(self) -> None:
        found = self._project.call("glassline_schema_version", {}, int)
        if found != SCHEMA_VERSION:
            sentence = (
                f"the database at {self._project.url} is of version {found}, this Glassline needs {SCHEMA_VERSION}"
            )
            raise StoreError(f"{sentence}: {MIGRATE if found < SCHEMA_VERSION else 'update Glassline'}")

    def close(self) -> None:
        self._project.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- what nodes say ----------------------------------------------------------------------------------------

    def apply(self, items: Sequence[Item]) -> list[Outcome]:
        with self._project.faults():
            sent = self._upload(items)
        done = self._project.call("glassline_apply", {"items": [item_json(item) for item in sent]}, dict)
        outcomes, unnamed = done["outcomes"], done["unnamed"]
        self.counters.update(done["counts"])
        if done["set_aside"]:
            letters = [(dead_of(sent[nth], error), sent[nth]) for nth, error in done["set_aside"]]
            # What is refused is told only once it is kept: a second transaction, and as often as it takes.
            dead = [item_json(letter, readable=not isinstance(item, EvidenceItem)) for letter, item in letters]
            kept = self._project.call("glassline_apply", {"items": dead}, dict)
            self.counters.update(kept["counts"])
            outcomes, unnamed = outcomes + kept["outcomes"], unnamed + kept["unnamed"]
        self._project.pictures.committed()
        self._remove(unnamed)
        return sorted(dict.fromkeys(outcome_of(told) for told in outcomes), key=_is_refusal)

    def tidy(self) -> None:
        done = self._project.call("glassline_expire_orphans", {}, dict)
        self.counters["orphans_dropped"] += done["orphans_dropped"]
        self._remove(done["unnamed"])
        self._shard = (self._shard + 1) % 256
        strays = self._project.call("glassline_strays", {"folder": f"detections/{self._shard:02x}"}, list)
        self._remove_paths(strays)

    def prune(self, keep: Keep, *, limit: int = 200, dry_run: bool = False) -> Pruned:
        asked = {
            "evidence_before": _ago(keep.evidence_days),
            "evidence_bytes": None if keep.evidence_gb is None else round(keep.evidence_gb * 1e9),
            "rows_before": _ago(keep.rows_days),
            "at_most": limit,
            "dry": dry_run,
        }
        done = self._project.call("glassline_prune", asked, dict)
        paths = done.pop("paths")
        if not dry_run:
            self.counters.update({"images_pruned": done["pictures"], "rows_pruned": done["rows"]})
            self._remove_paths(paths)
        return Pruned(**done)

    def remember(
        self,
        device_id: str,
        *,
        role: str | None = None,
        status: str | None = None,
        info: dict[str, Any] | None = None,
        seen: bool = True,
    ) -> None:
        said = {"device": device_id, "new_role": role, "new_status": status, "new_info": cleaned(info), "seen": seen}
        self.counters["devices_forgotten"] += self._project.call("glassline_remember", said, int)

    def _upload(self, items: Sequence[Item]) -> list[Item]:
        """Upload the pictures; those that the bucket refuses for good become dead letters."""
        pictures = [item for item in items if isinstance(item, EvidenceItem)]
        refused = self._project.pictures.upload(pictures) if pictures else {}

        def placed(item: Item) -> Item:
            error = refused.get(picture_path(item.event_id, item.sha256)) if isinstance(item, EvidenceItem) else None
            return item if error is None else dead_of(item, error)

        return [placed(item) for item in items]

    def _remove(self, pictures: Sequence[tuple[str, str]]) -> None:
        self._remove_paths([picture_path(event_id, sha256) for event_id, sha256 in pictures])

    def _remove_paths(self, paths: Sequence[str]) -> None:
        try:
            with self._project.faults():
                self._project.pictures.remove(paths)
        except StoreError as error:
            log.warning("a picture that is not needed any more stays for now: %s", error)

    # -- what people ask ---------------------------------------------------------------------------------------

    def defects(self, where: DefectFilter, *, cursor: str | None = None, limit: int = 50) -> paging.Page:
        wanted = paging.rows_for(limit)
        query = self._project.table("defects").select(DEFECT_COLUMNS)
        for column, value in (
            ("device_id", where.device_id),
            ("defect_type", where.label),
            ("status", where.status),
        ):
            query = query if value is None else query.eq(column, cleaned(value))
        query = query if where.since is None else query.gte("detected_at", where.since.isoformat())
        query = query if where.until is None else query.lt("detected_at", where.until.isoformat())
        query = query if where.text is None else query.filter("notes", "imatch", _pattern(where.text))
        if cursor is not None:
            at, event_id = _position(cursor)
            # The first condition alone could be answered from the index, the second tells those of one instant apart.
            query = query.lte("detected_at", at).or_(f"detected_at.lt.{at},id.lt.{event_id}")
        rows = self._project.rows(query.order("detected_at", desc=True).order("id", desc=True).limit(wanted))
        return paging.page_of([defect_of(row) for row in rows], limit, text=datetime.isoformat)

    def defect(self, event_id: str) -> Defect | None:
        row = self._row(event_id)
        return None if row is None else defect_of(row)

    def evidence(self, event_id: str) -> bytes | None:
        for _ in range(2):  # a higher rev may replace the picture between the two looks
            row = self._row(event_id)
            if row is None or not defect_of(row).image_stored:
                return None
            with self._project.faults():
                if (picture := self._project.pictures.read(row["image_path"])) is not None:
                    return picture
        raise StoreError(f"the picture of {event_id} is gone from the bucket at {self._project.url}")

    def evidence_link(self, event_id: str, *, valid_s: float) -> str | None:
        row = self._row(event_id)
        if row is None or not defect_of(row).image_stored:
            return None
        with self._project.faults():
            return self._project.pictures.link(row["image_path"], valid_s=max(1, round(valid_s)))

    def counts(self, where: DefectFilter) -> dict[str, int]:
        asked = {
            "device": cleaned(where.device_id),
            "label": cleaned(where.label),
            "of_status": where.status,
            "since": where.since and where.since.isoformat(),
            "until": where.until and where.until.isoformat(),
            "pattern": None if where.text is None else _pattern(where.text),
        }
        found = self._project.call("glassline_counts", asked, dict)
        return {status: found.get(status, 0) for status in STATUSES}

    def devices(self) -> list[Device]:
        rows = self._project.rows(self._project.table("glassline_devices").select("*").order("device_id"))
        return [device_of(row) for row in rows]

    def dead_letters(self, *, limit: int = 100) -> list[DeadLetter]:
        query = self._project.table("glassline_dead_letters").select("*").order("last_at", desc=True)
        return [dead_letter_of(row) for row in self._project.rows(query.order("id", desc=True).limit(limit))]

    def dead_letter(self, number: int) -> DeadLetter | None:
        rows = self._project.rows(self._project.table("glassline_dead_letters").select("*").eq("id", number))
        return dead_letter_of(rows[0]) if rows else None

    def forget_dead_letter(self, number: int) -> None:
        with self._project.faults():
            self._project.table("glassline_dead_letters").delete().eq("id", number).execute()

    def check(self) -> str | None:
        try:
            if time.monotonic() - self._probed_s > PROBE_EVERY_S:
                self.probe()
            else:
                self.open()
        except StoreError as error:
            return str(error)
        return None

    def probe(self) -> None:
        """Look whether all is as the migrations made it, and write a row (`glassline_probe`) and a picture."""
        self.open()
        if problems := self._project.call("glassline_problems", {}, list):
            raise StoreError(f"{self._project.url}: {'; '.join(problems)}. To mend it, {MIGRATE}")
        self._project.call("glassline_probe", {}, object)
        with self._project.faults():
            self._project.pictures.probe()
        self._probed_s = time.monotonic()

    # -- what people do ----------------------------------------------------------------------------------------

    def review(self, event_id: str, *, status: Status, note: str | None, by: str, version: int) -> Defect:
        if status not in STATUSES:
            raise ValueError(f"expected a status of {', '.join(STATUSES)}, got {status!r}")
        if not _UUID.fullmatch(event_id):
            raise KeyError(event_id)
        said = {"event": event_id, "new_status": status, "note": cleaned(note), "reviewer": by, "seen_version": version}
        done = self._project.call("glassline_review", said, dict)
        if done["outcome"] == "unknown":
            raise KeyError(event_id)
        defect = defect_of(done["defect"])
        if done["outcome"] == "conflict":
            raise ReviewConflictError(defect)
        return defect

    def reviews(self, event_id: str) -> list[ReviewStep]:
        if not _UUID.fullmatch(event_id):
            return []
        rows = self._project.rows(
            self._project.table("defect_reviews").select("*").eq("defect_id", event_id).order("version")
        )
        return [review_step_of(row) for row in rows]

    def _row(self, event_id: str) -> dict[str, Any] | None:
        if not _UUID.fullmatch(event_id):
            return None
        rows = self._project.rows(self._project.table("defects").select(DEFECT_COLUMNS).eq("id", event_id))
        return rows[0] if rows else None


def _ago(days: float | None) -> str | None:
    return None if days is None else (datetime.now(UTC) - timedelta(days=days)).isoformat()


def _pattern(text: str) -> str:
    """A regular expression of PostgreSQL that matches `text` alone (PostgREST takes a `*` in LIKE for a `%`)."""
    return re.sub(r"([^\w\s])", r"\\\1", cleaned(text))


def _is_refusal(outcome: Outcome) -> bool:
    return outcome.error is not None


def _position(cursor: str) -> tuple[str, str]:
    at, event_id = paging.position_of(cursor)
    try:
        return datetime.fromisoformat(at).isoformat(), str(UUID(event_id))
    except ValueError:
        raise ValueError(paging.NO_CURSOR) from None
