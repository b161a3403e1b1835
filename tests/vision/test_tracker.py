"""One physical mark, one detection: simulated belts, a detector with faults, the truth beside it."""

import threading

import numpy as np
import pytest

from glassline.contract import Box, new_event_id
from glassline.scene import Conveyor
from glassline.vision import Tracker, TrackerSettings

from .belt import Faults, Mark, Position, Simulation, Xyxy, integrated, scattered_marks, steady

PITCH = 0.53


def instants(hz: float, until_s: float, *, gaps: np.random.Generator | None = None) -> list[float]:
    """Frame times; with `gaps` one frame in twenty is followed by a pause of 0.2-1 s."""
    times, time_s = [], 0.0
    while time_s < until_s:
        times.append(time_s)
        time_s += 1 / hz + (gaps.uniform(0.2, 1.0) if gaps is not None and gaps.random() < 0.05 else 0.0)
    return times


def belt(position: Position, *, seed: int, panes: int = 12, faults: Faults | None = None) -> Simulation:
    marks = scattered_marks(np.random.default_rng(seed + 100), panes, PITCH)
    return Simulation(marks, position, faults or Faults(), seed)


def turned(position: Position, *, seed: int, turn: str) -> Simulation:
    """The same belt, running left, down or up."""

    def turn_box(box: Xyxy) -> Xyxy:
        x0, y0, x1, y1 = box
        return {"left": (1 - x1, y0, 1 - x0, y1), "down": (y0, x0, y1, x1), "up": (y0, 1 - x1, y1, 1 - x0)}[turn]

    def turned_position(time_s: float) -> tuple[float, float]:
        x, _ = position(time_s)
        return {"left": (-x, 0.0), "down": (0.0, x), "up": (0.0, -x)}[turn]

    marks = [
        Mark(m.mark_id, m.label, turn_box(m.xyxy)) for m in scattered_marks(np.random.default_rng(seed), 12, PITCH)
    ]
    return Simulation(marks, turned_position, Faults(), seed)


def box(x0: float = 0.4, *, label: str = "crack", score: float = 0.8, y0: float = 0.4, side: float = 0.1) -> Box:
    return Box(label=label, score=score, xyxyn=(x0, y0, min(1.0, x0 + side), min(1.0, y0 + side)))


def assert_each_mark_once(simulation: Simulation) -> None:
    assert len(simulation.expected) >= 8
    assert simulation.recall == 1.0
    assert simulation.duplicates == 0
    assert simulation.false_events == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("speed", [0.1, 0.3, 0.5])
def test_each_mark_on_a_steady_belt_is_told_once(speed: float, seed: int) -> None:
    assert_each_mark_once(belt(steady(speed), seed=seed).run(Tracker(), instants(10, 8 / speed)))


@pytest.mark.parametrize("turn", ["left", "down", "up"])
def test_the_direction_does_not_matter(turn: str) -> None:
    assert_each_mark_once(turned(steady(0.3), seed=4, turn=turn).run(Tracker(), instants(10, 26)))


@pytest.mark.parametrize(("hz", "speed"), [(5, 0.3), (5, 0.5), (15, 0.3)])
def test_slow_and_fast_detectors_do(hz: float, speed: float) -> None:
    assert_each_mark_once(belt(steady(speed), seed=2).run(Tracker(), instants(hz, 8 / speed)))


@pytest.mark.parametrize("seed", range(3))
def test_frames_that_are_skipped_do_not_double_marks(seed: int) -> None:
    times = instants(10, 26, gaps=np.random.default_rng(seed))
    assert_each_mark_once(belt(steady(0.3), seed=seed).run(Tracker(), times))


@pytest.mark.parametrize("seed", range(3))
def test_a_belt_that_stops_and_goes_does_not_double_marks(seed: int) -> None:
    position = integrated(lambda time_s: 0.3 if time_s % 4 < 2.5 else 0.0, 45)
    assert_each_mark_once(belt(position, seed=seed).run(Tracker(), instants(10, 42)))


