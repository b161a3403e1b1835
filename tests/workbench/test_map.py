"""What `glassline model eval` calls mAP is what Ultralytics' own `val` calls it. `make test-train` runs it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from glassline.scene.dataset import write_dataset
from glassline.vision import DEFAULT_MODEL
from workbench.model import app
from workbench.training import SHIPPED_WEIGHTS, load_yolo

pytestmark = pytest.mark.train

_IMGSZ = 448


def test_the_table_agrees_with_what_ultralytics_measures(tmp_path: Path) -> None:
    data_yaml = write_dataset(tmp_path / "data", count=60, image_wh=(_IMGSZ, _IMGSZ), workers=2)
    both = data_yaml.with_name("both.yaml")
    both.write_text(data_yaml.read_text().replace("val: images/val", "val: [images/val, images/train]"))
    measured = load_yolo()(str(SHIPPED_WEIGHTS)).val(
        data=str(both), imgsz=_IMGSZ, rect=False, device="cpu", workers=0, plots=False, project=str(tmp_path / "runs")
    )
    theirs = {
        measured.names[label]: ap for label, ap in zip(measured.box.ap_class_index, measured.box.ap50, strict=True)
    }
    result = CliRunner().invoke(app, ["eval", str(both), "--model", str(DEFAULT_MODEL)])
    assert result.exit_code == 0, result.output
    ours = json.loads(result.stdout[result.stdout.index("{") :])["labels"]
    assert ours["all"]["ap50"] == pytest.approx(measured.box.map50, abs=0.01)
    for label, ap in theirs.items():
        assert ours[label]["ap50"] == pytest.approx(ap, abs=0.01), label
    assert ours["all"]["ap50_95"] == pytest.approx(measured.box.map, abs=0.01)
