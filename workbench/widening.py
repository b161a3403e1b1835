"""A larger network that starts from what a smaller one has learnt.

Source: Net2WiderNet in Chen, Goodfellow and Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench import exporters

_ATTENTION = "model.10.m.0.attn"


class CannotWiden(ValueError):
    """The weights are not those of a YOLO11n that detects; the message says so."""


def widen(narrow: Path, target: Path, *, seed: int = 0) -> None:
    """Write a YOLO11s that finds exactly what the YOLO11n in `narrow` finds, a .pt each, to go on training from.

    Each channel becomes two alike, and what reads them shares its weight out between the two, unequally, so that they
    learn different things from then on.
    """
    import torch
    from ultralytics.nn.tasks import DetectionModel

    network, known = exporters.read_weights(narrow)
    network = network.float()
    if network.yaml.get("yaml_file") != "yolo11n.yaml" or known["task"] != "detect":
        raise CannotWiden(f"{narrow} holds no YOLO11n that detects: only from such a one a YOLO11s can be made")
    wide = DetectionModel("yolo11s.yaml", nc=len(network.names), verbose=False)
    wide.names = network.names
    state, blocks = network.state_dict(), _head_blocks(network.get_submodule(_ATTENTION))
    chance = torch.Generator().manual_seed(seed)
    wider = {
        name: _as_wide(state[name], like, blocks.get(name, (1, 1)), chance) for name, like in wide.state_dict().items()
    }
    wide.load_state_dict(wider)
    exporters.save_weights(wide.eval(), known, target)


def _head_blocks(attention: Any) -> dict[str, tuple[int, int]]:
    """How many channels (out, in) stay together where the heads of the attention lie one after the other: one head's.

    A head is as wide in the larger network, which has twice as many of them.
    """
    head = attention.head_dim
    blocks = {"qkv": (2 * attention.key_dim + head, 1), "pe": (head, 1), "proj": (1, head)}
    return {
        f"{_ATTENTION}.{layer}.{name}": block
        for layer, block in blocks.items()
        for name in getattr(attention, layer).state_dict()
    }


def _as_wide(narrow: Any, like: Any, blocks: tuple[int, int], chance: Any) -> Any:
    """`narrow` in the shape of `like`: each output twice, each input twice with its weight shared out."""
    import torch

    outputs, inputs = blocks
    wide = narrow
    if narrow.ndim and like.shape[0] == 2 * narrow.shape[0]:
        wide = wide.unflatten(0, (-1, outputs)).repeat_interleave(2, dim=0).flatten(0, 1)
    if narrow.ndim == 4 and like.shape[1] == 2 * narrow.shape[1]:
        share = 0.1 + 0.8 * torch.rand(wide.shape[:2], generator=chance)[..., None, None]
        parts = [(wide * one).unflatten(1, (-1, inputs)) for one in (share, 1 - share)]
        wide = torch.stack(parts, dim=2).flatten(1, 3)
    return wide
