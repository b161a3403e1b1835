"""Networks that have learnt nothing: how long one takes, and how it is exported, does not depend on that."""

from __future__ import annotations

from pathlib import Path

from workbench.training import load_yolo

_SEED = 3
_SIDE = 128
_PICTURES = 4


def write_untrained(best: Path, architecture: str, *, score_bias: float | None = None) -> Path:
    """Write a .pt whose activations are normalised as training leaves them, and return its path.

    Without that they vanish from layer to layer, and numbers too small to be normal take a processor longer. With a
    `score_bias` the scores are spread around its sigmoid, so that some boxes are believed; else none are.
    """
    yolo = load_yolo()
    import torch

    torch.manual_seed(_SEED)
    model = yolo(f"{architecture}.yaml")
    network = model.model
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None
    for branch in getattr(network.model[-1], "cv3", []) if score_bias is not None else []:
        torch.nn.init.normal_(branch[-1].weight, std=0.3)
        torch.nn.init.constant_(branch[-1].bias, score_bias)
    with torch.no_grad():
        network.train()(torch.rand(_PICTURES, 3, _SIDE, _SIDE))
    network.eval()
    model.save(str(best))
    return best
