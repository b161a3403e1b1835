"""A YOLO11s made from a YOLO11n, for real: it computes the same, and what is no YOLO11n is refused."""

from pathlib import Path

import pytest

from workbench.exporters import save_weights
from workbench.training import SHIPPED_WEIGHTS, load_yolo
from workbench.widening import CannotWiden, widen

pytestmark = pytest.mark.train


def _network(path: Path):
    import torch

    return torch.load(path, map_location="cpu", weights_only=False)["model"].float().eval()


def test_the_larger_network_finds_what_the_smaller_one_finds(tmp_path: Path) -> None:
    load_yolo()
    import torch

    widen(SHIPPED_WEIGHTS, tmp_path / "wide.pt")
    narrow, wide = _network(SHIPPED_WEIGHTS), _network(tmp_path / "wide.pt")
    picture = torch.rand(1, 3, 160, 160, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        theirs, ours = narrow(picture)[0], wide(picture)[0]
    assert wide.names == narrow.names
    assert sum(value.numel() for value in wide.parameters()) > 3 * sum(value.numel() for value in narrow.parameters())
    assert torch.allclose(ours[:, :4], theirs[:, :4], atol=0.5)
    assert torch.allclose(ours[:, 4:], theirs[:, 4:], atol=5e-3)


def test_twins_do_not_weigh_the_same(tmp_path: Path) -> None:
    load_yolo()
    widen(SHIPPED_WEIGHTS, tmp_path / "wide.pt")
    kernel = _network(tmp_path / "wide.pt").model[1].conv.weight
    assert (kernel[:, ::2] - kernel[:, 1::2]).abs().mean() > 0.2 * kernel.abs().mean()


def test_what_is_no_yolo11n_is_refused(tmp_path: Path) -> None:
    save_weights(load_yolo()("yolo11s.yaml").model, {"task": "detect", "imgsz": 64}, tmp_path / "s.pt")
    with pytest.raises(CannotWiden, match="no YOLO11n that detects"):
        widen(tmp_path / "s.pt", tmp_path / "wider.pt")