@pytest.mark.parametrize("hz", [5, 10])
def test_a_belt_that_stops_and_goes_while_nobody_looks_doubles_at_most_one_in_a_hundred(hz: float) -> None:
    position = integrated(lambda time_s: 0.3 if time_s % 4 < 2.5 else 0.0, 45)
    seen = [
        belt(position, seed=seed).run(Tracker(), instants(hz, 42, gaps=np.random.default_rng(seed)))
        for seed in range(7)
    ]
    assert sum(len(one.expected) for one in seen) >= 100
    assert sum(one.duplicates for one in seen) <= 1
    assert sum(len(one.expected - set(one.reported)) for one in seen) <= 1
    assert sum(one.false_events for one in seen) == 0


def test_a_belt_that_goes_to_and_fro_tells_the_marks_that_come_back_only_once() -> None:
    """Every mark leaves the picture and comes back again and again; some stay away for longer than two seconds."""
    position = integrated(lambda time_s: 0.3 if time_s % 6 < 4 else -0.3, 62)
    seen = [belt(position, seed=seed).run(Tracker(), instants(10, 60)) for seed in range(4)]
    assert sum(len(one.expected) for one in seen) >= 45
    assert sum(one.duplicates for one in seen) <= 1
    assert sum(len(one.expected - set(one.reported)) for one in seen) == 0


def test_panes_that_went_out_of_the_picture_and_come_back_after_a_rest_are_not_new() -> None:
    position = integrated(lambda time_s: 0.3 if time_s < 8 else 0.0 if time_s < 20 else -0.3, 28)
    for seed in range(3):
        simulation = belt(position, seed=seed).run(Tracker(), instants(10, 27))
        assert len(simulation.expected) >= 4
        assert (simulation.recall, simulation.duplicates) == (1.0, 0)


def test_dirt_on_the_lens_is_told_once_and_spoils_nothing() -> None:
    """It stands still while the belt stops and goes below it."""
    position = integrated(lambda time_s: 0.3 if time_s % 4 < 2.5 else 0.0, 45)
    simulation, rng, tracker = belt(position, seed=2), np.random.default_rng(2), Tracker()
    spot, told = (0.7, 0.93, 0.76, 0.98), []
    for time_s in instants(10, 42):
        dirt = [Box(label="stain", score=0.6, xyxyn=spot)] if rng.random() > 0.2 else []
        events = tracker.update([*simulation.boxes(rng, time_s), *dirt], time_s, frame=time_s)
        of_dirt = [event for event in events if np.abs(np.subtract(event.track.best_boxes[0].xyxyn, spot)).max() < 0.02]
        told += [event for event in of_dirt if event.phase == "new"]
        simulation.take(time_s, [event for event in events if event not in of_dirt])
    assert len(told) == 1
    assert_each_mark_once(simulation)


def test_a_pane_put_in_the_place_of_another_one_is_another() -> None:
    tracker = Tracker()
    first = [event.phase for k in range(20) for event in tracker.update([box()], k / 10, frame=None)]
    gone = [event.phase for k in range(20, 70) for event in tracker.update([], k / 10, frame=None)]
    second = [event.phase for k in range(70, 90) for event in tracker.update([box()], k / 10, frame=None)]
    assert (first, gone, second) == (["new"], ["end"], ["new"])


@pytest.mark.parametrize("hz", [1.0, 0.7, 0.3])
def test_a_detector_that_looks_every_few_seconds_tells_a_mark_as_well(hz: float) -> None:
    tracker = Tracker()
    events = [event for k in range(12) for event in tracker.update([box()], k / hz, frame=None)]
    assert [event.phase for event in events] == ["new"]
    assert tracker.boxes_at(11.5 / hz)
    assert [event.phase for k in range(12, 20) for event in tracker.update([], k / hz, frame=None)] == ["end"]


