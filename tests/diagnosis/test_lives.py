"""Two processes under one id: seen when one comes back, or when both lived at one time; a restart is neither."""

import pytest

from glassline.diagnosis import Lives


def _told(*messages: tuple[str, float, float | None]) -> float | None:
    lives = Lives(doubt_s=3)
    for boot, now_s, uptime_s in messages:
        lives.note(boot, now_s, uptime_s=uptime_s)
    return lives.twice_at_s


def test_a_boot_that_comes_back_is_seen_and_a_new_one_is_not() -> None:
    once = [(boot, float(number), None) for number, boot in enumerate("aabbcc")]
    assert _told(*once) is None
    assert _told(*once, ("b", 10.0, None)) == 10.0


def test_one_that_ran_while_another_spoke_is_seen_at_its_first_word() -> None:
    assert _told(("a", 100, 900), ("b", 101, 700)) == 101


@pytest.mark.parametrize("began_s", [101, 98])
def test_a_restart_is_not_two_and_a_message_may_have_been_on_its_way(began_s: float) -> None:
    assert _told(("a", 100, 900), ("b", 110, 110 - began_s), ("b", 120, 120 - began_s)) is None
