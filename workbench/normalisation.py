"""Means and variances of batch normalisation, measured anew on weights as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def settle_normalisation(network: Any, batches: Iterable[Any]) -> None:
    """Forget the running averages of a network and take those over `batches`, each (n, 3, h, w) float32, 0-1.

    Source: precise batch normalisation in Wu and Johnson, "Rethinking Batch in BatchNorm", 2021.
    """
    import torch

    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
    network.train()
    with torch.no_grad():
        for batch in batches:
            network(batch)
    network.eval()
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