def test_one_long_pause_does_not_let_marks_live_longer() -> None:
    tracker = Tracker()
    events = [event for k in range(20) for event in tracker.update([box()], k / 10, frame=None)]
    for time_s in (20.0, 20.1, 21.5):
        events += tracker.update([], time_s, frame=None)
    assert [(event.phase, event.track.last_s) for event in events] == [("new", 1.9), ("end", 1.9)]
    assert tracker.boxes_at(20.0) == []


def test_a_pane_that_stands_still_is_told_once() -> None:
    simulation = belt(lambda _: (3 * PITCH, 0.0), seed=1, panes=4)
    simulation.run(Tracker(), instants(10, 60))
    assert simulation.expected
    assert (simulation.recall, simulation.duplicates, simulation.false_events) == (1.0, 0, 0)


def test_a_belt_that_turns_round_loses_none_and_knows_what_is_still_in_view() -> None:
    there_and_back = integrated(lambda time_s: 0.3 if time_s < 5 else -0.3, 11)
    simulation = belt(there_and_back, seed=3, panes=6).run(Tracker(), instants(10, 10))
    stayed = {mark_id for mark_id in simulation.reported if simulation.opportunities[mark_id] >= 40}
    assert simulation.recall == 1.0
    assert stayed
    assert all(len(simulation.reported[mark_id]) == 1 for mark_id in stayed)


def test_single_false_alarms_never_become_a_detection() -> None:
    nothing = Simulation([], steady(0.3), Faults(false_per_frame=0.5), seed=5)
    nothing.run(Tracker(), instants(10, 300))
    assert nothing.false_events == 0


def test_ten_minutes_of_a_hundred_panes_with_false_alarms() -> None:
    marks = scattered_marks(np.random.default_rng(7), 100, 0.57)
    simulation = Simulation(marks, steady(0.1), Faults(false_per_frame=0.1), seed=7)
    simulation.run(Tracker(), instants(10, 600))
    assert len(simulation.expected) >= 100
    assert simulation.recall >= 0.98
    assert simulation.duplicates <= 0.01 * len(simulation.reported)
    assert simulation.false_events == 0


def test_marks_of_the_rendered_conveyor_are_told_once() -> None:
    conveyor, rng, tracker = Conveyor(seed=21, image_wh=(160, 120)), np.random.default_rng(0), Tracker()
    told: dict[str, list[int]] = {}
    for k in range(600):
        time_s, boxes, names = 500 + k / 8, [], {}
        for mark in conveyor.truth(time_s):
            if mark.visible_share > 0.3 and rng.random() > 0.2:
                noisy = np.clip(np.array(mark.xyxyn) + rng.normal(0, 0.003, 4), 0, 1)
                x0, y0, x1, y1 = np.minimum(noisy, noisy[[2, 3, 2, 3]])[:2].tolist() + noisy[2:].tolist()
                found = Box(
                    label=mark.label, score=float(rng.uniform(0.2, 0.9)), xyxyn=(x0, y0, max(x0, x1), max(y0, y1))
                )
                boxes.append(found)
                names[found.xyxyn] = mark.mark_id
        for event in tracker.update(boxes, time_s, frame=names):
            if event.phase == "new":
                best = event.track.best_boxes[0].xyxyn
                told.setdefault(event.track.best_frame[best], []).append(event.track.track_id)
    planted = [mark.mark_id for mark in conveyor.planted(500, 575)]
    assert len(planted) >= 40
    assert [mark_id for mark_id in planted if len(told.get(mark_id, [])) != 1] == []


def test_a_mark_is_told_when_it_is_sure_and_again_when_it_has_ended() -> None:
    tracker, phases = Tracker(), []
    for k in range(40):
        seen = [box()] if k < 12 else []
        phases += [(k, event.phase) for event in tracker.update(seen, k / 10, frame=k)]
    assert phases == [(3, "new"), (22, "end")]


