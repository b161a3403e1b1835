"""The store in a Supabase project: a batch is one call of `glassline_apply`, durable when it returns."""

import logging
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal, Self
from uuid import UUID

import httpx

from .. import paging
from ..figures import Backlog, Heard, Tally
from ..values import (
    STATUSES,
    Choices,
    DeadLetter,
    Defect,
    DefectFilter,
    Device,
    EvidenceItem,
    FalseAlarm,
    Item,
    Keep,
    Outcome,
    Pruned,
    Review,
    Reviewed,
    ReviewStep,
    Status,
    StoreError,
    dead_of,
)
from .faults import MIGRATE
from .filters import asked
from .project import TIMEOUT, Project
from .rows import (
    DEFECT_COLUMNS,
    cleaned,
    dead_letter_of,
    defect_of,
    device_of,
    heard_json,
    heard_of,
    item_json,
    outcome_of,
    picture_path,
    review_json,
    review_step_of,
    reviewed_of,
)

log = logging.getLogger(__name__)

SCHEMA_VERSION = 3
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
        bounds = {
            "evidence_before": _ago(keep.evidence_days),
            "evidence_bytes": None if keep.evidence_gb is None else round(keep.evidence_gb * 1e9),
            "rows_before": _ago(keep.rows_days),
            "at_most": limit,
            "dry": dry_run,
        }
        done = self._project.call("glassline_prune", bounds, dict)
        paths = done.pop("paths")
        if not dry_run:
            if (before := _ago(keep.rows_days)) is not None:
                self._forget_heard(before)
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

    def attend(self, heard: Sequence[Heard]) -> None:
        self._project.call("glassline_attend", {"heard": [heard_json(one) for one in heard]}, object)

    def _forget_heard(self, before: str) -> None:
        with self._project.faults():
            self._project.table("glassline_presence").delete().lt("last_at", before).execute()

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

    def defects(self, where: DefectFilter, *, cursor: str | None = None, limit: int = 50, skip: int = 0) -> paging.Page:
        wanted = paging.rows_for(limit)
        at, event_id = (None, None) if cursor is None else _position(cursor)
        said = {"asked": asked(where), "after_at": at, "after_id": event_id, "at_most": wanted, "skipped": skip}
        rows = self._project.call("glassline_page", said, list)
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
        found = self._project.call("glassline_counts", {"asked": asked(where)}, dict)
        return {status: found.get(status, 0) for status in STATUSES}

    def choices(self) -> Choices:
        return Choices(**self._project.call("glassline_choices", {}, dict))

    def tallies(self, where: DefectFilter, starts: Sequence[datetime]) -> list[Tally]:
        if len(starts) < 2:
            return []
        since, until = max(starts[0], where.since or starts[0]), min(starts[-1], where.until or starts[-1])
        said = {
            "asked": asked(replace(where, since=since, until=until)),
            "starts": [start.isoformat() for start in starts],
        }
        found = self._project.call("glassline_tallies", said, list)
        return [
            Tally(at=starts[nth - 1], device_id=device_id, label=label, count=count)
            for nth, device_id, label, count in found
        ]

    def backlog(self, where: DefectFilter) -> Backlog:
        found = self._project.call("glassline_waiting", {"asked": asked(where)}, dict)
        oldest_at = found["oldest_at"]
        return Backlog(
            pending=found["pending"], oldest_at=None if oldest_at is None else datetime.fromisoformat(oldest_at)
        )

    def presence(self, since: datetime, until: datetime) -> list[Heard]:
        said = {"since": since.isoformat(), "until": until.isoformat()}
        return [heard_of(row) for row in self._project.call("glassline_heard", said, list)]

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

    def review(
        self,
        event_id: str,
        *,
        status: Status,
        note: str | None,
        by: str,
        version: int,
        false_alarm: FalseAlarm | Literal[""] | None = None,
    ) -> Defect:
        said = Review(event_id=event_id, version=version, status=status, note=note, false_alarm=false_alarm)
        return self.review_many([said], by=by)[0].done()

    def review_many(self, reviews: Sequence[Review], *, by: str) -> list[Reviewed]:
        sent = [said for said in reviews if _UUID.fullmatch(said.event_id)]
        told = iter(
            self._project.call(
                "glassline_review_many", {"reviews": [review_json(said) for said in sent], "reviewer": by}, list
            )
        )
        unknown = {"outcome": "unknown"}
        return [reviewed_of(said.event_id, next(told) if said in sent else unknown) for said in reviews]

    def reviews(self, event_id: str) -> list[ReviewStep]:
        if not _UUID.fullmatch(event_id):
            return []
        rows = self._project.rows(
            self._project.table("defect_reviews").select("*").eq("defect_id", event_id).order("version")
        )
        return [review_step_of(row) for row in rows]

    def name_device(self, device_id: str, name: str | None) -> Device:
        return self._change_device(device_id, {"name": cleaned(name) or None})

    def retire(self, device_id: str) -> Device:
        return self._change_device(device_id, {"retired_at": datetime.now(UTC).isoformat()})

    def _change_device(self, device_id: str, change: dict[str, str | None]) -> Device:
        query = self._project.table("glassline_devices").update(change).eq("device_id", cleaned(device_id))
        rows = self._project.rows(query)
        if not rows:
            raise KeyError(device_id)
        return device_of(rows[0])

    def _row(self, event_id: str) -> dict[str, Any] | None:
        if not _UUID.fullmatch(event_id):
            return None
        rows = self._project.rows(self._project.table("defects").select(DEFECT_COLUMNS).eq("id", event_id))
        return rows[0] if rows else None


def _ago(days: float | None) -> str | None:
    return None if days is None else (datetime.now(UTC) - timedelta(days=days)).isoformat()


def _is_refusal(outcome: Outcome) -> bool:
    return outcome.error is not None


def _position(cursor: str) -> tuple[str, str]:
    at, event_id = paging.position_of(cursor)
    try:
        return datetime.fromisoformat(at).isoformat(), str(UUID(event_id))
    except ValueError:
        raise ValueError(paging.NO_CURSOR) from None
