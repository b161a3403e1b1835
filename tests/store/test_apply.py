"""What a batch does to the rows, and what is said of it."""

import pytest

from glassline.contract import new_event_id
from glassline.store import DeadItem, DefectFilter, Item, Outcome, Store
from glassline.store.values import ReceiptImage
from tests.store.inside import Inside
from tests.store.samples import START, detection_item, evidence_item, make_detection, make_evidence


def stored(event_id: str, rev: int, image: ReceiptImage, device_id: str = "pi-1") -> Outcome:
    return Outcome(device_id=device_id, event_id=event_id, rev=rev, row="stored", image=image)


IDS = [new_event_id() for _ in range(250)]


def test_every_field_of_a_detection_comes_back(store: Store) -> None:
    jpeg = make_evidence("00000000-0000-7000-8000-000000000001")
    detection = make_detection("00000000-0000-7000-8000-000000000001", image=jpeg, clock="unsynced")
    assert store.apply([detection_item(detection)]) == [stored(detection.event_id, 0, "missing")]
    defect = store.defect(detection.event_id)
    assert defect is not None
    assert defect.detected_at == START == detection.first_at
    assert (defect.last_seen_at, defect.frame_at) == (detection.last_at, detection.frame_at)
    assert defect.confirmed_at == detection.confirmed_at
    assert (defect.label, defect.score, defect.boxes, defect.phase) == ("scratch", 0.75, detection.boxes, "new")
    assert (defect.device_id, defect.model, defect.clock, defect.frames_confirmed) == ("pi-1", "glass-n", "unsynced", 3)
    assert detection.image is not None
    assert (defect.image_sha256, defect.image_wh) == (detection.image.sha256, (640, 480))
    assert (defect.image_size_bytes, defect.image_stored) == (len(jpeg), False)
    assert (defect.status, defect.note, defect.version, defect.reviewed_by) == ("pending", "", 0, None)


def test_a_detection_without_picture_is_settled_at_once(store: Store) -> None:
    detection = make_detection()
    assert store.apply([detection_item(detection)]) == [stored(detection.event_id, 0, "none")]


def test_only_a_higher_rev_is_written_and_lower_ones_are_a_success(store: Store) -> None:
    event_id = new_event_id()
    store.apply([detection_item(make_detection(event_id, 2, score=0.9))])
    for rev in (0, 1, 2):
        again = detection_item(make_detection(event_id, rev, score=0.1))
        assert store.apply([again]) == [stored(event_id, 2, "none")]
    defect = store.defect(event_id)
    assert defect is not None
    assert (defect.rev, defect.score) == (2, 0.9)
    assert store.counters["rows"] == 1


def test_a_higher_rev_keeps_the_review_and_the_time_of_storing(store: Store) -> None:
    event_id = new_event_id()
    store.apply([detection_item(make_detection(event_id))])
    before = store.review(event_id, status="reviewed", note="not a scratch", by="ada", version=0)
    store.apply([detection_item(make_detection(event_id, 1, label="stain"))])
    after = store.defect(event_id)
    assert after is not None
    assert (after.rev, after.label, after.stored_at) == (1, "stain", before.stored_at)
    assert (after.status, after.note, after.reviewed_by) == ("reviewed", "not a scratch", "ada")
    assert (after.reviewed_at, after.version) == (before.reviewed_at, 1)


def test_evidence_completes_its_detection_and_comes_back_unchanged(store: Store) -> None:
    event_id = new_event_id()
    jpeg = make_evidence(event_id)
    store.apply([detection_item(make_detection(event_id, 1, image=jpeg))])
    assert store.evidence(event_id) is None
    assert store.apply([evidence_item(event_id, jpeg)]) == [stored(event_id, 1, "stored")]
    assert store.evidence(event_id) == jpeg
    assert store.apply([evidence_item(event_id, jpeg)]) == [stored(event_id, 1, "stored")]
    assert store.counters["images"] == 1


def test_outcomes_speak_of_the_state_after_the_batch_and_say_it_once(store: Store) -> None:
    event_id = new_event_id()
    jpeg = make_evidence(event_id)
    batch: list[Item] = [
        detection_item(make_detection(event_id, 0, image=jpeg)),
        evidence_item(event_id, jpeg),
        detection_item(make_detection(event_id, 1, image=jpeg)),
    ]
    assert store.apply(batch) == [stored(event_id, 1, "stored")]


def test_evidence_before_its_detection_waits_without_a_word(store: Store) -> None:
    event_id = new_event_id()
    jpeg = make_evidence(event_id)
    assert store.apply([evidence_item(event_id, jpeg)]) == []
    assert store.apply([detection_item(make_detection(event_id, image=jpeg))]) == [stored(event_id, 0, "stored")]
    assert store.evidence(event_id) == jpeg


