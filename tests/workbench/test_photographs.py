"""Photographs of scenes under several lights become a data set in which no scene is on both sides."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from workbench.model import app
from workbench.photographs import split_scenes
from workbench.yolo_data import read_part


def _scenes(directory: Path, count: int) -> tuple[list[Path], Path]:
    lights = [directory / "front", directory / "back"]
    labels = directory / "labels"
    for folder in (*lights, labels):
        folder.mkdir(parents=True)
    for number in range(count):
        (labels / f"s{number:02d}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
        for light in lights:
            (light / f"s{number:02d}.jpg").write_bytes(b"a picture")
    return lights, labels


def _names(data: Path, part: str) -> set[str]:
    pictures = {path.stem for path in (data / "images" / part).iterdir()}
    assert pictures == {path.stem for path in (data / "labels" / part).iterdir()}
    return pictures


def test_every_fifth_scene_is_held_out_with_all_of_its_lights(tmp_path: Path) -> None:
    lights, labels = _scenes(tmp_path / "raw", 12)
    data_yaml = split_scenes(tmp_path / "set", images=lights, labels=labels, names=["dent", "scratch"])
    assert _names(tmp_path / "set", "val") == {f"s{n}-{light}" for n in ("04", "09") for light in ("front", "back")}
    assert len(_names(tmp_path / "set", "train")) == 20
    assert data_yaml.read_text().endswith("names:\n  0: dent\n  1: scratch\n")
    assert (tmp_path / "set" / "images" / "val" / "s04-back.jpg").read_bytes() == b"a picture"


def test_fewer_scenes_are_spread_over_all_and_change_nothing_of_what_is_held_out(tmp_path: Path) -> None:
    lights, labels = _scenes(tmp_path / "raw", 20)
    split_scenes(tmp_path / "all", images=lights, labels=labels, names=["a"])
    split_scenes(tmp_path / "few", images=lights, labels=labels, names=["a"], scenes=4)
    few = _names(tmp_path / "few", "train")
    assert {name.split("-")[0] for name in few} == {"s00", "s05", "s10", "s15"}
    assert few < _names(tmp_path / "all", "train")
    assert _names(tmp_path / "few", "val") == _names(tmp_path / "all", "val")


def test_names_that_yaml_would_take_for_something_else_stay_names(tmp_path: Path) -> None:
    lights, labels = _scenes(tmp_path / "raw", 6)
    data_yaml = split_scenes(tmp_path / "set", images=lights, labels=labels, names=["no", "chip: large", "7"])
    assert read_part(data_yaml, "val")[0] == ["no", "chip: large", "7"]


def test_what_would_end_in_a_data_set_that_is_of_no_use_is_refused(tmp_path: Path) -> None:
    lights, labels = _scenes(tmp_path / "raw", 4)
    with pytest.raises(ValueError, match="none is held out"):
        split_scenes(tmp_path / "out", images=lights, labels=labels, names=["a"])
    with pytest.raises(ValueError, match="same name"):
        split_scenes(tmp_path / "out", images=[*lights, tmp_path / "day2" / "front"], labels=labels, names=["a"])
    assert not (tmp_path / "out").exists()


def test_a_picture_without_labels_and_a_directory_in_use_are_named(tmp_path: Path) -> None:
    lights, labels = _scenes(tmp_path / "raw", 6)
    split_scenes(tmp_path / "set", images=lights, labels=labels, names=["a"])
    with pytest.raises(ValueError, match="already holds"):
        split_scenes(tmp_path / "set", images=lights, labels=labels, names=["a"])
    (labels / "s03.txt").unlink()
    command = ["split", str(tmp_path / "new"), "--images", str(lights[0]), "--labels", str(labels), "--names", "a"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "no label file for s03.jpg" in result.output