def test_a_long_mark_that_is_found_in_pieces_from_the_start_is_one() -> None:
    tracker, events = Tracker(), []
    for k in range(20):
        halves = [(0.2, 0.4, 0.42, 0.43), (0.4, 0.401, 0.6, 0.431)]
        places = halves if k < 8 else [(0.2, 0.4, 0.6, 0.43)]
        seen = [Box(label="scratch", score=0.7 - 0.1 * n, xyxyn=place) for n, place in enumerate(places)]
        events += tracker.update(seen, k / 10, frame=None)
    assert [event.phase for event in events if event.phase != "update"] == ["new"]
    assert events[0].track.best_boxes[0].xyxyn == pytest.approx((0.2, 0.4, 0.6, 0.43), abs=0.01)


@pytest.mark.parametrize("other", [box(0.55), box(0.5, label="stain"), box(0.42, y0=0.52)])
def test_two_marks_near_each_other_are_two(other: Box) -> None:
    tracker = Tracker()
    events = [event for k in range(10) for event in tracker.update([box(), other], k / 10, frame=None)]
    assert [event.phase for event in events] == ["new", "new"]


def test_a_lone_sighting_and_a_faint_mark_are_not_told() -> None:
    tracker = Tracker(settings=TrackerSettings.for_threshold(0.5))
    assert tracker.update([box()], 0.0, frame=None) == []
    assert [tracker.update([box(0.7, score=0.4)], k / 10, frame=None) for k in range(1, 30)] == [[]] * 29


def test_faint_sightings_keep_a_sure_mark_alive() -> None:
    tracker = Tracker(settings=TrackerSettings.for_threshold(0.5))
    events = [e for k in range(60) for e in tracker.update([box(score=0.8 if k < 5 else 0.3)], k / 10, frame=None)]
    assert [event.phase for event in events] == ["new"]


def test_the_label_is_voted_by_score() -> None:
    tracker = Tracker()
    labels = ["stain", "crack", "stain", "stain", "crack", "stain"]
    for k, label in enumerate(labels):
        tracker.update([box(label=label, score=0.9 if label == "crack" else 0.3)], k / 10, frame=None)
    (track,) = {event.track for event in tracker.flush()}
    assert track.label == "crack"
    assert track.best_boxes[0].label == "crack"


def test_the_best_view_is_whole_and_sure_rather_than_at_the_edge() -> None:
    tracker, events = Tracker(), []
    for k in range(30):
        x0 = -0.08 + 0.02 * k
        seen = Box(label="crack", score=0.95 if x0 < 0 else 0.7, xyxyn=(max(0.0, x0), 0.4, x0 + 0.1, 0.5))
        events += tracker.update([seen], k / 10, frame=k)
    track = events[0].track
    assert [event.phase for event in events] == ["new", "update"]
    assert track.best_boxes[0].xyxyn[0] > 0.012
    assert track.best_frame == round(track.best_s * 10)
    assert track.score == pytest.approx(0.95)


def test_updates_come_at_most_once_a_second() -> None:
    tracker, told = Tracker(), []
    for k in range(60):
        score = min(1.0, 0.3 * 1.02**k)
        told += [k / 10 for event in tracker.update([box(score=score)], k / 10, frame=k) if event.phase == "update"]
    assert len(told) >= 3
    assert min(np.diff(told)) >= 1.0


def test_a_released_frame_comes_back_only_with_a_better_one() -> None:
    tracker = Tracker()
    events = [event for k in range(5) for event in tracker.update([box(score=0.5)], k / 10, frame=k)]
    track = events[0].track
    track.release()
    tracker.update([box(score=0.4)], 0.5, frame="worse")
    assert track.best_frame is None
    tracker.update([box(score=0.9)], 0.6, frame="better")
    assert (track.best_frame, track.best_s, track.best_boxes[0].score) == ("better", 0.6, 0.9)


