"""The one interface of everything that finds boxes in a picture."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from glassline.contract import Box

from .card import ModelCard

#: Detectors report boxes from this share of their score on, and such a box may carry on a mark that is known already.
FAINT_SHARE = 0.5


class Detector(Protocol):
    """Finds boxes. The context manager is the life cycle; one thread at a time.

    What goes wrong is a DetectorError, nearly all of it on entering: a detector that was entered has run once.
    """

    label_scores: Mapping[str, float]
    """Scores from which on boxes of single labels are believed, where they differ; infinity: never. May be set at any
    time. What does not count cannot hide what does."""

    @property
    def runtime(self) -> str:
        """What runs the model, like "onnxruntime"."""

    @property
    def card(self) -> ModelCard:
        """What is known of the model; its `sha256` is set."""

    @property
    def score_threshold(self) -> float:
        """Score from which on a box is believed: the card's unless the user set another. May be set at any time."""

    @score_threshold.setter
    def score_threshold(self, score: float) -> None: ...

    @property
    def inference_ms(self) -> float:
        """How long the last `detect` took as a whole, milliseconds."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def detect(self, bgr: NDArray[np.uint8]) -> list[Box]:
        """The boxes in a picture (h, w, 3) uint8 BGR, best first, at most 300.

        Also those below the score of their label down to its half: too faint to be believed alone, they tell the
        tracker that a mark it knows is still there.
        """
