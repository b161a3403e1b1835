import subprocess
import sys

import pytest

from glassline.contract import new_event_id
from pi_node.outbox import Outbox, OutboxError
from tests.pi_node.finds import NOW, detection, receipt
from tests.pi_node.killed import CAP_BYTES, picture


@pytest.fixture
def outbox(tmp_path):
    box = Outbox(path=tmp_path / "outbox.db", cap_bytes=100_000)
    box.open()
    yield box
    box.close()


def test_a_detection_stays_until_its_receipt(outbox):
    event_id = new_event_id()
    outbox.put(detection(event_id), b"jpeg")
    (parcel,) = outbox.due(0, 10)
    assert (parcel.event_id, parcel.rev, parcel.evidence) == (event_id, 0, b"jpeg")
    outbox.mark_sent(parcel, 0, due_s=5)
    assert outbox.due(4, 10) == []
    assert len(outbox.due(6, 10)) == 1
    outbox.settle([receipt(event_id, 0)])
    assert outbox.due(100, 10) == []
    assert outbox.health().depth == 0
    assert outbox.health().confirmed == 1


def test_a_receipt_for_an_older_rev_settles_nothing(outbox):
    event_id = new_event_id()
    outbox.put(detection(event_id, 0), b"a")
    outbox.put(detection(event_id, 1), None)
    outbox.settle([receipt(event_id, 0)])
    (parcel,) = outbox.due(0, 10)
    assert (parcel.rev, parcel.evidence) == (1, b"a")
    outbox.settle([receipt(event_id, 1)])
    assert outbox.health().depth == 0


def test_a_newer_rev_is_due_at_once_though_the_older_was_just_sent(outbox):
    event_id = new_event_id()
    outbox.put(detection(event_id, 0), None)
    outbox.mark_sent(outbox.due(0, 1)[0], 0, due_s=100)
    outbox.put(detection(event_id, 1), None)
    assert [p.rev for p in outbox.due(1, 10)] == [1]


def test_while_the_picture_is_missing_only_the_picture_is_sent(outbox):
    event_id = new_event_id()
    outbox.put(detection(event_id), b"jpeg")
    outbox.settle([receipt(event_id, 0, image="missing")])
    (parcel,) = outbox.due(0, 10)
    assert parcel.detection is None
    assert parcel.evidence == b"jpeg"
    outbox.settle([receipt(event_id, 0, image="stored")])
    assert outbox.health().depth == 0


def test_when_nobody_answers_the_picture_the_row_is_sent_again_too(outbox):
    event_id = new_event_id()
    outbox.put(detection(event_id), b"jpeg")
    outbox.settle([receipt(event_id, 0, image="missing")])
    for attempt in range(6):
        (parcel,) = outbox.due(10 * attempt, 1)
        assert (parcel.detection is None) is (attempt < 4)
        outbox.mark_sent(parcel, 0, due_s=10 * attempt + 5)


def test_a_rejected_detection_is_counted_and_does_not_stay(outbox):
    event_id = new_event_id()
    outbox.put(detection(event_id), None)
    outbox.settle([receipt(event_id, 0, row="rejected", image="none")])
    health = outbox.health()
    assert (health.depth, health.rejected) == (0, 1)


def test_one_that_is_never_receipted_does_not_hold_up_the_others(outbox):
    ids = [new_event_id(NOW + i) for i in range(50)]
    for i, event_id in enumerate(ids):
        outbox.put(detection(event_id, at_s=NOW + i), None)
    sent = []
    for _ in range(20):
        for parcel in outbox.due(0, 4):
            outbox.mark_sent(parcel, 0, due_s=60)
            sent.append(parcel.event_id)
    assert sent == ids


def test_after_a_new_connection_everything_is_due_again(outbox):
    outbox.put(detection(new_event_id()), None)
    outbox.mark_sent(outbox.due(0, 1)[0], 0, due_s=1e9)
    outbox.all_due()
    assert len(outbox.due(1, 10)) == 1


