"""Changed settings on the disk: what is on probation, what stays, and what a start makes of it."""

import json
import os

import pytest

from pi_node.config import in_force as config_module
from pi_node.config.in_force import Config
from pi_node.config.running import ConfigError
from pi_node.settings import NodeSettings


@pytest.fixture
def start(tmp_path):
    def start(models=("", "auto"), **settings):
        made = Config(settings=NodeSettings(**settings), path=tmp_path / "config.json", models=lambda: models)
        made.load()
        return made

    return start


def test_what_cannot_break_is_in_force_and_stays_at_once(start):
    config = start()
    config.change({"live_fps": 3, "evidence_quality": 70})
    assert not config.on_probation
    assert (start().running().live_fps, start().running().evidence_quality) == (3, 70)
    assert start().info().changed == ["evidence_quality", "live_fps"]


@pytest.mark.parametrize(
    "change",
    [{"image_wh": "800x600"}, {"camera_fps": 5}, {"camera_exposure_us": 900, "camera_focus": "5"}, {"model": "auto"}],
)
def test_what_may_break_is_taken_back_by_the_next_start_unless_it_was_confirmed(start, change):
    before = start().running()
    config = start()
    config.change(change)
    assert config.on_probation == set(change)
    later = start()
    assert later.running() == before
    assert later.taken_back.settings == change
    assert "crashed" in later.taken_back.why
    assert start().taken_back == later.taken_back
    later.change(change)
    assert later.taken_back is None
    later.confirm()
    assert not later.on_probation
    assert start().running() == later.running() != before
    assert start().taken_back is None


def test_all_that_is_wanted_together_is_taken_back_together(start):
    config = start()
    config.change({"live_fps": 3})
    config.change({"image_wh": "800x600", "live_fps": 7, "score_threshold": 0.6})
    config.take_back("why not")
    assert (config.running().image_wh, config.running().live_fps, config.running().score_threshold) == ("640x480", 3, 0)
    assert config.taken_back.settings == {"image_wh": "800x600"}
    assert start().running() == config.running()


def test_during_probation_what_cannot_break_is_changed_and_stays_and_what_may_break_waits(start):
    config = start()
    config.change({"image_wh": "800x600"})
    config.change({"live_fps": 3})
    with pytest.raises(ConfigError, match="image_wh is on probation") as refused:
        config.change({"camera_fps": 5, "live_fps": 9})
    assert refused.value.code == "config.on_probation"
    assert (config.running().image_wh, config.running().live_fps) == ("800x600", 3)
    config.take_back("why not")
    assert (config.running().image_wh, config.running().live_fps) == ("640x480", 3)
    assert start().running() == config.running()


def test_a_change_to_what_is_in_force_anyway_is_no_risk(start):
    config = start()
    config.change({"image_wh": "640x480", "camera_fps": 15})
    assert not config.on_probation


def test_null_and_reset_take_back_what_was_changed(start):
    config = start()
    config.change({"camera_fps": 5})
    config.confirm()
    config.change({"live_fps": 3, "labels_off": ["stain"]})
    config.change({"live_fps": None})
    assert config.info().changed == ["camera_fps", "labels_off"]
    config.change({"reset": True})
    assert config.on_probation == {"camera_fps", "labels_off"}
    config.confirm()
    assert start().info().changed == []
    for wrong in ({"reset": 1, "live_fps": 3}, {"reset": False}):
        with pytest.raises(ConfigError, match="stands alone"):
            config.change(wrong)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"image_wh": "huge"}, "config.size_invalid"),
        ({"image_wh": [640, 480]}, "config.size_invalid"),
        ({"camera_fps": 0}, "config.invalid"),
        ({"camera_fps": 0.2}, "config.invalid"),
        ({"camera_focus": "near"}, "config.invalid"),
        ({"camera_white_balance": "pink"}, "config.invalid"),
        ({"evidence_quality": 101}, "config.invalid"),
        ({"model": 7}, "config.invalid"),
        ({"model": "/etc/shadow"}, "config.model_unknown"),
        ({"model": "../../x.onnx"}, "config.model_unknown"),
        ({"state_dir": "/"}, "config.unknown"),
    ],
)
def test_a_wrong_value_changes_nothing_and_says_what_it_is(start, wrong, code):
    config = start()
    before = config.running()
    with pytest.raises(ConfigError) as refused:
        config.change({"live_fps": 3} | wrong)
    assert refused.value.code == code
    assert config.running() == before == start().running()


def test_a_camera_slower_than_its_hang_is_found_is_refused_from_the_start():
    with pytest.raises(ValueError, match="camera_fps"):
        NodeSettings(camera_fps=0.2)


