"""The part of the API that counts: what was found when, what waits for a review, how long devices were there."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify

from glassline.contract.values import Count, Number, Time
from glassline.store import Bucket, Figures, Status, figures

from ..services import Services
from .described import described
from .errors import STORE_DOWN, ApiError
from .requests import FiguresQuery, query
from .shapes import Answer

MAX_BUCKETS = 800
"""Hours of a month, days of two years."""


class CountShape(Answer):
    """So many were found from `at` on, until the next hour or day; what is 0 is left out."""

    at: Time
    device_id: str
    label: str
    count: Count


class BacklogShape(Answer):
    """What waits for a review, whenever it was found, and since when."""

    pending: Count
    oldest_at: Time | None


class UptimeShape(Answer):
    """Of `observed_s`, in which a bridge listened and the device was in use, it was heard for `online_s`."""

    device_id: str
    online_s: Number
    observed_s: Number


class FiguresAnswer(Answer):
    """Figures of what was found from `since` until `until`."""

    since: Time
    until: Time
    bucket: Bucket
    zone: str
    counts: list[CountShape]
    statuses: dict[Status, Count]
    false_alarms: Count
    false_alarms_by_label: dict[str, Count]
    backlog: BacklogShape
    uptime: list[UptimeShape]


def blueprint(services: Services) -> Blueprint:
    """/api/figures."""
    pages = Blueprint("figures", __name__)

    @pages.get("/api/figures")
    @described(answer=FiguresAnswer, query=FiguresQuery, errors={503: STORE_DOWN})
    def counted() -> Response:
        """How much was found, by hour or day, device and label; how much waits; how long devices were there."""
        asked = query(FiguresQuery)
        until, zone = asked.until or datetime.now(UTC), ZoneInfo(asked.zone)
        _check_span(asked, until, zone)
        store = services.catalogue.use()
        told = figures(store, asked.where(), since=asked.since, until=until, bucket=asked.bucket, zone=zone)
        return jsonify(_answer(asked, until, told).to_dict())

    return pages


def _check_span(asked: FiguresQuery, until: datetime, zone: ZoneInfo) -> None:
    if asked.since >= until:
        raise ApiError(400, "web.bad_request", "expected since before until", "Correct these and send it again.")
    hours = (until - asked.since).total_seconds() / 3600
    buckets = hours if asked.bucket == "hour" else hours / 24
    if buckets > MAX_BUCKETS:
        sentence = f"expected at most {MAX_BUCKETS} {asked.bucket}s, got {buckets:.0f}"
        raise ApiError(400, "web.bad_request", sentence, "Ask for a shorter time, or for days.")


def _answer(asked: FiguresQuery, until: datetime, told: Figures) -> FiguresAnswer:
    counts = [CountShape(at=one.at, device_id=one.device_id, label=one.label, count=one.count) for one in told.tallies]
    return FiguresAnswer(
        since=asked.since, until=until, bucket=asked.bucket, zone=asked.zone,
        counts=counts,
        statuses=told.statuses,
        false_alarms=sum(told.false_alarms.values()),
        false_alarms_by_label=told.false_alarms,
        backlog=BacklogShape(pending=told.backlog.pending, oldest_at=told.backlog.oldest_at),
        uptime=[
            UptimeShape(device_id=one.device_id, online_s=round(one.online_s, 1), observed_s=round(one.observed_s, 1))
            for one in told.uptime
        ],
    )  # fmt: skip
