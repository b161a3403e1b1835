"""Data sets of every form that Ultralytics reads, and what is said of broken ones."""

from pathlib import Path

import pytest

from workbench.yolo_data import DataError, read_part, write_together


def _data(directory: Path, text: str, labels: str = "0 0.5 0.5 0.2 0.4\n") -> Path:
    for kind in ("images", "labels"):
        (directory / kind / "train").mkdir(parents=True)
    for name in ("b.jpg", "a.PNG", "c.jpg"):
        (directory / "images/train" / name).write_bytes(b"a picture")
    (directory / "labels/train/b.txt").write_text(labels)
    (directory / "data.yaml").write_text(text)
    return directory / "data.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "train: images/train\nnames: {0: chip, 1: dent}\n",
        "path: .\ntrain: [images/train]\nnames: [chip, dent]\n",
        "train: listed.txt\nnames: [chip, dent]\n",
    ],
)
def test_a_part_is_a_folder_a_list_of_folders_or_a_file_of_paths(tmp_path: Path, text: str) -> None:
    (tmp_path / "listed.txt").write_text("./images/train/a.PNG\nimages/train/c.jpg\n\nimages/train/b.jpg\n")
    names, pictures = read_part(_data(tmp_path, text), "train")
    assert names == ["chip", "dent"]
    assert [picture.path.name for picture in pictures] == ["a.PNG", "b.jpg", "c.jpg"]
    (label, corners) = pictures[1].truths[0]
    assert (label, corners) == ("chip", pytest.approx((0.4, 0.3, 0.6, 0.7)))
    assert pictures[0].truths == [], "a picture without a label file shows good glass"


def test_all_parts_together_are_sorted_by_name(tmp_path: Path) -> None:
    data_yaml = _data(tmp_path, "train: images/train\nval: images/val\nnames: [chip]\n")
    (tmp_path / "images/val").mkdir()
    (tmp_path / "images/val/aa.jpg").write_bytes(b"a picture")
    assert [picture.path.name for picture in read_part(data_yaml, "all")[1]] == ["a.PNG", "aa.jpg", "b.jpg", "c.jpg"]
    assert len(read_part(data_yaml, "val")[1]) == 1


def test_a_polygon_counts_as_the_box_round_it(tmp_path: Path) -> None:
    data_yaml = _data(tmp_path, "train: images/train\nnames: [chip]\n", "0 0.1 0.2 0.5 0.1 0.4 0.9\n")
    assert read_part(data_yaml, "train")[1][1].truths == [("chip", (0.1, 0.1, 0.5, 0.9))]


@pytest.mark.parametrize(
    ("text", "labels", "said"),
    [
        ("train: images/train\n", "", "`names` must list"),
        ("train: images/train\nnames: {0: a, 2: c}\n", "", "`names` must list"),
        ("train: [\n", "", "cannot be read"),
        ("just text", "", "no train, val and names"),
        ("train: images/none\nnames: [a]\n", "", "neither a folder of pictures"),
        ("train: labels/train\nnames: [a]\n", "", "holds no pictures"),
        ("val: images/train\nnames: [a]\n", "", "no part `train`. It names: val, names"),
        ("train: images/train\nnames: [a]\n", "0 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n", "b.txt, line 2: class 1"),
        ("train: images/train\nnames: [a]\n", "0 0.5 0.5\n", "line 1: 2 numbers after the class"),
        ("train: images/train\nnames: [a]\n", "zero 0.5 0.5 0.1 0.1\n", "b.txt, line 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, labels: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_part(_data(tmp_path, text, labels), "train")


def test_data_sets_with_the_same_labels_are_trained_on_together(tmp_path: Path) -> None:
    text = "train: images/train\nval: images/train\nnames: [chip, dent]\n"
    one, two = _data(tmp_path / "one", text), _data(tmp_path / "two", text)
    together = write_together(one, [two], tmp_path / "run" / "together.yaml")
    names, pictures = read_part(together, "train")
    assert names == ["chip", "dent"]
    assert len(pictures) == 6
    assert len(read_part(together, "val")[1]) == 3


def test_data_sets_with_other_labels_are_refused(tmp_path: Path) -> None:
    one = _data(tmp_path / "one", "train: images/train\nnames: [chip, dent]\n")
    two = _data(tmp_path / "two", "train: images/train\nnames: [dent, chip]\n")
    with pytest.raises(DataError, match="has the labels dent, chip"):
        write_together(one, [two], tmp_path / "together.yaml")