def test_a_new_picture_replaces_the_old_one_on_the_disk(store: Store, inside: Inside) -> None:
    event_id = new_event_id()
    first, second = make_evidence(event_id), make_evidence(event_id, 1, content=b"B")
    store.apply([detection_item(make_detection(event_id, image=first)), evidence_item(event_id, first)])
    assert store.apply([evidence_item(event_id, second, 1)]) == []
    assert store.evidence(event_id) == first
    assert store.apply([detection_item(make_detection(event_id, 1, image=second))]) == [stored(event_id, 1, "stored")]
    assert store.evidence(event_id) == second
    assert len(inside.pictures()) == 1


def test_a_late_old_picture_is_refused_at_its_own_rev_so_that_the_new_one_still_comes(
    store: Store, inside: Inside
) -> None:
    event_id = new_event_id()
    first, second = make_evidence(event_id), make_evidence(event_id, 2, content=b"B")
    store.apply([detection_item(make_detection(event_id, 2, image=second))])
    [outcome] = store.apply([evidence_item(event_id, first, 0)])
    assert (outcome.rev, outcome.row, outcome.image) == (0, "stored", "rejected")
    assert inside.pictures() == []
    assert inside.dead_letters() == []
    assert store.apply([evidence_item(event_id, second, 2)]) == [stored(event_id, 2, "stored")]
    assert store.apply([evidence_item(event_id, first, 0)]) == [stored(event_id, 2, "stored")]
    assert store.evidence(event_id) == second


def test_a_picture_with_the_wrong_digest_is_rejected_and_kept_as_a_dead_letter(store: Store, inside: Inside) -> None:
    event_id = new_event_id()
    store.apply([detection_item(make_detection(event_id, image=make_evidence(event_id)))])
    [outcome] = store.apply([evidence_item(event_id, make_evidence(event_id, content=b"other"))])
    assert (outcome.rev, outcome.row, outcome.image) == (0, "stored", "rejected")
    assert outcome.error is not None
    assert "SHA-256" in outcome.error
    assert inside.dead_letters() == [("pi-1", "evidence", event_id, 1)]
    assert inside.pictures() == []


def test_another_device_cannot_overwrite_an_event_and_its_neighbours_are_unharmed(store: Store, inside: Inside) -> None:
    event_id, neighbour = new_event_id(), new_event_id()
    jpeg = make_evidence(event_id)
    store.apply([detection_item(make_detection(event_id, image=jpeg)), evidence_item(event_id, jpeg)])
    outcomes = store.apply(
        [
            detection_item(make_detection(event_id, 7, label="chip"), "pi-2"),
            evidence_item(event_id, make_evidence(event_id, 7, content=b"theirs"), 7, "pi-2"),
            detection_item(make_detection(neighbour), "pi-2"),
        ]
    )
    assert outcomes[0] == stored(neighbour, 0, "none", "pi-2")
    assert {(o.device_id, o.rev, o.row) for o in outcomes[1:]} == {("pi-2", 7, "rejected")}
    defect = store.defect(event_id)
    assert defect is not None
    assert (defect.device_id, defect.rev, defect.label) == ("pi-1", 0, "scratch")
    assert store.evidence(event_id) == jpeg
    assert len(inside.pictures()) == 1
    assert [(device, kind) for device, kind, _, _ in inside.dead_letters()] == [
        ("pi-2", "detection"),
        ("pi-2", "evidence"),
    ]


def test_another_devices_orphan_is_never_taken(store: Store, inside: Inside) -> None:
    event_id = new_event_id()
    jpeg = make_evidence(event_id)
    store.apply([evidence_item(event_id, jpeg, 0, "pi-2")])
    assert store.apply([detection_item(make_detection(event_id, image=jpeg))]) == [stored(event_id, 0, "missing")]


def test_a_row_that_the_database_refuses_becomes_a_dead_letter_alone(store: Store, inside: Inside) -> None:
    poison = make_detection().model_copy(update={"label": None})
    before, after = make_detection(), make_detection()
    outcomes = store.apply([detection_item(d) for d in (before, poison, after)])
    assert outcomes[:2] == [stored(before.event_id, 0, "none"), stored(after.event_id, 0, "none")]
    assert (outcomes[2].event_id, outcomes[2].row, outcomes[2].image) == (poison.event_id, "rejected", "none")
    assert inside.dead_letters() == [("pi-1", "detection", poison.event_id, 1)]
    assert sum(store.counts(DefectFilter()).values()) == 2


