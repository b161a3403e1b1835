"""Lists, filters, pages, counts and devices."""

from datetime import timedelta
from typing import Any
from urllib.request import urlopen

import pytest

from glassline.contract import new_event_id
from glassline.store import Choices, DeadItem, Defect, DefectFilter, Store, open_store
from tests.store.inside import Inside
from tests.store.samples import START, detection_item, evidence_item, make_detection, make_evidence


def fill(store: Store, count: int) -> None:
    """`count` detections in an arbitrary order, every second one at the same time as its neighbour."""
    items = [
        detection_item(
            make_detection(
                label=("scratch", "chip", "stain")[i % 3], first_at=START + timedelta(seconds=i * 7 % count // 2)
            ),
            f"pi-{i % 2}",
        )
        for i in range(count)
    ]
    store.apply(items)


def walk(store: Store, where: DefectFilter, limit: int) -> list[Defect]:
    found, cursor = [], None
    while True:
        page = store.defects(where, cursor=cursor, limit=limit)
        found += page.defects
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 7, 50, 51])
def test_pages_are_newest_first_and_miss_and_repeat_nothing(store: Store, limit: int) -> None:
    fill(store, 50)
    found = walk(store, DefectFilter(), limit)
    order = [(defect.detected_at, defect.event_id) for defect in found]
    assert order == sorted(set(order), reverse=True)
    assert len(order) == 50


def test_a_page_goes_on_where_it_ended_while_new_defects_arrive(store: Store) -> None:
    fill(store, 20)
    first = store.defects(DefectFilter(), limit=10)
    store.apply([detection_item(make_detection(first_at=START + timedelta(days=1)))])
    second = store.defects(DefectFilter(), cursor=first.next_cursor, limit=10)
    assert len({d.event_id for d in first.defects + second.defects}) == 20


def test_filters_restrict_and_combine(store: Store) -> None:
    fill(store, 60)
    [chosen] = store.defects(DefectFilter(labels=("chip",)), limit=1).defects
    store.review(chosen.event_id, status="resolved", note=None, by="ada", version=0)
    assert {d.device_id for d in walk(store, DefectFilter(device_ids=("pi-1",)), 9)} == {"pi-1"}
    assert len(walk(store, DefectFilter(labels=("chip",), device_ids=("pi-1",)), 9)) == 10
    assert [d.event_id for d in walk(store, DefectFilter(statuses=("resolved",)), 9)] == [chosen.event_id]
    since, until = START + timedelta(seconds=5), START + timedelta(seconds=9)
    times = {d.detected_at for d in walk(store, DefectFilter(since=since, until=until), 9)}
    assert min(times) == since
    assert max(times) == until - timedelta(seconds=1)


def test_of_several_values_any_will_do(store: Store) -> None:
    store.apply(
        [
            detection_item(make_detection(label=label, score=score), device)
            for label in ("chip", "crack", "stain")
            for score in (0.25, 0.75)
            for device in ("pi-1", "pi-2", "pi-3")
        ]
    )
    [one, other, *_] = store.defects(DefectFilter()).defects
    store.review(one.event_id, status="resolved", note="Fleck", by="ada", version=0, false_alarm="dirt")
    store.review(other.event_id, status="reviewed", note=None, by="ada", version=0)

    def found(**how: Any) -> list[Defect]:
        where = DefectFilter(**how)
        defects = walk(store, where, 4)
        assert sum(store.counts(where).values()) == len(defects)
        return defects

    assert len(found(labels=("chip", "stain"), device_ids=("pi-1", "pi-3"))) == 8
    assert {d.score for d in found(score_min=0.75)} == {0.75}
    assert len(found(score_min=0.25)) == 18
    assert {d.event_id for d in found(statuses=("resolved", "reviewed"))} == {one.event_id, other.event_id}
    assert [d.event_id for d in found(false_alarm=True)] == [one.event_id]
    assert len(found(false_alarm=False)) == 17
    assert [d.event_id for d in found(text="fleck", labels=(one.label,), score_min=0.1, false_alarm=True)] == [
        one.event_id
    ]
    assert found(text="fleck", statuses=("reviewed",)) == []
    assert len(found(labels=("it's", "chip"))) == 6


