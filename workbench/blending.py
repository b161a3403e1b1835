"""Weights between two trainings: often better than either, above all on pictures unlike those of the training.

Source: robust fine-tuning in Wortsman et al., "Robust fine-tuning of zero-shot models", 2022 (WiSE-FT).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from glassline.vision.letterbox import Letterbox
from workbench import exporters, yolo_data
from workbench.evaluation import read_picture
from workbench.normalisation import settle_normalisation

_PICTURES, _BATCH = 160, 8
_SEED = 1


class CannotBlend(ValueError):
    """The two weights are not of one network; the message says so."""


def blend(newer: Path, older: Path, data_yaml: Path, target: Path, *, share: float) -> None:
    """Write `share` times `newer` plus the rest times `older`, a .pt each, normalised anew on pictures of a data set.

    `newer` should have been trained from `older`, with the same labels. Means and variances of batch normalisation are
    measured on training pictures as they are, letterboxed at the size that `newer` was trained at.
    """
    (network, known), (old, _) = exporters.read_weights(newer), exporters.read_weights(older)
    network, state = network.float(), old.float().state_dict()
    mixed = {name: _between(value, state.get(name), share) for name, value in network.state_dict().items()}
    network.load_state_dict(mixed)
    settle_normalisation(network, _batches(data_yaml, int(known["imgsz"])))
    exporters.save_weights(network, known, target)


def _between(new: Any, old: Any, share: float) -> Any:
    if old is None or old.shape != new.shape:
        raise CannotBlend("the two weights are not of one network: blend only what was trained from the other")
    return share * new + (1 - share) * old if new.is_floating_point() else new


def _batches(data_yaml: Path, side: int) -> Iterator[Any]:
    import torch

    _, pictures = yolo_data.read_part(data_yaml, "train")
    chosen = random.Random(_SEED).sample(pictures, min(_PICTURES, len(pictures)))
    letterbox = Letterbox(input_hw=(side, side))
    for first in range(0, len(chosen), _BATCH):
        tensors = [letterbox.fill(read_picture(one.path)).copy() for one in chosen[first : first + _BATCH]]
        yield torch.from_numpy(np.concatenate(tensors))