@pytest.mark.parametrize(
    ("rev", "expected"), [(0, [("stored", "missing")]), (1, [("rejected", "none")])], ids=["known rev", "new rev"]
)
def test_an_undecodable_detection_is_rejected_unless_its_rev_is_stored(
    store: Store, rev: int, expected: list[tuple[str, str]]
) -> None:
    event_id = new_event_id()
    store.apply([detection_item(make_detection(event_id, image=make_evidence(event_id)))])
    dead = DeadItem(device_id="pi-1", kind="detection", payload=b"{", error="not JSON", event_id=event_id, rev=rev)
    assert [(o.row, o.image) for o in store.apply([dead])] == expected


def test_a_broken_picture_is_refused_only_once_its_detection_is_there(store: Store) -> None:
    event_id = new_event_id()
    dead = DeadItem(device_id="pi-1", kind="evidence", payload=b"?", error="no JPEG", event_id=event_id, rev=0)
    assert store.apply([dead]) == []
    store.apply([detection_item(make_detection(event_id, image=make_evidence(event_id)))])
    assert [(o.rev, o.row, o.image) for o in store.apply([dead])] == [(0, "stored", "rejected")]


def test_what_cannot_be_read_at_all_gets_no_outcome(store: Store, inside: Inside) -> None:
    dead = DeadItem(device_id="pi-1", kind="detection", payload=b"\0" * 100_000, error="not JSON")
    assert store.apply([dead, dead]) == []
    assert inside.dead_letters() == [("pi-1", "detection", None, 2)]
    assert inside.dead_sizes() == [(65_536, 100_000)]


def test_garbage_cannot_fill_the_disk(store: Store, inside: Inside) -> None:
    def garbage(device_id: str, i: int) -> DeadItem:
        return DeadItem(device_id=device_id, kind="detection", payload=b"%d" % i, error="not JSON")

    store.apply([garbage("pi-1", i) for i in range(150)])
    store.apply([garbage("pi-2", 0)])
    assert [device for device, *_ in inside.dead_letters()] == ["pi-1"] * 100 + ["pi-2"]
    assert (store.counters["dead_letters"], store.counters["dead_letters_dropped"]) == (101, 50)


def test_a_crowd_of_made_up_devices_can_neither(store: Store, inside: Inside) -> None:
    letters = [
        DeadItem(device_id=f"made-up-{i}", kind="detection", payload=b"%d" % i, error="not JSON") for i in range(2500)
    ]
    real = [DeadItem(device_id="pi-1", kind="detection", payload=b"%d" % i, error="not JSON") for i in range(3)]
    store.apply([*letters, *real])
    kept = inside.dead_letters()
    assert 2000 <= len(kept) <= 2100
    assert "pi-1" in {device for device, *_ in kept}
    pictures = [evidence_item(event, make_evidence(event), 0, f"made-up-{i}") for i, event in enumerate(IDS)]
    store.apply(pictures)
    assert len(inside.pictures()) == 200
    assert store.counters["orphans_dropped"] == 50


def test_orphans_have_a_quota_per_device_and_the_oldest_makes_room(store: Store, inside: Inside) -> None:
    events = [new_event_id() for _ in range(21)]
    store.apply([evidence_item(event, make_evidence(event)) for event in events])
    other = new_event_id()
    store.apply([evidence_item(other, make_evidence(other), 0, "pi-2")])
    assert len(inside.pictures()) == 21
    assert (store.counters["orphans"], store.counters["orphans_dropped"]) == (22, 1)
    first, last = (make_detection(e, image=make_evidence(e)) for e in (events[0], events[-1]))
    assert [o.image for o in store.apply([detection_item(first), detection_item(last)])] == ["missing", "stored"]


def test_orphans_live_an_hour(store: Store, inside: Inside) -> None:
    old, young = new_event_id(), new_event_id()
    store.apply([evidence_item(event, make_evidence(event)) for event in (old, young)])
    inside.age_orphan(old)
    store.tidy()
    assert [name[:36] for name in inside.pictures()] == [young]
    assert store.counters["orphans_dropped"] == 1


def test_a_nul_in_a_text_loses_nothing(store: Store) -> None:
    detection = make_detection().model_copy(update={"label": "scratch\0"})
    assert [outcome.row for outcome in store.apply([detection_item(detection)])] == ["stored"]
    found = store.defect(detection.event_id)
    assert found is not None
    assert found.label.startswith("scratch")
    store.remember("pi-1", role="node", info={"note": "a\0b"})
    assert [device.device_id for device in store.devices()] == ["pi-1"]
    assert store.review(detection.event_id, status="reviewed", note="a\0b", by="ada", version=0).note.startswith("a")
    assert sum(store.counts(DefectFilter(labels=("no such\0label",))).values()) == 0
