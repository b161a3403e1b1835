"""When a change of settings counts as one that works; time is an argument."""

import pytest

from glassline.contract import Reason
from glassline.diagnosis import Hop
from pi_node.config.trial import BROKEN_S, HEALTHY_S, MOST_S, PATIENCE_S, Seen, Trial

WELL = Seen(problems=frozenset(), captured=0, detected=0, loaded=True)
CAMERA, DETECTOR = frozenset({Hop.CAMERA}), frozenset({Hop.DETECTOR})


def ill(*problems, loaded=True):
    return Seen(problems=frozenset(problems), captured=0, detected=0, loaded=loaded)


def decided_at(trial, seen_at, until_s=2 * MOST_S):
    """When it is decided, looking twice a second; None: it is not."""
    for half_s in range(int(until_s * 2)):
        if trial.look(seen_at(half_s / 2), half_s / 2):
            return half_s / 2
    return None


def working(now_s, **more):
    return Seen(
        **{"problems": frozenset(), "captured": int(now_s * 10), "detected": int(now_s * 5), "loaded": True} | more
    )


def test_what_works_for_a_while_stays():
    trial = Trial(before=WELL, touches=CAMERA, now_s=0)
    assert decided_at(trial, working) == HEALTHY_S
    assert trial.works


@pytest.mark.parametrize("stands_still", ["captured", "detected"])
def test_without_pictures_or_looks_nothing_is_proven(stands_still):
    trial = Trial(before=WELL, touches=CAMERA, now_s=0)
    assert decided_at(trial, lambda now_s: working(now_s, **{stands_still: 3})) == MOST_S
    assert not trial.works


def test_a_detector_that_looks_once_in_ten_seconds_is_seen_to_work():
    trial = Trial(before=WELL, touches=DETECTOR, now_s=0)
    assert decided_at(trial, lambda now_s: working(now_s, detected=int(now_s / 10 + 0.4))) < 20
    assert trial.works


@pytest.mark.parametrize("problem", [Reason.CAMERA_MISSING, Reason.CAMERA_BLACK, Reason.DETECTOR_STUCK])
def test_what_goes_wrong_and_stays_so_is_held_against_it(problem):
    trial = Trial(before=WELL, touches=CAMERA, now_s=0)
    assert decided_at(trial, lambda now_s: ill(problem) if now_s >= 3 else working(now_s)) == 3 + PATIENCE_S
    assert (trial.works, trial.fault) == (False, problem)


def test_a_camera_that_is_busy_for_a_moment_is_forgiven_but_must_work_as_long_as_any():
    trial = Trial(before=WELL, touches=CAMERA, now_s=0)
    assert (
        decided_at(trial, lambda now_s: ill(Reason.CAMERA_BUSY) if 2 <= now_s < 9 else working(now_s)) == 9 + HEALTHY_S
    )
    assert trial.works


def test_one_that_fails_now_and_then_does_not_work():
    trial = Trial(before=WELL, touches=CAMERA, now_s=0)
    at_s = decided_at(trial, lambda now_s: ill(Reason.CAMERA_MISSING) if now_s % 8 < 2 else working(now_s))
    assert at_s == MOST_S
    assert not trial.works


def test_a_model_may_take_its_time_to_load_but_not_for_ever():
    trial = Trial(before=WELL, touches=DETECTOR, now_s=0)
    starting = ill(Reason.DETECTOR_STARTING, loaded=False)
    assert decided_at(trial, lambda now_s: starting if now_s < 60 else working(now_s)) == 60 + HEALTHY_S
    assert trial.works
    trial = Trial(before=WELL, touches=DETECTOR, now_s=0)
    assert decided_at(trial, lambda now_s: starting) == MOST_S
    assert trial.fault == Reason.DETECTOR_STARTING


def test_a_model_is_changed_though_the_camera_is_broken_but_must_load():
    blind = {"problems": frozenset({Reason.CAMERA_MISSING}), "captured": 7, "detected": 3}
    before = Seen(**blind, loaded=True)
    trial = Trial(before=before, touches=DETECTOR, now_s=0)
    assert decided_at(trial, lambda now_s: Seen(**blind, loaded=now_s >= 4)) == 4 + HEALTHY_S
    assert trial.works
    trial = Trial(before=before, touches=DETECTOR, now_s=0)
    assert decided_at(trial, lambda now_s: Seen(**blind, loaded=False)) == MOST_S


def test_the_camera_is_changed_though_there_is_no_model():
    no_model = frozenset({Reason.DETECTOR_MODEL_MISSING})
    trial = Trial(before=ill(*no_model, loaded=False), touches=CAMERA, now_s=0)
    assert decided_at(trial, lambda now_s: working(now_s, problems=no_model, detected=0, loaded=False)) == HEALTHY_S
    assert trial.works


def test_what_was_broken_before_excuses_nothing_that_is_changed_itself():
    trial = Trial(before=ill(Reason.DETECTOR_MODEL_BROKEN), touches=DETECTOR, now_s=0)
    assert decided_at(trial, lambda now_s: ill(Reason.DETECTOR_MODEL_BROKEN)) == BROKEN_S
    assert trial.fault == Reason.DETECTOR_MODEL_BROKEN
