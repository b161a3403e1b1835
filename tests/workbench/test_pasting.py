"""More pictures of rare labels: what is pasted is where its box says, on glass like its own, and nothing is lost."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from glassline.data_yaml import write_data_yaml
from workbench.evaluation import read_picture
from workbench.main import app
from workbench.pasting import paste
from workbench.yolo_data import Photograph, read_part

_SIDE = 320
_DIM, _LIGHT = (90, 100, 110), (190, 200, 205)


def _write(directory: Path, name: str, bgr: np.ndarray, lines: str) -> None:
    for kind in ("images", "labels"):
        (directory / kind / "train").mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(directory / "images" / "train" / f"{name}.png"), bgr)
    (directory / "labels" / "train" / f"{name}.txt").write_text(lines)


def _glass(ground_bgr: tuple[int, int, int], seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 2, (_SIDE, _SIDE, 3))
    return np.clip(np.array(ground_bgr) + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def data_yaml(tmp_path: Path) -> Path:
    """Ten panes in dim and ten in bright light; one of each has a scratch and a crack, light on dim, dark on bright."""
    directory = tmp_path / "data"
    for number in range(10):
        for name, ground in (("dim", _DIM), ("light", _LIGHT)):
            bgr, lines = _glass(ground, number), ""
            if number == 3:
                colour = (20, 20, 20) if name == "light" else (240, 240, 240)
                cv2.line(bgr, (100, 100), (160, 130), colour, 5)
                lines = f"1 {130 / _SIDE} {115 / _SIDE} {70 / _SIDE} {40 / _SIDE}\n"
                cv2.line(bgr, (200, 250), (300, 300), (150, 150, 150), 2)
                lines += f"0 {250 / _SIDE} {275 / _SIDE} {104 / _SIDE} {54 / _SIDE}\n"
            _write(directory, f"{name}{number}", bgr, lines)
    return write_data_yaml(directory / "data.yaml", ["scratch", "crack"], val="images/train")


def _pasted(path: Path) -> list[Photograph]:
    return [one for one in read_part(path, "train")[1] if "-pasted-" in one.path.name]


def test_each_pasted_mark_lies_in_a_box_that_is_as_large_as_the_mark(data_yaml: Path, tmp_path: Path) -> None:
    written = paste(data_yaml, tmp_path / "more", ["crack"], count=40)
    cracks = 0
    for photograph in _pasted(written):
        ground = np.array(_DIM if photograph.path.name.startswith("dim") else _LIGHT)
        away = np.abs(read_picture(photograph.path).astype(int) - ground).max(axis=-1) > 40
        explained = np.zeros_like(away)
        for label, corners in photograph.truths:
            x0, y0, x1, y1 = (round(value * _SIDE) for value in corners)
            explained[y0:y1, x0:x1] = True
            if label == "crack":
                rows, columns = np.nonzero(away[y0:y1, x0:x1])
                cracks += 1
                assert np.ptp(columns) > 0.75 * (x1 - x0) - 8
                assert np.ptp(rows) > 0.75 * (y1 - y0) - 8
        assert not (away & ~explained).any()
    assert cracks > 40


def test_a_mark_goes_onto_glass_in_the_light_it_was_seen_in(data_yaml: Path, tmp_path: Path) -> None:
    dark_on_light = light_on_dim = 0
    for photograph in _pasted(paste(data_yaml, tmp_path / "more", ["crack"], count=40)):
        grey = read_picture(photograph.path).mean(axis=-1)
        if photograph.path.name.startswith("dim"):
            assert grey.min() > 70
            light_on_dim += grey.max() > 180
        else:
            assert grey.max() < 215
            dark_on_light += grey.min() < 80
    assert dark_on_light >= 15
    assert light_on_dim >= 15


def test_what_was_labelled_stays_and_nothing_is_pasted_over_it(data_yaml: Path, tmp_path: Path) -> None:
    written = paste(data_yaml, tmp_path / "more", ["crack"], count=60)
    before = {one.path.stem: one.truths for one in read_part(data_yaml, "train")[1]}
    for photograph in _pasted(written):
        kept = before[photograph.path.stem.partition("-pasted-")[0]]
        assert [label for label, _ in photograph.truths[: len(kept)]] == [label for label, _ in kept]
        assert np.allclose(
            [corners for _, corners in photograph.truths[: len(kept)]] or 0,
            [corners for _, corners in kept] or 0,
            atol=1e-5,
        )
    own = [one for one in read_part(written, "train")[1] if "-pasted-" not in one.path.name]
    assert len(own) == 20
    assert len(read_part(written, "val")[1]) == 20


def test_the_same_seed_the_same_pictures(data_yaml: Path, tmp_path: Path) -> None:
    first, again, other = (
        {
            one.path.name: one.path.read_bytes()
            for one in _pasted(paste(data_yaml, tmp_path / name, ["crack"], count=6, seed=seed))
        }
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("labels", "words"),
    [("dent", "has no label dent: there is scratch, crack"), ("scratch,", "already holds a data set")],
)
def test_what_cannot_be_done_is_said(data_yaml: Path, tmp_path: Path, labels: str, words: str) -> None:
    directory = tmp_path / "more" if labels == "dent" else data_yaml.parent
    result = CliRunner().invoke(app, ["model", "paste", str(data_yaml), str(directory), "--labels", labels])
    assert result.exit_code == 1
    assert words in " ".join(result.output.split())


def test_specks_in_the_box_of_a_scratch_that_cannot_be_seen_are_not_pasted_as_one(tmp_path: Path) -> None:
    pane = _glass(_LIGHT, 1)
    for speck in ((90, 90), (160, 170), (230, 230)):
        cv2.circle(pane, speck, 4, (60, 60, 60), -1)
    _write(tmp_path, "pane", pane, "0 0.5 0.5 0.5 0.5\n")
    data_yaml = write_data_yaml(tmp_path / "data.yaml", ["scratch"])
    with pytest.raises(ValueError, match="no mark of scratch stands out"):
        paste(data_yaml, tmp_path / "more", ["scratch"], count=3)


def test_marks_that_cannot_be_seen_are_not_pasted(tmp_path: Path) -> None:
    _write(tmp_path, "pane", _glass(_LIGHT, 1), "0 0.5 0.5 0.2 0.2\n")
    data_yaml = write_data_yaml(tmp_path / "data.yaml", ["scratch"])
    with pytest.raises(ValueError, match="no mark of scratch stands out"):
        paste(data_yaml, tmp_path / "more", ["scratch"], count=3)
