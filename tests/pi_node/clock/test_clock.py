"""The clock of the node: when it is believed, and what is put right once it is."""

import sqlite3
import time
from dataclasses import replace

import pytest

from glassline.contract import Reason, from_unix, new_event_id
from glassline.contract.messages import Detection, decode
from pi_node.clock import machine as clock
from pi_node.clock.machine import Clock, Reading
from pi_node.clock.retiming import DRIFT_S, is_outdated, retimed
from pi_node.clock.watch import CORRECT_EACH_S, ClockWatch
from pi_node.detection.findings import Findings, Waiting
from pi_node.outbox import Outbox
from pi_node.outbox.corrections import MOST_TOLD
from pi_node.uplink.speed import Speed
from tests.pi_node.finds import NOW, detection, receipt
from tests.support.machine import Sysfs

HOUR_S = 3600.0
SLOW = Reading(boot="b", offset_s=NOW - 100 - HOUR_S, synced=False)
"""An hour behind, a hundred seconds after the machine was started."""
RIGHT = replace(SLOW, offset_s=NOW - 100, synced=True)

BEFORE = """
    CREATE TABLE outbox (event_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, confirmed_s REAL NOT NULL,
        row_stored INTEGER NOT NULL DEFAULT 0, size_bytes INTEGER NOT NULL, has_evidence INTEGER NOT NULL,
        detection BLOB NOT NULL, evidence BLOB)"""


class SetByHand(Clock):
    """A clock that reads what the test says."""

    def __init__(self, reading):
        super().__init__()
        self.reading = reading

    def read(self):
        return self.reading


@pytest.fixture
def outbox(tmp_path):
    box = Outbox(path=tmp_path / "outbox.db", cap_bytes=10_000_000)
    box.open()
    yield box
    box.close()


def unsure(event_id, rev=0, monotonic_s=100.0):
    """A detection as a node with a clock that is an hour slow tells it."""
    told = detection(event_id, rev, at_s=SLOW.time_of(monotonic_s).timestamp())
    return told.model_copy(update={"clock": "unsynced", "monotonic_s": monotonic_s})


def watch_over(outbox, reading=SLOW):
    findings = Findings(link=None, outbox=outbox, speed=Speed(), evidence_quality=lambda: 90, clock=reading)
    return findings, ClockWatch(clock=SetByHand(reading), findings=findings, on_corrected=lambda: None)


def waiting(outbox):
    return {parcel.event_id: decode(Detection, parcel.detection) for parcel in outbox.due(0, 100_000)}


def test_the_clock_is_that_of_the_machine():
    read = Clock().read()
    assert abs(read.time_of(time.monotonic()).timestamp() - time.time()) < 0.02
    assert len(read.boot) == 36


@pytest.mark.parametrize("is_pi", [True, False])
@pytest.mark.parametrize(
    ("told", "timesyncd", "on_a_pi", "elsewhere"),
    [
        ("kernel: not set", "absent", False, True),
        ("kernel: not set", "tries", False, False),
        ("kernel: not set", "has set it", True, True),
        ("kernel: set", "absent", True, True),
        ("kernel: set", "tries", True, True),
        ("systemd: set", "absent", True, True),
        ("systemd: not set", "absent", False, True),
        ("nothing", "absent", False, True),
        ("nothing", "tries", False, False),
        ("nothing", "has set it", True, True),
    ],
)
def test_whose_word_on_the_clock_counts(tmp_path, monkeypatch, is_pi, told, timesyncd, on_a_pi, elsewhere):
    """The kernel's, if it may be asked, else systemd's or timesyncd's; that of a battery or a host, if there is one."""
    sysfs, programs = Sysfs(tmp_path / "sys"), tmp_path / "bin"
    if is_pi:
        sysfs.be_a_pi()
    monkeypatch.setattr(clock, "TIMESYNC", tmp_path / "timesync")
    if timesyncd != "absent":
        (tmp_path / "timesync").mkdir()
    if timesyncd == "has set it":
        (tmp_path / "timesync/synchronized").touch()
    timex = clock._Timex(maxerror=1000 if told == "kernel: set" else 16_000_000) if "kernel" in told else None
    monkeypatch.setattr(clock._Timex, "read", lambda: timex)
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    if "systemd" in told:
        answer = "yes" if told == "systemd: set" else "no"
        asks = '[ "$*" = "show --property=NTPSynchronized --value" ]'
        (programs / "timedatectl").write_text(f"#!/bin/sh\n{asks} && echo {answer}\n")
        (programs / "timedatectl").chmod(0o755)
    assert Clock(sysfs=sysfs.root).read().synced is (on_a_pi if is_pi else elsewhere)


