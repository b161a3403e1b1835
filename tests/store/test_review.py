"""What people do with a defect."""

import pytest

from glassline.contract import new_event_id
from glassline.store import ReviewConflictError, Store
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
