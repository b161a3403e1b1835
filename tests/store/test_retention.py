"""What was kept for long enough goes, and only that."""

from datetime import UTC, datetime, timedelta

import pytest

from glassline.store import DefectFilter, Item, Keep, Pruned, Store
from tests.store.inside import Inside
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence

SIZE = 10_000


@pytest.fixture
def event_ids(store: Store) -> list[str]:
    """Ten defects with a picture of 10 kB each, one for each day, oldest first."""
    items: list[Item] = []
    for days in range(10, 0, -1):
        event_id = make_detection().event_id
        items += pair(event_id, datetime.now(UTC) - timedelta(days=days, minutes=-1))
    store.apply(items)
    return [item.event_id for item in items[1::2]]  # type: ignore[union-attr]


def pair(event_id: str, first_at: datetime) -> list[Item]:
    room = SIZE - len(make_evidence(event_id, size_bytes=1000)) + 1000
    jpeg = make_evidence(event_id, size_bytes=room)
    assert len(jpeg) == SIZE
    return [detection_item(make_detection(event_id, image=jpeg, first_at=first_at)), evidence_item(event_id, jpeg)]


def with_picture(store: Store) -> list[str]:
    found = store.defects(DefectFilter()).defects
    assert all((store.evidence(defect.event_id) is not None) == defect.image_stored for defect in found)
    return sorted(defect.event_id for defect in found if defect.image_stored)


@pytest.mark.parametrize(
    ("keep", "expected", "rows_left", "pictures_left"),
    [
        (Keep(), Pruned(pictures=0, picture_bytes=0, rows=0), 10, 10),
        (Keep(evidence_days=4), Pruned(pictures=6, picture_bytes=6 * SIZE, rows=0), 10, 4),
        (Keep(evidence_gb=3.5 * SIZE / 1e9), Pruned(pictures=7, picture_bytes=7 * SIZE, rows=0), 10, 3),
        (Keep(evidence_gb=1), Pruned(pictures=0, picture_bytes=0, rows=0), 10, 10),
        (Keep(rows_days=8), Pruned(pictures=2, picture_bytes=2 * SIZE, rows=2), 8, 8),
        (Keep(evidence_days=4, rows_days=8), Pruned(pictures=6, picture_bytes=6 * SIZE, rows=2), 8, 4),
    ],
    ids=["for ever", "evidence by days", "evidence by size", "room enough", "rows", "both"],
)
def test_the_oldest_go_and_a_dry_run_says_so_before(
    store: Store, inside: Inside, event_ids: list[str], keep: Keep, expected: Pruned, rows_left: int, pictures_left: int
) -> None:
    assert store.prune(keep, dry_run=True) == expected
    assert len(inside.pictures()) == 10
    assert store.prune(keep) == expected
    assert sum(store.counts(DefectFilter()).values()) == rows_left
    assert with_picture(store) == sorted(event_ids[10 - pictures_left :])
    assert len(inside.pictures()) == pictures_left
    assert store.prune(keep) == Pruned(pictures=0, picture_bytes=0, rows=0)
    assert store.counters["images_pruned"] == expected.pictures
    assert store.counters["rows_pruned"] == expected.rows


def test_it_goes_in_small_steps(store: Store, event_ids: list[str]) -> None:
    keep = Keep(evidence_days=2)
    steps = [store.prune(keep, limit=3) for _ in range(3)]
    assert [step.pictures for step in steps] == [3, 3, 2]


def test_a_node_that_sends_again_is_told_that_it_is_stored_and_nothing_comes_back(
    store: Store, inside: Inside, event_ids: list[str]
) -> None:
    store.prune(Keep(evidence_days=4))
    oldest = store.defect(event_ids[0])
    assert oldest is not None
    assert oldest.image_removed_at is not None
    [told] = store.apply(pair(event_ids[0], oldest.detected_at))
    assert (told.row, told.image) == ("stored", "stored")
    assert store.evidence(event_ids[0]) is None
    assert len(inside.pictures()) == 4


def test_a_new_picture_of_an_old_defect_is_kept_again(store: Store, event_ids: list[str]) -> None:
    store.prune(Keep(evidence_days=4))
    newer = make_evidence(event_ids[0], 1, content=b"newer")
    first_at = datetime.now(UTC) - timedelta(days=10)
    detection = make_detection(event_ids[0], 1, image=newer, first_at=first_at)
    [told] = store.apply([detection_item(detection), evidence_item(event_ids[0], newer, 1)])
    assert (told.rev, told.image) == (1, "stored")
    assert store.evidence(event_ids[0]) == newer