def test_a_mark_that_shows_again_keeps_its_track_and_event_id() -> None:
    tracker, events, event_id = Tracker(), [], new_event_id()
    for k in range(70):
        hidden = 20 <= k < 45
        events += tracker.update([] if hidden else [box()], k / 10, frame=None)
        if k == 5:
            events[0].track.event_id = event_id
    assert [event.phase for event in events] == ["new", "end"]
    assert [seen.event_id for seen in tracker.boxes_at(6.9)] == [event_id]
    assert [event.track.track_id for event in tracker.flush()] == [events[0].track.track_id]


def test_a_mark_that_leaves_ends_at_once_and_one_that_enters_opposite_is_another() -> None:
    tracker, events = Tracker(), []
    for k in range(60):
        time_s = k / 10
        ones = [(0.5 + 0.2 * time_s), (-0.6 + 0.2 * time_s)]
        seen = [
            Box(label="crack", score=0.8, xyxyn=(max(0.0, x0), 0.4, min(1.0, x0 + 0.1), 0.5))
            for x0 in ones
            if -0.06 < x0 < 0.96
        ]
        events += [(time_s, event) for event in tracker.update(seen, time_s, frame=None)]
    assert [event.phase for _, event in events if event.phase != "update"] == ["new", "end", "new"]
    ended_s = next(time_s for time_s, event in events if event.phase == "end")
    assert 2.3 <= ended_s <= 2.8
    assert len({event.track.track_id for _, event in events}) == 2


def test_boxes_are_carried_forward_to_the_instant_that_is_asked_for() -> None:
    tracker = Tracker()
    for k in range(15):
        tracker.update([box(0.1 + 0.03 * k)], k / 10, frame=None)
    (ahead,) = tracker.boxes_at(1.4 + 0.5)
    assert ahead.xyxyn == pytest.approx((0.67, 0.4, 0.77, 0.5), abs=0.02)
    assert ahead.track is not None
    assert tracker.boxes_at(1.4 + 0.99)[0].xyxyn[2] <= 1.0
    assert tracker.boxes_at(1.4 + 1.5) == []


def test_boxes_that_are_not_sure_yet_are_shown_only_when_asked_for() -> None:
    tracker = Tracker()
    tracker.update([box()], 0.0, frame=None)
    assert tracker.boxes_at(0.05) == []
    assert [seen.label for seen in tracker.boxes_at(0.05, unconfirmed=True)] == ["crack"]


def test_a_clock_that_steps_back_ends_what_was_and_begins_anew() -> None:
    tracker = Tracker()
    before = [event.phase for k in range(6) for event in tracker.update([box()], 1e9 + k / 10, frame=None)]
    after = [event.phase for k in range(6) for event in tracker.update([box()], 1000 + k / 10, frame=None)]
    assert (before, after) == (["new"], ["end", "new"])


def test_no_two_trackers_of_a_process_give_the_same_number() -> None:
    numbers = []
    for tracker in (Tracker(), Tracker()):
        tracker.update([box()], 0.0, frame=None)
        numbers += [seen.track for seen in tracker.boxes_at(0.0, unconfirmed=True)]
    assert len(set(numbers)) == 2


def test_memory_stays_bounded_under_a_flood_of_boxes_and_no_frame_outlives_its_mark() -> None:
    class Frame:
        pass

    import gc
    import weakref

    rng, tracker, frames = np.random.default_rng(0), Tracker(settings=TrackerSettings(max_tracks=20)), []
    for k in range(60):
        corners = rng.uniform(0, 0.9, (400, 2))
        flood = [Box(label="x", score=0.9, xyxyn=(x, y, x + 0.05, y + 0.05)) for x, y in corners.tolist()]
        frame = Frame()
        frames.append(weakref.ref(frame))
        tracker.update(flood, k / 10, frame)
        del frame
        if k % 10 == 9:
            gc.collect()
            assert sum(reference() is not None for reference in frames) <= 41
        assert len(tracker.boxes_at(k / 10, unconfirmed=True)) <= 40
    for k in range(60, 75):
        tracker.update([], k / 10, None)
    gc.collect()
    assert sum(reference() is not None for reference in frames) == 0


