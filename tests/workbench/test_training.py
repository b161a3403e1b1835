"""Real training, small: weights are kept and changed, what was interrupted goes on. `make test-train` runs it."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glassline.scene.dataset import write_dataset
from glassline.vision import YoloDetector
from workbench.exporting import export_model
from workbench.training import train

pytestmark = pytest.mark.train

IMGSZ = 64


@pytest.fixture(scope="module")
def data_yaml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"), count=20, image_wh=(96, 96), workers=1)


@pytest.fixture(scope="module")
def first_run(data_yaml: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    return train(data_yaml=data_yaml, runs=runs, name="first", imgsz=IMGSZ, epochs=1, batch=4, workers=0)


def _convolutions(weights: Path) -> dict[str, object]:
    import torch

    model = torch.load(weights, map_location="cpu", weights_only=False)["model"]
    return {
        name: value.float()
        for name, value in model.state_dict().items()
        if name.endswith("conv.weight") and ".cv3." not in name
    }


def test_an_epoch_leaves_weights_that_export(first_run: Path, tmp_path: Path) -> None:
    done = export_model(first_run / "weights" / "best.pt", tmp_path)
    assert not done.problems
    card = json.loads(done.card.read_text())
    assert (card["imgsz"], card["task"]) == (IMGSZ, "detect")
    assert "scratch" in card["labels"]
    with YoloDetector(tmp_path / "best.onnx") as detector:
        assert detector.card.labels == tuple(card["labels"])


def test_what_the_model_normalises_by_fits_its_weights(first_run: Path, data_yaml: Path) -> None:
    """Five batches move running averages by a seventh; a network saved with those sees nothing."""
    import cv2
    import torch

    pictures = [cv2.resize(cv2.imread(str(path)), (IMGSZ, IMGSZ)) for path in data_yaml.parent.glob("images/train/*")]
    batch = torch.stack([torch.from_numpy(bgr[..., ::-1].copy()).permute(2, 0, 1) for bgr in pictures]).float() / 255
    network = torch.load(first_run / "weights" / "last.pt", map_location="cpu", weights_only=False)["model"].float()
    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    saved = [layer.running_var.clone() for layer in layers]
    for layer in layers:
        layer.momentum = 1.0
    network.train()(batch)
    apart = [float((layer.running_var / was).log().abs().median()) for layer, was in zip(layers, saved, strict=True)]
    assert sorted(apart)[len(apart) // 2] < 0.7


def test_training_starts_from_the_weights_given_whatever_their_labels(
    first_run: Path, data_yaml: Path, tmp_path: Path
) -> None:
    import torch

    fewer = data_yaml.with_name("fewer.yaml")
    fewer.write_text("train: images/train\nval: images/val\nnames: [a, b, c, d, e, f]\n", encoding="utf-8")
    start = first_run / "weights" / "last.pt"
    run = train(
        data_yaml=fewer,
        runs=tmp_path,
        name="tuned",
        weights=start,
        imgsz=IMGSZ,
        epochs=1,
        batch=4,
        lr0=1e-9,
        keep_best=False,
        workers=0,
    )
    before, after = _convolutions(start), _convolutions(run / "weights" / "last.pt")
    assert before
    assert all(torch.allclose(before[name], after[name], atol=1e-3) for name in before)
    assert (run / "weights" / "best.pt").is_file()


def test_a_training_that_was_killed_goes_on_where_it_was(data_yaml: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from workbench.main import app; app()", "model", "train", str(data_yaml)]
    command += ["--runs", str(tmp_path), "--name", "cut", "--imgsz", str(IMGSZ), "--epochs", "6", "--batch", "4"]
    last = tmp_path / "cut" / "weights" / "last.pt"
    process = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not last.is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.wait()
    done = len(_epochs(tmp_path / "cut"))
    assert 1 <= done < 6
    subprocess.run([*command, "--resume"], env=os.environ, check=True, capture_output=True, timeout=300)
    assert [int(row["epoch"]) for row in _epochs(tmp_path / "cut")] == list(range(1, 7))
    again = subprocess.run([*command, "--resume"], env=os.environ, check=True, capture_output=True, timeout=300)
    assert b"is finished: there is nothing to resume" in again.stdout


def test_weights_that_are_not_whole_are_said_to_be_so(first_run: Path, data_yaml: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn" / "weights" / "last.pt"
    torn.parent.mkdir(parents=True)
    torn.write_bytes((first_run / "weights" / "last.pt").read_bytes()[:100_000])
    with pytest.raises(ValueError, match=r"last.pt is not whole .*start without --resume"):
        train(data_yaml=data_yaml, runs=tmp_path, name="torn", resume=True)


def _epochs(run: Path) -> list[dict[str, str]]:
    with (run / "results.csv").open(encoding="utf-8", newline="") as lines:
        return [{key.strip(): value for key, value in row.items()} for row in csv.DictReader(lines)]
