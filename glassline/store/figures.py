"""Figures over a time: how much was found when, what waits for review, how long each device was there.

Days and hours are those of a time zone, and are told by their first instant. How long a device was there is told
against how long a bridge listened: of the rest nobody knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from glassline.contract.messages import SILENT_S

from .values import DefectFilter, Device

if TYPE_CHECKING:
    from .base import Store

Bucket = Literal["hour", "day"]
Span = tuple[datetime, datetime]
SILENCE = timedelta(seconds=SILENT_S)
"""Who was not heard for longer was not there."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """So many defects from `at` on, until the next bucket."""

    at: datetime
    device_id: str
    label: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What waits for a review, and since when."""

    pending: int
    oldest_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A device was heard by a bridge from `began_at` to `last_at` without falling silent.

    What a bridge heard of itself, through the broker, is when it listened.
    """

    device_id: str
    heard_by: str
    began_at: datetime
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class Uptime:
    """Of `observed_s` in which a bridge listened, and the device was known and in use, it was heard for `online_s`."""

    device_id: str
    online_s: float
    observed_s: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All of it. `backlog` is of all times."""

    tallies: list[Tally]
    statuses: dict[str, int]
    false_alarms: dict[str, int]
    """By label, as far as there are any."""
    backlog: Backlog
    uptime: list[Uptime]


def figures(
    store: Store, where: DefectFilter, *, since: datetime, until: datetime, bucket: Bucket, zone: ZoneInfo
) -> Figures:
    """The figures of what was found from `since` until `until`, by device and label as `where` says."""
    over = replace(where, since=since, until=until)
    false_alarms: Counter[str] = Counter()
    for one in store.tallies(replace(over, false_alarm=True), [since, until]):
        false_alarms[one.label] += one.count
    devices = [device for device in store.devices() if device.role == "node"]
    if where.device_ids:
        devices = [device for device in devices if device.device_id in where.device_ids]
    return Figures(
        tallies=store.tallies(over, bucket_starts(since, until, bucket, zone)),
        statuses=store.counts(over),
        false_alarms=dict(false_alarms),
        backlog=store.backlog(replace(where, since=None, until=None)),
        uptime=uptimes(devices, store.presence(since, until), since=since, until=until),
    )


def bucket_starts(since: datetime, until: datetime, bucket: Bucket, zone: ZoneInfo) -> list[datetime]:
    """The starts, in UTC, of all hours or days of `zone` that touch since … until, and the end of the last one.

    A day begins at midnight by the wall clock and has 23 to 25 hours; its hours are counted from there.
    """
    days = list(_midnights(since, until, zone))
    if bucket == "day":
        return days
    starts = [start for day, end in pairwise(days) for start in _hours(day, end)] + days[-1:]
    touching = [start for start, end in pairwise(starts) if end > since and start < until]
    return [*touching, next(start for start in starts if start > touching[-1])] if touching else []


def uptimes(devices: Sequence[Device], heard: Iterable[Heard], *, since: datetime, until: datetime) -> list[Uptime]:
    """How long each device was there, from when it was first seen until it was retired; who never was is left out."""
    by_device: dict[str, list[Span]] = {}
    observed: list[Span] = []
    for one in heard:
        by_device.setdefault(one.device_id, []).append((one.began_at, one.last_at))
        if one.device_id == one.heard_by:
            observed.append((one.began_at, one.last_at))
    observed = _merged(observed)
    told = []
    for device in devices:
        begin, end = max(since, device.first_seen_at), min(until, device.retired_at or until)
        if begin >= end:
            continue
        watched = list(_clipped(observed, begin, end))
        there = _merged(by_device.get(device.device_id, []))
        online = [both for span in watched for both in _clipped(there, *span)]
        told.append(Uptime(device_id=device.device_id, online_s=_total_s(online), observed_s=_total_s(watched)))
    return told


def _midnights(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    day, last = since.astimezone(zone).date(), datetime.min.replace(tzinfo=UTC)
    while last < until:
        start = datetime.combine(day, time(), zone).astimezone(UTC)
        if start > last:  # days were left out where the date line was moved
            yield start
            last = start
        day += timedelta(days=1)


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += timedelta(hours=1)


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged


def _clipped(spans: Iterable[Span], begin: datetime, end: datetime) -> Iterator[Span]:
    for first, last in spans:
        if first < end and last > begin:
            yield max(first, begin), min(last, end)


def _total_s(spans: Iterable[Span]) -> float:
    return sum((end - begin).total_seconds() for begin, end in spans)