def test_choices_are_what_was_found(store: Store) -> None:
    assert store.choices() == Choices(device_ids=[], labels=[])
    fill(store, 30)
    assert store.choices() == Choices(device_ids=["pi-0", "pi-1"], labels=["chip", "scratch", "stain"])


def test_counts_name_every_status(store: Store) -> None:
    assert store.counts(DefectFilter()) == {"pending": 0, "reviewed": 0, "resolved": 0}
    fill(store, 12)
    [one] = store.defects(DefectFilter(device_ids=("pi-0",)), limit=1).defects
    store.review(one.event_id, status="reviewed", note=None, by="ada", version=0)
    assert store.counts(DefectFilter(device_ids=("pi-0",))) == {"pending": 5, "reviewed": 1, "resolved": 0}


def test_so_many_are_skipped_of_what_matches_and_its_cursor_goes_on_from_there(store: Store) -> None:
    fill(store, 30)
    where = DefectFilter(device_ids=("pi-1",))
    all_of_it = [defect.event_id for defect in walk(store, where, 50)]
    page = store.defects(where, skip=7, limit=4)
    assert [defect.event_id for defect in page.defects] == all_of_it[7:11]
    after = store.defects(where, cursor=page.next_cursor, limit=50)
    assert [defect.event_id for defect in after.defects] == all_of_it[11:]
    assert store.defects(where, skip=15).defects == []
    assert store.defects(where, skip=15).next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "ÿ", "bnVsbA", "WzEsMl0", "W1tbW1tbW1tb", "eyJhIjoxfQ=="])