def test_boxes_can_be_read_while_another_thread_updates() -> None:
    tracker, stop, seen, wrong = Tracker(), threading.Event(), [], []

    def read() -> None:
        while not stop.is_set():
            try:
                seen.append(len(tracker.boxes_at(10.0, unconfirmed=True)))
            except Exception as error:
                wrong.append(error)
            stop.wait(0.0005)

    reader = threading.Thread(target=read)
    reader.start()
    belt(steady(0.3), seed=0).run(tracker, instants(10, 15))
    stop.set()
    reader.join(10)
    assert not reader.is_alive()
    assert not wrong
    assert seen


def test_a_mark_remembered_over_a_restart_goes_on_as_the_same_detection():
    def box_at(time_s: float) -> list[Box]:
        x = 0.9 - 0.3 * time_s
        return [Box(label="crack", score=0.8, xyxyn=(x - 0.05, 0.4, x + 0.05, 0.5))] if x > 0.05 else []

    before, events = Tracker(), []
    for step in range(6):
        for event in before.update(box_at(step / 10), step / 10, frame=step):
            event.track.event_id = event.track.event_id or new_event_id()
            events.append((event.phase, event.track.event_id))
    kept = before.remembered()
    after = Tracker()
    after.recall(kept, 1.8)
    for step in range(18, 60):
        events += [(e.phase, e.track.event_id) for e in after.update(box_at(step / 10), step / 10, frame=step)]
    assert [phase for phase, _ in events] == ["new", "end"]
    assert len({event_id for _, event_id in events}) == 1


@pytest.mark.parametrize("stopped_after_s", [0.5, 9.0])
def test_marks_go_on_over_a_restart_also_if_the_belt_stopped_meanwhile_or_the_first_frames_show_nothing(
    stopped_after_s: float,
) -> None:
    def boxes_at(time_s: float) -> list[Box]:
        x = 0.1 + 0.2 * min(time_s, stopped_after_s)
        spots = [("crack", x, 0.2, 0.1), ("stain", x + 0.15, 0.6, 0.05)]
        return [Box(label=label, score=0.8, xyxyn=(x, y, x + w, y + 0.1)) for label, x, y, w in spots]

    before, phases = Tracker(), []
    for step in range(6):
        for event in before.update(boxes_at(step / 10), step / 10, frame=step):
            event.track.event_id = event.track.event_id or new_event_id()
            phases.append(event.phase)
    after = Tracker()
    after.recall(before.remembered(), 1.8)
    for step in range(18, 28):
        seen = [] if step < 20 else boxes_at(step / 10)
        phases += [event.phase for event in after.update(seen, step / 10, frame=step)]
    assert [phase for phase in phases if phase != "update"] == ["new", "new"]


def test_after_a_restart_only_a_better_view_replaces_the_picture_that_was_told():
    whole, cut_off = box(0.4, score=0.9), box(0.4, score=0.4)
    before = Tracker()
    for step in range(6):
        for event in before.update([whole], step / 10, frame=step):
            event.track.event_id = new_event_id()
    after, events = Tracker(), []
    after.recall(before.remembered(), 0.6)
    for step in range(6, 30):
        events += after.update([cut_off], step / 10, frame=step)
    (track,) = {event.track for event in after.flush()}
    assert not events
    assert (track.best_frame, track.best_boxes[0].score) == (None, 0.9)


def test_a_mark_remembered_is_not_taken_for_another_elsewhere():
    before = Tracker()
    for step in range(6):
        for event in before.update([Box(label="crack", score=0.8, xyxyn=(0.1, 0.1, 0.2, 0.2))], step / 10, frame=step):
            event.track.event_id = new_event_id()
    after = Tracker()
    after.recall(before.remembered(), 1.0)
    box = Box(label="crack", score=0.8, xyxyn=(0.7, 0.7, 0.8, 0.8))
    phases = [event.phase for step in range(10, 16) for event in after.update([box], step / 10, frame=step)]
    assert phases == ["new"]
