"""What is under way to a viewer, and which rate it takes, told in made-up time."""

from web.live.flow import CALM_S, MARK_S, Flow
from web.live.wish import Wish


class Line:
    """A viewer at the end of a line: a picture takes `picture_s` of it, and news of it `trip_s` to come back."""

    def __init__(self, *, picture_s: float, trip_s: float) -> None:
        self.flow, self.now_s, self.picture_s, self.trip_s = Flow(0.0), 0.0, picture_s, trip_s
        self.answers: list[tuple[float, int]] = []
        self.free_s = 0.0
        self.sent_s: list[float] = []
        self.ages_s: list[float] = []
        self.most_under_way = 0
        self._number = 0
        self._mark(trip_s)

    def _mark(self, back_s: float) -> None:
        self._number += 1
        self.flow.mark(self._number, self.now_s)
        self.answers.append((back_s, self._number))

    def run(self, fps: float, span_s: float) -> None:
        """Offer a picture `fps` times a second; what finds no room waits, newest wins."""
        end_s, due_s, waiting = self.now_s + span_s, self.now_s, False
        while self.now_s < end_s:
            self.now_s += 0.001
            while self.answers and self.answers[0][0] <= self.now_s:
                self.flow.answer(self.answers.pop(0)[1], self.now_s)
            if self.now_s >= due_s:
                due_s += 1 / fps
                if waiting:
                    self.flow.strain(self.now_s)
                waiting = True
            if waiting and self.flow.room(self.now_s):
                waiting = False
                self._send()
            elif waiting and self.flow.is_stuck():
                self._mark(max(self.free_s, self.now_s) + self.trip_s)

    def _send(self) -> None:
        wants_mark = self.flow.wants_mark(self.now_s)
        self.flow.picture(self.now_s)
        self.free_s = max(self.free_s, self.now_s) + self.picture_s
        self.sent_s.append(self.now_s)
        self.ages_s.append(self.free_s + self.trip_s / 2 - self.now_s)
        if wants_mark:
            self._mark(self.free_s + self.trip_s)

    def sent_in(self, span_s: float) -> int:
        return sum(at_s > self.now_s - span_s for at_s in self.sent_s)


def test_who_keeps_up_is_asked_twice_a_second_and_never_held() -> None:
    line = Line(picture_s=0.001, trip_s=0.005)
    line.run(15, 10)
    assert 149 <= len(line.sent_s) <= 151
    asked = line._number
    line.run(15, 4)
    assert line._number - asked <= 4 / MARK_S + 1


def test_a_slow_line_is_kept_busy_and_nothing_piles_up_before_it() -> None:
    line = Line(picture_s=0.5, trip_s=0.05)
    line.run(15, 20)
    assert line.sent_in(10) >= 18
    assert max(line.ages_s[5:]) < 2.2 * line.picture_s


def test_a_far_viewer_with_a_fast_line_gets_the_full_rate() -> None:
    line = Line(picture_s=0.002, trip_s=0.4)
    line.run(15, 10)
    assert line.sent_in(3) >= 44


def test_a_line_that_turns_slow_is_noticed_and_one_that_recovers_too() -> None:
    line = Line(picture_s=0.005, trip_s=0.01)
    line.run(15, 10)
    line.picture_s = 0.5
    line.run(15, 10)
    assert max(line.ages_s[-5:]) < 2.2 * line.picture_s
    line.picture_s = 0.005
    line.run(15, 2 + CALM_S)
    assert line.sent_in(2) >= 29


def test_a_viewer_that_never_answers_is_not_held() -> None:
    flow = Flow(0.0)
    flow.mark(1, 0.0)
    for number in range(100):
        assert flow.room(number / 15)
        flow.picture(number / 15)
    assert not flow.answers
    assert flow.unanswered_s(5.0) == 5.0


def test_answers_that_nobody_asked_for_say_nothing() -> None:
    flow = Flow(0.0)
    flow.mark(7, 0.0)
    for number in (0, 6, 8, 2**900):
        flow.answer(number, 0.1)
    assert not flow.answers
    flow.answer(7, 0.2)
    flow.answer(7, 0.3)
    assert flow.answers
    assert flow.unanswered_s(9.0) == 0


def _take(wish: Wish, *, from_s: float, span_s: float, offered_fps: float, taken_fps: float) -> float:
    """Offer a wish pictures of which the viewer takes so many; the instant after."""
    busy_s = from_s * min(1.0, offered_fps / taken_fps)
    credit = 1.0
    for number in range(int(span_s * offered_fps)):
        now_s = from_s + number / offered_fps
        wish.offered(now_s, busy_s + (now_s - from_s) * min(1.0, offered_fps / taken_fps))
        credit = min(2.0, credit + taken_fps / offered_fps)
        if credit >= 1:
            credit -= 1
            wish.sent()
        else:
            wish.skipped()
    return from_s + span_s


def test_a_wish_falls_to_what_gets_through_with_room_above() -> None:
    wish = Wish(15)
    now_s = _take(wish, from_s=0, span_s=3, offered_fps=15, taken_fps=4)
    assert 4 < wish.takes_fps < 6
    _take(wish, from_s=now_s, span_s=5, offered_fps=wish.takes_fps, taken_fps=4)
    assert 4 < wish.takes_fps < 6


def test_a_wish_rises_within_seconds_when_the_viewer_is_idle() -> None:
    wish = Wish(15)
    now_s = _take(wish, from_s=0, span_s=3, offered_fps=15, taken_fps=2)
    assert wish.takes_fps < 3
    began_s = now_s
    while wish.is_held:
        now_s = _take(wish, from_s=now_s, span_s=0.5, offered_fps=wish.takes_fps, taken_fps=100)
        assert now_s - began_s < 10


def test_a_wish_is_kept_on_average_and_uneven_pictures_are_not_lost() -> None:
    wish = Wish(2)
    assert 20 <= sum(wish.admits(number / 20) for number in range(200)) <= 23
    steady = Wish(15)
    jitter = [0.0, 0.012, -0.015, 0.01, -0.008]
    assert all(steady.admits(1 + number / 15 + jitter[number % 5]) for number in range(300))
