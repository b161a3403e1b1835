"""Reordering and resending never change where the store ends."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from glassline.store import DetectionItem, EvidenceItem, open_store
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence

EVENT = "01890000-0000-7000-8000-0000000000aa"
A, B = make_evidence(EVENT, 0, content=b"A"), make_evidence(EVENT, 2, content=b"B")
SENT: list[DetectionItem | EvidenceItem] = [
    detection_item(make_detection(EVENT, 0, image=A)),
    evidence_item(EVENT, A, 0),
    detection_item(make_detection(EVENT, 1, image=A)),
    detection_item(make_detection(EVENT, 2, image=B)),
    evidence_item(EVENT, B, 2),
    detection_item(make_detection(EVENT, 3, image=B, phase="end")),
]


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[int]]:
    """Everything that was sent at least once, in any order, some of it again, cut into batches anywhere."""
    again = draw(st.lists(st.integers(0, len(SENT) - 1), max_size=6))
    order = draw(st.permutations([*range(len(SENT)), *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1))))
    return [list(order[a:b]) for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(max_examples=150, deadline=None)
@given(deliveries())
def test_any_order_and_repetition_ends_in_the_same_state(batches: list[list[int]]) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, open_store(f"sqlite:{folder}/glass.db") as store:
        for batch in batches:
            for outcome in store.apply([SENT[i] for i in batch]):
                assert outcome.row == "stored", "nothing valid is ever rejected"
                assert outcome.image != "rejected" or outcome.rev < 2, "the newest picture is never refused"
        defect = store.defect(EVENT)
        assert defect is not None
        assert (defect.rev, defect.phase, defect.image_stored) == (3, "end", True)
        assert store.evidence(EVENT) == B
        files = [file for file in Path(folder, "glass.db.images").rglob("*") if file.is_file()]
        assert [file.read_bytes() for file in files] == [B], "no picture of an older rev is left behind"
        assert store.apply([SENT[-1]])[0].image == "stored"
