"""What people do with a defect."""

import pytest

from glassline.contract import new_event_id
from glassline.store import Review, ReviewConflictError, Store
from tests.store.samples import detection_item, make_detection


@pytest.fixture
def event_id(store: Store) -> str:
    detection = make_detection()
    store.apply([detection_item(detection)])
    return detection.event_id


def test_a_review_is_returned_as_stored_with_its_history(store: Store, event_id: str) -> None:
    first = store.review(event_id, status="reviewed", note="real", by="ada", version=0)
    assert first == store.defect(event_id)
    assert (first.status, first.note, first.reviewed_by, first.version) == ("reviewed", "real", "ada", 1)
    second = store.review(event_id, status="resolved", note=None, by="bob", version=1)
    assert (second.status, second.note, second.reviewed_by, second.version) == ("resolved", "real", "bob", 2)
    steps = [(s.by, s.from_status, s.to_status, s.note, s.version) for s in store.reviews(event_id)]
    assert steps == [("ada", "pending", "reviewed", "real", 1), ("bob", "reviewed", "resolved", "real", 2)]
    assert store.reviews(event_id)[0].at == first.reviewed_at


def test_of_two_people_the_second_is_told_what_stands_there(store: Store, event_id: str) -> None:
    store.review(event_id, status="resolved", note=None, by="ada", version=0)
    with pytest.raises(ReviewConflictError, match="ada changed this defect to resolved") as caught:
        store.review(event_id, status="reviewed", note="mine", by="bob", version=0)
    assert caught.value.current == store.defect(event_id)
    assert len(store.reviews(event_id)) == 1


def test_a_review_of_nothing_is_a_key_error_and_of_no_status_a_value_error(store: Store, event_id: str) -> None:
    with pytest.raises(KeyError):
        store.review(new_event_id(), status="reviewed", note=None, by="ada", version=0)
    with pytest.raises(ValueError, match="pending, reviewed, resolved"):
        store.review(event_id, status="gone", note=None, by="ada", version=0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="reflection, dirt"):
        store.review(event_id, status="reviewed", note=None, by="ada", version=0, false_alarm="ghost")  # type: ignore[arg-type]


def test_why_it_was_none_is_written_kept_and_taken_away(store: Store, event_id: str) -> None:
    said = store.review(event_id, status="resolved", note="wet", by="ada", version=0, false_alarm="water")
    assert (said.false_alarm, said.note) == ("water", "wet")
    store.apply([detection_item(make_detection(event_id, 1))])
    later = store.defect(event_id)
    assert later is not None
    assert (later.rev, later.false_alarm) == (1, "water")
    kept = store.review(event_id, status="reviewed", note=None, by="bob", version=1)
    gone = store.review(event_id, status="reviewed", note=None, by="bob", version=2, false_alarm="")
    assert (kept.false_alarm, gone.false_alarm, gone.note) == ("water", None, "wet")
    assert [step.false_alarm for step in store.reviews(event_id)] == ["water", "water", None]


def test_many_are_reviewed_at_once_and_one_that_cannot_be_stops_no_other(store: Store, event_id: str) -> None:
    other = make_detection()
    store.apply([detection_item(other)])
    store.review(other.event_id, status="resolved", note="mine", by="ada", version=0)
    asked = [
        Review(event_id=other.event_id, version=0, status="reviewed"),
        Review(event_id=new_event_id(), version=0, status="reviewed"),
        Review(event_id="no event", version=0, status="reviewed"),
        Review(event_id=event_id, version=0, status="resolved", note="dust", false_alarm="dirt"),
        Review(event_id=event_id, version=0, status="pending"),
        Review(event_id=event_id, version=1, status="pending", note="", false_alarm=""),
    ]
    told = store.review_many(asked, by="bob")
    assert [one.event_id for one in told] == [one.event_id for one in asked]
    assert [one.outcome for one in told] == ["conflict", "unknown", "unknown", "done", "conflict", "done"]
    assert [one.defect and one.defect.version for one in told] == [1, None, None, 1, 1, 2]
    assert told[0].defect == store.defect(other.event_id)
    assert told[-1].defect == store.defect(event_id)
    steps = [(step.by, step.to_status, step.note, step.false_alarm) for step in store.reviews(event_id)]
    assert steps == [("bob", "resolved", "dust", "dirt"), ("bob", "pending", "", None)]


def test_none_is_none(store: Store) -> None:
    assert store.review_many([], by="ada") == []
