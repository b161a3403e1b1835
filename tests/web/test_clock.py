"""The lag of frames, with time as an argument: what counts is what a message took longer than the quickest."""

import pytest

from web.programs.clock import DOUBT_S, WINDOW_S, NodeClock

BOOT, NEXT_BOOT = "00000001", "00000002"


@pytest.mark.parametrize("node_clock_s", [0.0, 1.8e9, 4.1e9, -1e9], ids=["1970", "now", "2100", "before all"])
def test_lag_is_over_the_least_whatever_the_nodes_clock_says(node_clock_s: float) -> None:
    clock = NodeClock()
    assert clock.note(BOOT, node_clock_s, 100.0) == 0.0
    assert clock.note(BOOT, node_clock_s + 1, 101.5) == pytest.approx(0.5, abs=1e-3)
    assert clock.note(BOOT, node_clock_s + 2, 101.9) == pytest.approx(0.0, abs=1e-3)
    assert clock.note(BOOT, node_clock_s + 3, 104.0) == pytest.approx(1.1, abs=1e-3)


def test_a_backlog_is_dropped_and_what_is_fresh_again_is_shown() -> None:
    clock = NodeClock()
    for n in range(10):
        assert clock.admit(BOOT, n, 1000 + n / 10, 50 + n / 10)
    drained_at_s = 56.0
    admitted = [n for n in range(10, 60) if clock.admit(BOOT, n, 1000 + n / 10, drained_at_s + n / 1000)]
    assert admitted
    assert all(drained_at_s + n / 1000 - (50 + n / 10) <= 1.0 for n in admitted)
    assert admitted[-1] == 59


def test_an_older_frame_of_the_same_boot_is_never_shown_after_a_newer_one() -> None:
    clock = NodeClock()
    assert clock.admit(BOOT, 5, 1000.0, 50.0)
    assert not clock.admit(BOOT, 4, 999.9, 50.01)
    assert clock.admit(NEXT_BOOT, 0, 900.0, 50.1)


def test_a_clock_that_was_set_back_begins_anew() -> None:
    clock = NodeClock()
    assert clock.admit(BOOT, 1, 5000.0, 50.0)
    assert clock.admit(BOOT, 2, 1400.0, 50.1)
    assert clock.admit(BOOT, 3, 1400.1, 50.2)
    assert not clock.admit(BOOT, 4, 1400.2, 52.0)


def test_a_clock_that_was_set_back_between_rare_frames_heals_within_two_windows() -> None:
    clock = NodeClock()
    assert clock.admit(BOOT, 0, 1000.0, 50.0)
    admitted_at_s = [50.0 + 10 * n for n in range(1, 20) if clock.admit(BOOT, n, 1000.0 + 10 * n - 5, 50.0 + 10 * n)]
    assert admitted_at_s[0] <= 50.0 + 2 * WINDOW_S + 10


def test_one_forged_number_does_not_end_the_picture() -> None:
    clock = NodeClock()
    assert clock.admit(BOOT, 1, 1000.0, 50.0)
    assert clock.admit(BOOT, 2**53, 1000.1, 50.1), "anybody may say that"
    shown = [at for at in range(1, 300) if clock.admit(BOOT, 1 + at, 1000.1 + at / 10, 50.1 + at / 10)]
    assert shown[0] <= 10 * DOUBT_S + 2
    assert shown == list(range(shown[0], 300))
