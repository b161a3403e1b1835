"""Reordering and resending never change where the store ends."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassline.contract import new_event_id
from glassline.store import Item, Store
from tests.store.inside import Inside
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence

SENT = 6


def sent(event_id: str) -> tuple[list[Item], bytes]:
    """What a node sends of one event, and its last picture."""
    first, last = make_evidence(event_id, 0, content=b"A"), make_evidence(event_id, 2, content=b"B")
    items: list[Item] = [
        detection_item(make_detection(event_id, 0, image=first)),
        evidence_item(event_id, first, 0),
        detection_item(make_detection(event_id, 1, image=first)),
        detection_item(make_detection(event_id, 2, image=last)),
        evidence_item(event_id, last, 2),
        detection_item(make_detection(event_id, 3, image=last, phase="end")),
    ]
    assert len(items) == SENT
    return items, last


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[int]]:
    """Everything that was sent at least once, in any order, some of it again, cut into batches anywhere."""
    again = draw(st.lists(st.integers(0, SENT - 1), max_size=6))
    order = draw(st.permutations([*range(SENT), *again]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1))))
    return [list(order[a:b]) for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=deliveries())
def test_any_order_and_repetition_ends_in_the_same_state(
    inside: Inside, store: Store, batches: list[list[int]]
) -> None:
    event_id = new_event_id()  # a new one for each example, so that they may share a store
    items, last = sent(event_id)
    for batch in batches:
        for outcome in store.apply([items[i] for i in batch]):
            assert outcome.row == "stored", "nothing valid is ever rejected"
            assert outcome.image != "rejected" or outcome.rev < 2, "the newest picture is never refused"
    defect = store.defect(event_id)
    assert defect is not None
    assert (defect.rev, defect.phase, defect.image_stored) == (3, "end", True)
    assert store.evidence(event_id) == last
    pictures = [name for name in inside.pictures() if name.startswith(event_id)]
    assert len(pictures) == 1, "no picture of an older rev is left behind"
    assert store.apply([items[-1]])[0].image == "stored"