def test_systemd_is_asked_now_and_then_though_the_clock_is_read_each_second(tmp_path, monkeypatch):
    sysfs, answer, asked = Sysfs(tmp_path / "sys"), tmp_path / "answer", tmp_path / "asked"
    sysfs.be_a_pi()
    monkeypatch.setattr(clock, "TIMESYNC", tmp_path / "timesync")
    monkeypatch.setattr(clock._Timex, "read", lambda: None)
    answer.write_text("no")
    (tmp_path / "timedatectl").write_text(f"#!/bin/sh\necho >> {asked}\nread answer < {answer}; echo $answer\n")
    (tmp_path / "timedatectl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    told = Clock(sysfs=sysfs.root)
    assert [told.read().synced for _ in range(20)] == [False] * 20
    assert asked.read_text() == "\n"
    answer.write_text("yes")
    monkeypatch.setattr("time.monotonic", lambda now=time.monotonic: now() + clock.ASK_EACH_S)
    assert told.read().synced
    assert asked.read_text() == "\n\n"


def test_what_waits_and_what_was_stored_gets_the_right_times_once_the_clock_is_set(outbox):
    stored, sent, kept = (new_event_id() for _ in range(3))
    for event_id, monotonic_s in ((stored, 60.0), (sent, 80.0), (kept, 100.0)):
        outbox.put(unsure(event_id, 2, monotonic_s), event_id.encode(), SLOW)
    outbox.settle([receipt(stored, 2)])
    findings, watch = watch_over(outbox)
    watch.look()
    assert {told.rev for told in waiting(outbox).values()} == {2}
    assert (watch.word, watch.reason()) == ("unsynced", Reason.NODE_CLOCK_UNSYNCED)
    watch._clock.reading = RIGHT
    watch.look()
    assert (watch.word, watch.reason(), findings.corrected) == ("synced", None, 3)
    told = waiting(outbox)
    for event_id, monotonic_s in ((stored, 60.0), (sent, 80.0), (kept, 100.0)):
        assert abs((told[event_id].first_at - from_unix(NOW - 100 + monotonic_s)).total_seconds()) < 0.003
        assert (told[event_id].rev, told[event_id].clock, told[event_id].monotonic_s) == (3, "synced", None)
    pictures = {parcel.event_id: parcel.evidence for parcel in outbox.due(0, 10)}
    assert pictures == {stored: None, sent: sent.encode(), kept: kept.encode()}
    outbox.settle([receipt(event_id, 3) for event_id in told])
    watch.look()
    watch._clock.reading = replace(RIGHT, offset_s=RIGHT.offset_s + 4)
    watch.look()
    assert waiting(outbox) == {}, "what is right is not told again, and a clock that drifts is not pushed about"


def test_a_receipt_for_what_was_told_before_does_not_take_the_correction_away(outbox):
    event_id = new_event_id()
    outbox.put(unsure(event_id), b"jpeg", SLOW)
    outbox.correct(RIGHT)
    outbox.settle([receipt(event_id, 0)])
    assert waiting(outbox)[event_id].rev == 1
    outbox.settle([receipt(event_id, 1)])
    assert outbox.correct(RIGHT) == outbox.health().depth == 0


def test_a_node_that_is_started_anew_before_the_clock_is_right_still_puts_right_what_it_told(tmp_path):
    stored, kept = new_event_id(), new_event_id()
    for reading in (SLOW, SLOW, RIGHT):
        box = Outbox(path=tmp_path / "outbox.db", cap_bytes=10_000_000)
        box.open()
        if not box.health().confirmed:
            box.put(unsure(stored), None, SLOW)
            box.put(unsure(kept), None, SLOW)
            box.settle([receipt(stored, 0, image="none")])
        watch_over(box, reading)[1].look()
        told = waiting(box)
        box.close()
    assert {(one.rev, one.clock) for one in told.values()} == {(1, "synced")}
    assert set(told) == {stored, kept}


def test_what_another_boot_of_the_machine_told_stays_unsure_and_is_not_guessed(outbox):
    waits, stored = new_event_id(), new_event_id()
    outbox.put(unsure(waits), None, SLOW)
    outbox.put(unsure(stored), None, SLOW)
    outbox.settle([receipt(stored, 0, image="none")])
    assert outbox.correct(replace(RIGHT, boot="another")) == 0
    assert waiting(outbox)[waits].clock == "unsynced"
    assert waiting(outbox)[waits].first_at == SLOW.time_of(100)
    assert outbox.correct(RIGHT) == 1, "what was stored cannot be put right any more, and is forgotten"
    assert not is_outdated(replace(SLOW, boot=""), replace(RIGHT, boot=""))


def test_somebody_sets_the_clock_twice_before_the_network_does(outbox):
    event_id = new_event_id()
    outbox.put(unsure(event_id), None, SLOW)
    _, watch = watch_over(outbox)
    for rev, offset_s in enumerate((-HOUR_S, -60.0, 7.0)):
        watch._clock.reading = replace(SLOW, offset_s=RIGHT.offset_s + offset_s)
        watch.look()
        told = waiting(outbox)[event_id]
        assert (told.rev, told.clock, told.monotonic_s) == (rev, "unsynced", 100.0)
        assert abs(told.first_at.timestamp() - NOW - offset_s) < 0.01
    watch._clock.reading = RIGHT
    watch.look()
    assert abs(waiting(outbox)[event_id].first_at.timestamp() - NOW) < 0.01


def test_a_clock_that_was_right_and_jumps_by_more_than_it_could_drift_was_wrong(outbox):
    event_id, wrong = new_event_id(), replace(SLOW, synced=True)
    outbox.put(detection(event_id, at_s=wrong.time_of(100).timestamp()), None, wrong)
    _, watch = watch_over(outbox, wrong)
    watch._clock.reading = RIGHT
    watch.look()
    assert abs(waiting(outbox)[event_id].first_at.timestamp() - NOW) < 0.01
    assert not is_outdated(RIGHT, replace(RIGHT, offset_s=RIGHT.offset_s + 0.9 * DRIFT_S))


def test_a_clock_once_synchronised_stays_that_though_the_kernel_gives_it_up_after_hours(tmp_path, monkeypatch):
    sysfs, timex = Sysfs(tmp_path / "sys"), clock._Timex(maxerror=1000)
    sysfs.be_a_pi()
    monkeypatch.setattr(clock, "TIMESYNC", tmp_path / "timesync")
    monkeypatch.setattr(clock._Timex, "read", lambda: timex)
    told = Clock(sysfs=sysfs.root)
    assert told.read().synced
    timex.maxerror = 16_000_000
    assert told.read().synced


def test_a_clock_that_is_led_to_the_right_time_was_off_by_what_it_was_led(outbox):
    """0.3 s are put right slowly, and the monotonic clock goes along: 0.1 s of it before anybody looked."""
    event_id, fast = new_event_id(), replace(RIGHT, synced=False)
    outbox.put(unsure(event_id), None, fast)
    findings, watch = watch_over(outbox, fast)
    watch._clock.reading = replace(RIGHT, offset_s=RIGHT.offset_s + 0.2, slewed_s=0.1)
    watch.look()
    assert abs(findings.clock.offset_s - RIGHT.offset_s - 0.2) < 1e-6
    moved_s = waiting(outbox)[event_id].first_at.timestamp() - SLOW.time_of(100).timestamp()
    assert abs(moved_s - 0.3) < 0.01


def test_what_could_not_be_written_while_the_disk_was_full_is_put_right_as_well(outbox):
    findings, watch = watch_over(outbox)
    event_id = new_event_id()
    findings._waiting.append(Waiting(unsure(event_id), None, SLOW))
    watch._clock.reading = RIGHT
    watch.look()
    findings.put_waiting()
    told = waiting(outbox)[event_id]
    assert (told.rev, told.clock) == (1, "synced")
    assert abs(told.first_at.timestamp() - NOW) < 0.01


def test_what_is_kept_for_a_clock_that_never_comes_right_is_bounded(outbox, monkeypatch):
    monkeypatch.setattr("pi_node.outbox.corrections.MOST_TOLD", 20)
    ids = [new_event_id() for _ in range(50)]
    for event_id in ids:
        outbox.put(unsure(event_id), None, SLOW)
        outbox.settle([receipt(event_id, 0, image="none")])
    assert outbox.correct(RIGHT) == 20
    assert set(waiting(outbox)) == set(ids[-20:])
    assert MOST_TOLD * len(unsure(ids[0]).to_json()) < 20_000_000


def test_a_time_that_no_clock_can_have_had_is_kept_within_what_the_contract_knows():
    early = retimed(detection(new_event_id(), at_s=10), SLOW, replace(SLOW, offset_s=SLOW.offset_s - HOUR_S))
    assert decode(Detection, early.to_json()).first_at == from_unix(0)
    assert Reading(boot="b", offset_s=1e12, synced=False).time_of(0).year == 2199


def test_an_outbox_of_an_earlier_version_is_taken_over(tmp_path):
    event_id = new_event_id()
    with sqlite3.connect(tmp_path / "outbox.db") as db:
        db.execute(BEFORE)
        payload = detection(event_id).to_json()
        db.execute("INSERT INTO outbox VALUES (?, 0, 1, 0, ?, 0, ?, NULL)", (event_id, len(payload), payload))
    box = Outbox(path=tmp_path / "outbox.db", cap_bytes=1_000_000)
    box.open()
    assert box.correct(RIGHT) == 0
    assert waiting(box)[event_id].rev == 0
    box.close()


def test_a_detection_that_cannot_be_read_holds_up_no_other_correction(outbox, caplog):
    ids = broken_waiting, broken_stored, waits, stored = [new_event_id() for _ in range(4)]
    for event_id in ids:
        outbox.put(unsure(event_id), None, SLOW)
    outbox.settle([receipt(event_id, 0, image="none") for event_id in (broken_stored, stored)])
    with outbox._file.reading() as db:
        for table, event_id in (("outbox", broken_waiting), ("told", broken_stored)):
            db.execute(f"UPDATE {table} SET detection = ? WHERE event_id = ?", (b'{"v":1}', event_id))
    assert outbox.correct(RIGHT) == 2
    told = {one.event_id: one.rev for one in outbox.due(0, 10)}
    assert told == {broken_waiting: 0, waits: 1, stored: 1}
    assert caplog.text.count("cannot be put right") == 2
    assert (outbox.correct(RIGHT), caplog.text.count("cannot be put right")) == (0, 2), "said once"


def test_what_is_stored_is_told_again_only_while_there_is_room_and_later_otherwise(tmp_path, monkeypatch):
    """A full outbox gives up nothing that was never sent for a correction, whether the corrected waits or is stored."""
    box = Outbox(path=tmp_path / "outbox.db", cap_bytes=100_000)
    box.open()
    stored, new = new_event_id(), [new_event_id() for _ in range(3)]
    box.put(unsure(stored), None, SLOW)
    box.settle([receipt(stored, 0, image="none")])
    sizes = [30_000, 30_000, 100_000 - 60_000 - 3 * len(unsure(stored).to_json())]
    for event_id, size_bytes in zip(new, sizes, strict=True):
        box.put(unsure(event_id, rev=9), b"x" * size_bytes, SLOW)
    assert box.health().size_bytes == 100_000
    somebody_set_it = replace(SLOW, offset_s=SLOW.offset_s + 60)
    findings, watch = watch_over(box)
    watch._clock.reading = somebody_set_it
    watch.look()
    assert (findings.corrected, findings.uncorrected) == (3, 1)
    assert sorted(len(parcel.evidence or b"") for parcel in box.due(0, 10)) == sizes
    assert (box.health().pictures_dropped, box.health().dropped) == (0, 0)
    box.settle([receipt(new[0], 10)])
    watch.look()
    assert findings.corrected == 3, "it is not tried each second"
    monkeypatch.setattr("time.monotonic", lambda now=time.monotonic: now() + CORRECT_EACH_S)
    watch.look()
    assert (findings.corrected, findings.uncorrected) == (4, 0)
    assert (waiting(box)[stored].rev, waiting(box)[stored].first_at) == (1, somebody_set_it.time_of(100))
    box.close()


def test_a_correction_writes_no_picture_once_more(tmp_path):
    box = Outbox(path=tmp_path / "outbox.db", cap_bytes=100_000_000)
    box.open()
    ids = [new_event_id() for _ in range(40)]
    for rev, event_id in enumerate(ids):
        box.put(unsure(event_id, rev % 4), bytes([rev]) * 200_000, SLOW)
    with box._file.reading() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert box.correct(RIGHT) == 40
    written_bytes = (tmp_path / "outbox.db-wal").stat().st_size
    assert written_bytes < 1_000_000, f"{written_bytes} of 8 MB"
    parcels = {parcel.event_id: parcel for parcel in box.due(0, 100)}
    assert [parcels[event_id].evidence for event_id in ids] == [bytes([i]) * 200_000 for i in range(40)]
    told = waiting(box)
    assert [(told[i].rev, told[i].clock) for i in ids] == [(n % 4 + 1, "synced") for n in range(40)]
    assert sum(parcel.size_bytes for parcel in parcels.values()) == box.health().size_bytes
    box.close()
