"""Figures: numbers by hour and day of a zone, what waits, how long devices were there."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from glassline.store import Backlog, Bucket, DefectFilter, Heard, Keep, Store, Tally, bucket_starts, figures
from tests.store.samples import START, detection_item, make_detection

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def found(store: Store, *times: str, label: str = "chip", device: str = "pi-1") -> list[str]:
    detections = [make_detection(label=label, first_at=at(time)) for time in times]
    store.apply([detection_item(detection, device) for detection in detections])
    return [detection.event_id for detection in detections]


def heard(device: str, began: datetime, last: datetime, by: str = "bridge-1") -> Heard:
    return Heard(device_id=device, heard_by=by, began_at=began, last_at=last)


@pytest.mark.parametrize(
    ("zone", "since", "until", "bucket", "expected"),
    [
        ("UTC", "2026-03-01T00:00Z", "2026-03-03T00:00Z", "day", ["2026-03-01T00:00Z", "2026-03-02T00:00Z"]),
        ("UTC", "2026-03-01T10:30Z", "2026-03-01T12:00Z", "hour", ["2026-03-01T10:00Z", "2026-03-01T11:00Z"]),
        (
            "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-30T00:00Z", "day",
            ["2026-03-27T23:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"],
        ),
        (
            "Asia/Kathmandu", "2026-03-01T00:00Z", "2026-03-01T01:00Z", "hour",
            ["2026-02-28T23:15Z", "2026-03-01T00:15Z"],
        ),
        ("America/St_Johns", "2026-01-01T00:00Z", "2026-01-01T01:00Z", "day", ["2025-12-31T03:30Z"]),
        ("Pacific/Apia", "2011-12-30T00:00Z", "2011-12-31T00:00Z", "day", ["2011-12-29T10:00Z", "2011-12-30T10:00Z"]),
        ("America/Sao_Paulo", "2018-11-04T12:00Z", "2018-11-04T13:00Z", "day", ["2018-11-04T03:00Z"]),
    ],
)  # fmt: skip
def test_buckets_begin_at_the_hours_and_days_of_a_zone(
    zone: str, since: str, until: str, bucket: Bucket, expected: list[str]
) -> None:
    starts = bucket_starts(at(since), at(until), bucket, ZoneInfo(zone))
    assert starts[:-1] == [at(text) for text in expected]
    assert starts[-1] >= at(until)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_on_which_the_clock_is_set_has_an_hour_less_or_more(day: str, hours: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    until = midnight + DAY  # by the wall clock
    starts = bucket_starts(midnight.astimezone(UTC), until.astimezone(UTC), "hour", zone)
    assert len(starts) == hours + 1
    assert {end - start for start, end in pairwise(starts)} == {HOUR}


def test_what_was_found_is_counted_by_day_device_and_label(store: Store) -> None:
    found(store, "2026-03-28T22:59:59Z", "2026-03-28T23:00Z", "2026-03-29T21:59:59.999Z", "2026-03-29T22:00Z")
    found(store, "2026-03-29T12:00Z", label="crack", device="pi-2")
    found(store, "2026-03-27T12:00Z", "2026-03-30T12:00Z", label="stain")
    starts = bucket_starts(at("2026-03-28T20:00Z"), at("2026-03-29T22:00:00.001Z"), "day", ZoneInfo("Europe/Berlin"))
    over = DefectFilter(since=at("2026-03-28T20:00Z"), until=at("2026-03-29T22:00:00.001Z"))
    told = sorted(store.tallies(over, starts), key=lambda one: (one.at, one.device_id))
    assert told == [
        Tally(at=at("2026-03-27T23:00Z"), device_id="pi-1", label="chip", count=1),
        Tally(at=at("2026-03-28T23:00Z"), device_id="pi-1", label="chip", count=2),
        Tally(at=at("2026-03-28T23:00Z"), device_id="pi-2", label="crack", count=1),
        Tally(at=at("2026-03-29T22:00Z"), device_id="pi-1", label="chip", count=1),
    ]
    assert store.tallies(DefectFilter(labels=("crack",), device_ids=("pi-1",)), starts) == []
    assert store.tallies(over, []) == []


def test_the_backlog_knows_its_oldest(store: Store) -> None:
    assert store.backlog(DefectFilter()) == Backlog(pending=0, oldest_at=None)
    oldest, _, _ = found(store, "2026-03-01T00:00Z", "2026-03-02T00:00Z", "2026-03-03T00:00Z")
    found(store, "2026-02-01T00:00Z", label="crack")
    store.review(oldest, status="reviewed", note=None, by="ada", version=0)
    assert store.backlog(DefectFilter(labels=("chip",))) == Backlog(pending=2, oldest_at=at("2026-03-02T00:00Z"))
    assert store.backlog(DefectFilter()) == Backlog(pending=3, oldest_at=at("2026-02-01T00:00Z"))


def test_figures_put_it_all_together(store: Store) -> None:
    dirt, *_ = found(store, "2026-03-28T12:00Z", "2026-03-28T13:00Z", "2026-02-01T00:00Z")
    store.review(dirt, status="resolved", note=None, by="ada", version=0, false_alarm="dirt")
    told = figures(
        store, DefectFilter(), since=at("2026-03-28T00:00Z"), until=at("2026-03-29T00:00Z"), bucket="day",
        zone=ZoneInfo("UTC"),
    )  # fmt: skip
    assert told.tallies == [Tally(at=at("2026-03-28T00:00Z"), device_id="pi-1", label="chip", count=2)]
    assert told.statuses == {"pending": 1, "reviewed": 0, "resolved": 1}
    assert told.false_alarms == {"chip": 1}
    assert told.backlog == Backlog(pending=2, oldest_at=at("2026-02-01T00:00Z"))
    assert told.uptime == []


def uptime(store: Store, since: datetime, until: datetime) -> dict[str, tuple[float, float]]:
    told = figures(store, DefectFilter(), since=since, until=until, bucket="day", zone=ZoneInfo("UTC"))
    return {one.device_id: (one.online_s, one.observed_s) for one in told.uptime}


def test_uptime_is_told_against_what_the_bridge_observed(store: Store) -> None:
    store.remember("pi-1", role="node")
    [device] = store.devices()
    begin = device.first_seen_at + timedelta(seconds=1)
    minute = timedelta(minutes=1)
    store.attend([heard("bridge-1", begin, begin + 10 * minute), heard("pi-1", begin - HOUR, begin + 4 * minute)])
    store.attend([heard("pi-1", begin + 8 * minute, begin + 10 * minute)])
    store.attend([heard("bridge-1", begin + 30 * minute, begin + 40 * minute)])
    assert uptime(store, begin, begin + HOUR) == {"pi-1": (360, 1200)}
    assert uptime(store, begin + 9 * minute, begin + 35 * minute) == {"pi-1": (60, 360)}
    assert uptime(store, begin - DAY, begin + 2 * minute) == {"pi-1": (120, 120)}, "before it was known nobody looked"
    assert uptime(store, begin + HOUR, begin + 2 * HOUR) == {"pi-1": (0, 0)}


def test_who_was_not_there_yet_or_not_any_more_has_no_uptime(store: Store) -> None:
    store.remember("pi-1", role="node")
    begin = store.devices()[0].first_seen_at
    store.attend([heard("bridge-1", begin - DAY, begin + DAY), heard("pi-1", begin - DAY, begin + DAY)])
    assert uptime(store, begin - HOUR, begin - timedelta(minutes=1)) == {}
    store.retire("pi-1")
    assert uptime(store, begin + HOUR, begin + 2 * HOUR) == {}


def test_servers_are_no_cameras_whose_uptime_is_told(store: Store) -> None:
    store.remember("bridge-1", role="bridge")
    begin = store.devices()[0].first_seen_at
    store.attend([heard("bridge-1", begin, begin + HOUR)])
    assert uptime(store, begin, begin + HOUR) == {}


def test_what_two_bridges_heard_counts_once(store: Store) -> None:
    store.remember("pi-1", role="node")
    begin = store.devices()[0].first_seen_at + timedelta(seconds=1)
    for bridge in ("bridge-1", "bridge-2"):
        store.attend([heard(bridge, begin, begin + HOUR, bridge), heard("pi-1", begin, begin + HOUR, bridge)])
    assert uptime(store, begin, begin + HOUR) == {"pi-1": (3600, 3600)}


def test_what_goes_on_where_it_ended_is_one(store: Store) -> None:
    second = timedelta(seconds=1)
    store.attend([heard("pi-1", START, START + 5 * second)])
    store.attend([heard("pi-1", START + 20 * second, START + 60 * second)])
    store.attend([heard("pi-1", START + 20 * second, START + 60 * second)])
    store.attend([heard("pi-1", START + 76 * second, START + 80 * second)])
    noted = sorted(store.presence(START - HOUR, START + HOUR), key=lambda one: one.began_at)
    assert noted == [
        heard("pi-1", START, START + 60 * second),
        heard("pi-1", START + 76 * second, START + 80 * second),
    ]
    assert store.presence(START + HOUR, START + 2 * HOUR) == []


def test_presence_goes_with_the_rows(store: Store) -> None:
    now = datetime.now(UTC)
    store.attend([heard("pi-1", now - 9 * DAY, now - 8 * DAY), heard("pi-1", now - HOUR, now)])
    store.prune(Keep(rows_days=5))
    assert [one.began_at for one in store.presence(now - 30 * DAY, now)] == [
        one.began_at for one in store.presence(now - 2 * HOUR, now)
    ]
    assert len(store.presence(now - 30 * DAY, now)) == 1