def test_a_cursor_of_nobodys_making_is_a_value_error(store: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="no cursor"):
        store.defects(DefectFilter(), cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_page_has_a_size_within_reason(store: Store, limit: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 500"):
        store.defects(DefectFilter(), limit=limit)


def test_what_is_unknown_is_none(store: Store) -> None:
    assert store.defect(new_event_id()) is None
    assert store.evidence(new_event_id()) is None
    assert store.defect("../../etc/passwd") is None


def test_a_picture_has_an_address_once_it_is_stored(store: Store) -> None:
    detection = make_detection()
    jpeg = make_evidence(detection.event_id)
    assert store.evidence_link(detection.event_id, valid_s=60) is None
    store.apply([detection_item(make_detection(detection.event_id, image=jpeg))])
    assert store.evidence_link(detection.event_id, valid_s=60) is None
    store.apply([evidence_item(detection.event_id, jpeg)])
    address = store.evidence_link(detection.event_id, valid_s=60)
    assert address is not None
    with urlopen(address) as picture:
        assert picture.read() == jpeg


def test_the_earliest_times_that_a_clock_can_show_come_back(store: Store) -> None:
    early = make_detection(first_at=START.replace(year=1970))
    store.apply([detection_item(early), detection_item(make_detection())])
    assert [d.detected_at.year for d in walk(store, DefectFilter(), 1)] == [2026, 1970]


def test_devices_keep_what_is_not_said_anew(store: Store) -> None:
    store.remember("pi-1", role="node", status="online", info={"version": "1"})
    store.remember("bridge-1", role="bridge")
    store.remember("pi-1", status="offline")
    bridge, node = store.devices()
    assert (bridge.device_id, bridge.role, bridge.status, bridge.info) == ("bridge-1", "bridge", None, {})
    assert (node.role, node.status, node.info) == ("node", "offline", {"version": "1"})
    assert node.first_seen_at <= node.last_seen_at


def test_a_retained_word_does_not_make_a_device_seen(store: Store) -> None:
    store.remember("pi-1", status="online")
    [before] = store.devices()
    store.remember("pi-1", status="offline", seen=False)
    [after] = store.devices()
    assert (after.status, after.last_seen_at) == ("offline", before.last_seen_at)
    store.remember("pi-1")
    assert store.devices()[0].last_seen_at >= before.last_seen_at


@pytest.mark.parametrize("url", ["", "glass.db", "supabase:x", "postgres://h/x", "sqlite:", "sqlite:var/"])
def test_an_address_of_no_store_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:var/glassline\.db"):
        open_store(url)


def test_a_name_from_people_stays_until_it_is_taken_away(store: Store) -> None:
    store.remember("pi-1", role="node")
    assert store.name_device("pi-1", "Line 3, left").name == "Line 3, left"
    store.remember("pi-1", status="online", info={"version": "2"})
    assert [device.name for device in store.devices()] == ["Line 3, left"]
    assert store.name_device("pi-1", None).name is None
    with pytest.raises(KeyError):
        store.name_device("pi-2", "nobody")


def test_a_retired_device_is_back_once_it_speaks(store: Store) -> None:
    store.remember("pi-1", status="online")
    assert store.retire("pi-1").retired_at is not None
    store.remember("pi-1", status="online", seen=False)
    store.remember("pi-1", status="offline")
    [gone] = store.devices()
    assert gone.retired_at is not None, "neither what was retained nor a goodbye is a sign of life"
    store.remember("pi-1")
    [back] = store.devices()
    assert back.retired_at is None
    with pytest.raises(KeyError):
        store.retire("pi-2")


def test_made_up_names_do_not_push_out_who_is_known(store: Store, inside: Inside) -> None:
    store.apply([detection_item(make_detection(), "found-something")])
    store.remember("found-something")
    store.remember("said-what-it-is", role="node", info={"version": "1"})
    store.remember("has-a-name", status="online")
    store.name_device("has-a-name", "Line 3")
    inside.add_devices([f"made-up-{number}" for number in range(994)])
    for number in range(994, 1010):
        store.remember(f"made-up-{number}", status="online")
    names = [device.device_id for device in store.devices()]
    assert len(names) == 1000
    assert {"found-something", "said-what-it-is", "has-a-name", "made-up-1009"} <= set(names)
    assert store.counters["devices_forgotten"] == 13


def test_notes_are_searched_for_text_as_it_is(store: Store) -> None:
    for note in ("100% sure", "100 per cent", "Kratzer_links", r"a\b"):
        detection = make_detection()
        store.apply([detection_item(detection)])
        store.review(detection.event_id, status="reviewed", note=note, by="ada", version=0)

    def notes(text: str) -> list[str]:
        where = DefectFilter(text=text)
        found = [defect.note for defect in walk(store, where, 9)]
        assert store.counts(where)["reviewed"] == len(found)
        return found

    assert notes("100%") == ["100% sure"]
    assert notes("kratzer_") == ["Kratzer_links"]
    assert notes("r_l") == ["Kratzer_links"]
    assert notes("a\\b") == ["a\\b"]
    assert notes("nothing of that") == []


def test_notes_are_searched_whatever_the_case_of_letters(store: Store) -> None:
    written = ["ÄUSSERER Rand", "Straße 7, Öffnung", "ŁÓDŹ, ŠKODA", "ТРЕЩИНА у края", "Größe 3 µm"]
    for note in written:
        detection = make_detection()
        store.apply([detection_item(detection)])
        store.review(detection.event_id, status="reviewed", note=note, by="ada", version=0)
    for text, found in [
        ("äusserer", 0), ("Äusserer RAND", 0), ("öffnung", 1), ("STRAßE", 1), ("łódź", 2), ("škoda", 2),
        ("трещина У", 3), ("GRÖßE", 4),
    ]:  # fmt: skip
        assert [defect.note for defect in walk(store, DefectFilter(text=text), 9)] == [written[found]], text
    assert not [*walk(store, DefectFilter(text="ausserer"), 9)], "a letter is not another"


def test_dead_letters_are_listed_shown_whole_and_forgotten(store: Store) -> None:
    short = DeadItem(device_id="pi-1", kind="detection", payload=b"\xff{", error="not JSON", event_id=None)
    long = DeadItem(device_id="pi-2", kind="evidence", payload=b"\0" * 100_000, error="no JPEG", event_id=None)
    store.apply([short])
    store.apply([long, long])
    newest, oldest = store.dead_letters()
    assert (newest.device_id, newest.times, newest.whole, newest.size_bytes) == ("pi-2", 2, False, 100_000)
    assert (oldest.kind, oldest.error, oldest.payload, oldest.whole) == ("detection", "not JSON", b"\xff{", True)
    assert oldest.first_at <= newest.first_at <= newest.last_at
    assert store.dead_letter(oldest.number) == oldest
    assert store.dead_letters(limit=1) == [newest]
    store.forget_dead_letter(newest.number)
    store.forget_dead_letter(newest.number)
    assert store.dead_letter(newest.number) is None
    assert store.dead_letters() == [oldest]
