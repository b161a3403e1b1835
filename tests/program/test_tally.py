"""What is counted, and how little of it reaches the log."""

import io
import logging
import threading

import pytest

from glassline.program import Tally, masked, run_logging, shown
from glassline.program.tally import MAX_KINDS, OTHER

LOG = logging.getLogger("test.tally")


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tally(clock):
    return Tally(log=LOG, clock=clock)


def lines(caplog):
    return [record.getMessage() for record in caplog.records]


def test_the_first_of_a_kind_is_said_at_once_and_then_one_a_minute_with_the_number_of_the_others(tally, clock, caplog):
    for clock.now_s, who in ((100, "pi-1"), (110, "pi-1"), (120, "pi-2"), (159, "pi-2"), (160, "pi-1"), (170, "pi-1")):
        tally.note("denied", f"{who} did it", who=who)
    assert lines(caplog) == ["pi-1 did it [denied]", "pi-1 did it [denied], and 3 more since, by pi-1, pi-2"]
    assert tally.report() == {"denied": 6}


def test_what_came_last_is_said_by_the_report_when_its_minute_is_over(tally, clock, caplog):
    tally.note("denied", "one")
    tally.note("denied", "two")
    for clock.now_s in (150, 159, 161, 300):
        tally.report()
    assert lines(caplog) == ["one [denied]", "two [denied]"]


def test_kinds_do_not_silence_each_other(tally, caplog):
    tally.note("one", "a")
    tally.note("two", "b")
    assert lines(caplog) == ["a [one]", "b [two]"]


def test_the_number_of_kinds_and_of_names_is_bounded(tally, clock, caplog):
    for number in range(3 * MAX_KINDS):
        tally.note(f"kind-{number}", "x")
        tally.count(f"count-{number}")
    assert len(tally.report()) == MAX_KINDS + 1
    assert tally.report()[OTHER] == 5 * MAX_KINDS
    caplog.clear()
    for number in range(10_000):
        tally.note("kind-0", "x", who=f"made-up-{number}")
    clock.now_s += 61
    tally.report()
    assert len(caplog.text) < 500


def test_a_fault_brings_its_traceback_once(tally, caplog):
    for _ in range(3):
        tally.note("fault", "x", error=ValueError("here"))
    assert caplog.text.count("ValueError: here") == 1


def test_threads_lose_no_count(tally):
    threads = [threading.Thread(target=lambda: [tally.note("a", "x") for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.report()["a"] == 8000


@pytest.mark.parametrize(
    ("foreign", "wanted"),
    [
        (b"\xff\xd8\0", r"\xff\xd8\x00"),
        ("two\nlines\x1b[31m", r"two\nlines\x1b[31m"),
        ("\ud800 \u202e", r"\ud800 \u202e"),
        (b'{"uri": "rtsp://eye:hunter2/x@10.0.0.9/live"}', '{"uri": "rtsp://…@10.0.0.9/live"}'),
        (b'{"password": "hunter2", "a": 1}', '{"password": "…", "a": 1}'),
        (b"token=hunter2 x", "token=… x"),
        ("x" * 500, "x" * 120 + "…"),
    ],
)  # fmt: skip
def test_foreign_text_is_shown_short_on_one_line_and_without_secrets(foreign, wanted):
    assert shown(foreign) == wanted


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("mqtt://user:p4ss/w0rd@server:1883", "mqtt://…@server:1883"),
        ("the camera 'rtsp://cam:pa/ss@w0rd@eye/1' is of no kind", "the camera 'rtsp://…@eye/1' is of no kind"),
        ("user:p4ss@server", "…@server"),
        ("mqtt://server:1883, or ask boss@glass.example", "mqtt://server:1883, or ask boss@glass.example"),
        ("sqlite:/mnt/@home/glass.db", "sqlite:/mnt/@home/glass.db"),
    ],
)
def test_of_addresses_all_up_to_the_last_at_sign_is_masked(address, wanted):
    assert masked(address) == wanted


@pytest.mark.parametrize("journal", [False, True])
def test_nobody_forges_a_line_of_the_log(monkeypatch, journal):
    monkeypatch.setenv("JOURNAL_STREAM", "1") if journal else monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        run_logging("web")
        root.handlers[0].setStream(out := io.StringIO())
        logging.getLogger("x").warning("a label: %s", "scratch\n12:00:00 ERROR broker: \x1b[2Jall is lost")
    finally:
        root.handlers[:], root.level = kept, level
    assert out.getvalue().count("\n") == 1
    assert "\x1b" not in out.getvalue()
