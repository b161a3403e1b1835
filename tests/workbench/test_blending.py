"""Weights between two trainings, for real: what a share of each means, and what does not belong together."""

from pathlib import Path

import pytest

from glassline.scene.dataset import write_dataset
from workbench.blending import CannotBlend, blend
from workbench.exporters import save_weights
from workbench.training import load_yolo

pytestmark = pytest.mark.train


def _weights(path: Path, seed: int, labels: int = 2) -> Path:
    yolo = load_yolo()
    import torch

    torch.manual_seed(seed)
    network = yolo("yolo11n.yaml").model
    network.names = {number: str(number) for number in range(labels)}
    save_weights(network, {"task": "detect", "imgsz": 64}, path)
    return path


def _kernels(path: Path) -> list:
    import torch

    state = torch.load(path, map_location="cpu", weights_only=False)["model"].float().state_dict()
    return [value for name, value in state.items() if name.endswith("conv.weight")]


def test_a_share_of_each_and_normalisation_measured_anew(tmp_path: Path) -> None:
    import torch

    data_yaml = write_dataset(tmp_path / "data", count=20, image_wh=(96, 96), workers=1)
    new, old = _weights(tmp_path / "new.pt", 1), _weights(tmp_path / "old.pt", 2)
    blend(new, old, data_yaml, tmp_path / "blend.pt", share=0.75)
    parts = zip(_kernels(tmp_path / "blend.pt"), _kernels(new), _kernels(old), strict=True)
    assert all(torch.allclose(both, 0.75 * a + 0.25 * b, atol=2e-3) for both, a, b in parts)
    network = torch.load(tmp_path / "blend.pt", map_location="cpu", weights_only=False)["model"]
    first = next(layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d))
    assert not torch.allclose(first.running_mean.float(), torch.zeros_like(first.running_mean).float())


def test_weights_of_other_networks_are_refused(tmp_path: Path) -> None:
    data_yaml = write_dataset(tmp_path / "data", count=10, image_wh=(96, 96), workers=1)
    yolo = load_yolo()
    save_weights(yolo("yolo11s.yaml").model, {"task": "detect", "imgsz": 64}, tmp_path / "other.pt")
    with pytest.raises(CannotBlend, match="not of one network"):
        blend(_weights(tmp_path / "new.pt", 1), tmp_path / "other.pt", data_yaml, tmp_path / "b.pt", share=0.5)