def test_when_full_the_oldest_pictures_go_first_and_the_loss_is_counted(outbox):
    ids = [new_event_id(NOW + i) for i in range(6)]
    for i, event_id in enumerate(ids):
        outbox.put(detection(event_id, at_s=NOW + i), b"x" * 30_000)
    parcels = outbox.due(0, 10)
    assert [p.event_id for p in parcels] == ids
    assert [p.evidence is not None for p in parcels] == [False] * 3 + [True] * 3
    health = outbox.health()
    assert (health.pictures_dropped, health.dropped) == (3, 0)
    assert health.size_bytes <= 100_000


def test_when_rows_alone_fill_it_the_oldest_rows_go(tmp_path):
    box = Outbox(path=tmp_path / "small.db", cap_bytes=3_000)
    box.open()
    ids = [new_event_id(NOW + i) for i in range(20)]
    for i, event_id in enumerate(ids):
        box.put(detection(event_id, at_s=NOW + i), None)
    left = [p.event_id for p in box.due(0, 100)]
    assert left == ids[-len(left) :]
    assert 0 < len(left) < 20
    assert box.health().dropped == 20 - len(left)
    box.close()


def test_everything_is_there_again_after_a_restart(tmp_path):
    event_id = new_event_id()
    for _ in range(2):
        box = Outbox(path=tmp_path / "outbox.db", cap_bytes=100_000)
        box.open()
        if not box.due(0, 1):
            box.put(detection(event_id), b"jpeg")
            box.mark_sent(box.due(0, 1)[0], 0, due_s=1e9)
        else:
            assert box.due(0, 1)[0].event_id == event_id
        box.close()


def state_after(log):
    """By event id what the log says of it: (its rev that was put, further revs begun, whether it was settled).

    Settled is None where a program was killed while it settled: both may be.
    """
    known = {}
    for line in log.read_text().splitlines():
        said, event_id, rev = line.split()
        put, begun, settled = known.get(event_id, (None, set(), False))
        known[event_id] = {
            "puts": (put, begun | {int(rev)}, settled),
            "put": (int(rev), set(), settled),
            "settles": (put, begun, None),
            "settled": (put, begun, True),
        }[said]
    return known


def test_kill_minus_9_at_random_instants_loses_nothing_that_was_put_and_brings_back_nothing_that_was_settled(tmp_path):
    path, log, kills = tmp_path / "outbox.db", tmp_path / "log", 150
    subprocess.run([sys.executable, "-m", "tests.pi_node.killed", path, log, str(kills)], check=True, timeout=90)
    box = Outbox(path=path, cap_bytes=CAP_BYTES)
    box.open()
    found = {parcel.event_id: parcel for parcel in box.due(0, 100_000)}
    known = state_after(log)
    for event_id, (put, begun, settled) in known.items():
        parcel = found.get(event_id)
        if parcel is None:
            assert settled is not False or put is None, f"{event_id} was put and is lost"
            continue
        assert settled is not True, f"{event_id} was settled and is back"
        assert parcel.rev in begun | {put}
        assert parcel.evidence == picture(event_id, parcel.rev)
    assert set(found) <= set(known)
    interrupted = [said for line in log.read_text().splitlines() for said in [line.split()[0]]]
    unfinished = interrupted.count("puts") - interrupted.count("put")
    print(f"{kills} kills, {len(known)} detections, {unfinished} of them while they were put; {len(found)} wait")
    assert interrupted.count("put") > kills
    assert unfinished > 10
    box.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    box = Outbox(path=tmp_path / "file" / "outbox.db", cap_bytes=1)
    with pytest.raises(OutboxError, match="state_dir"):
        box.open()


def test_an_outbox_belongs_to_one_program_at_a_time(outbox, tmp_path):
    outbox.put(detection(new_event_id()), None)
    second = Outbox(path=tmp_path / "outbox.db", cap_bytes=100_000)
    with pytest.raises(OutboxError, match="used by another program"):
        second.open()
    outbox.close()
    second.open()
    assert second.health().depth == 1
    second.close()
    outbox.open()