def test_a_model_that_no_longer_lies_there_is_not_in_force(start):
    config = start(models=("", "auto", "a" * 64))
    config.change({"model": "a" * 64, "live_fps": 3})
    config.confirm()
    assert start(models=("", "a" * 64)).running().model == "a" * 64
    later = start(models=("",), model="mine.onnx")
    assert (later.running().model, later.running().live_fps) == ("mine.onnx", 3)
    assert "no longer lie" in later.taken_back.why


def test_the_model_of_the_settings_can_be_gone_back_to_by_its_name(start):
    config = start(model="mine.onnx")
    config.change({"model": "auto"})
    config.confirm()
    config.change({"model": "mine.onnx"})
    assert config.running().model == "mine.onnx"


@pytest.mark.parametrize("after", range(1, 6))
def test_a_crash_between_any_two_writes_leaves_the_old_settings_or_the_new(start, monkeypatch, after):
    """Each step of a change and its confirmation may be the last one."""

    class CrashError(BaseException):
        pass

    config = start()
    config.change({"live_fps": 3})
    steps = []

    def crashing(real):
        def step(*args, **kwargs):
            if len(steps) == after:
                raise CrashError
            steps.append(args)
            return real(*args, **kwargs)

        return step

    monkeypatch.setattr(config_module, "write_whole", crashing(config_module.write_whole))
    monkeypatch.setattr(config_module, "sync_folder", crashing(config_module.sync_folder))
    try:
        config.change({"image_wh": "800x600"})
        config.confirm()
    except CrashError:
        pass
    monkeypatch.undo()
    sizes = {start().running().image_wh, start().running().image_wh}
    assert len(sizes) == 1
    assert sizes <= {"640x480", "800x600"}
    assert sizes == ({"800x600"} if after >= 3 else {"640x480"})
    assert start().running().live_fps == 3
    again = start()
    again.change({"live_fps": 4})
    assert (start().running().live_fps, start().running().image_wh) == (4, *sizes)
    assert start().taken_back is None


@pytest.mark.parametrize(
    "text", ["{broken", "null", "[1]", '{"changes": {"image_wh": "x"}}', '{"changes": 7}', '{"taken_back": {}}']
)
def test_a_damaged_trial_file_costs_nothing_but_what_was_on_probation(start, tmp_path, text):
    start().change({"live_fps": 3})
    (tmp_path / "config-trial.json").write_text(text)
    assert (start().running().live_fps, start().running().image_wh) == (3, "640x480")
    start().change({"live_fps": 4})
    assert start().running().live_fps == 4


UNFIT = {"of_a_later_version": 1, "live_quality": 400, "live_fps": 3}


def test_one_setting_that_no_longer_holds_costs_none_of_the_others(start, tmp_path, caplog):
    """As after a return to an older version."""
    (tmp_path / "config.json").write_text(json.dumps(UNFIT))
    config = start()
    assert (config.running().live_fps, config.info().changed) == (3, ["live_fps"])
    assert "of_a_later_version" in caplog.text
    assert "live_quality" in caplog.text
    config.change({"evidence_quality": 70})
    assert start().info().changed == ["evidence_quality", "live_fps"]


def test_what_was_on_probation_is_taken_back_though_something_beside_it_no_longer_holds(start, tmp_path):
    (tmp_path / "config.json").write_text('{"live_fps": 3}')
    (tmp_path / "config-trial.json").write_text(json.dumps({"changes": UNFIT | {"image_wh": "800x600"}}))
    config = start()
    assert (config.running().image_wh, config.running().live_fps) == ("640x480", 3)
    assert config.taken_back.settings == {"image_wh": "800x600"}


def test_where_nothing_can_be_written_a_change_is_refused_and_says_so(start, tmp_path, monkeypatch):
    config = start()

    def full(*args, **kwargs):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(config_module, "write_whole", full)
    for change in ({"live_fps": 3}, {"image_wh": "800x600"}):
        with pytest.raises(ConfigError, match="No space left") as refused:
            config.change(change)
        assert refused.value.code == "config.not_kept"
    assert config.running() == start().running()
    assert not (tmp_path / "config.json").exists()


def test_what_is_kept_is_json_that_a_person_can_read(start, tmp_path):
    start().change({"region": [[0, 0], [1, 0], [1, 1]], "labels_off": ["stain"]})
    kept = json.loads((tmp_path / "config.json").read_text())
    assert kept == {"region": [[0, 0], [1, 0], [1, 1]], "labels_off": ["stain"]}


def test_the_camera_is_told_what_is_in_force(start):
    config = start(camera_gain=3)
    config.change({"camera_exposure_us": 900, "camera_focus": "5", "camera_white_balance": "1.9,1.4"})
    tuning = config.running().tuning()
    assert (tuning.exposure_us, tuning.gain, tuning.white_balance, tuning.focus_dioptres) == (900, 3, "1.9,1.4", 5)
    config.take_back("why not")
    assert config.running().tuning().focus_dioptres is None
