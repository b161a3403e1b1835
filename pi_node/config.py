"""Settings that may change while the node runs: from the page, kept on the disk, echoed in `info`."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from glassline.program import shown
from glassline.vision import ModelCard
from glassline.writing import write_whole

from .attention import Attention, Labels, Region, Thresholds
from .settings import NodeSettings

log = logging.getLogger(__name__)


class ConfigError(ValueError):
    """A wanted change is not possible; the text says which and why, the code what kind of fault it is."""

    def __init__(self, sentence: str, code: str = "config.invalid") -> None:
        super().__init__(sentence)
        self.code = code


_CODES = {
    "region": "config.region_invalid",
    "label_thresholds": "config.threshold_invalid",
    "score_threshold": "config.threshold_invalid",
}
"""By the setting that is wrong; all others are `config.invalid`, and one that there is not is `config.unknown`."""


class RunningConfig(BaseModel):
    """What the command `config` may set; same names and bounds as in the settings table."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    detect_fps: Annotated[float, Field(ge=0.1, le=120)]
    live_fps: Annotated[float, Field(ge=0.1, le=120)]
    live_quality: Annotated[int, Field(ge=1, le=100)]
    frame_meta: bool
    score_threshold: Annotated[float, Field(ge=0, le=1)]
    """0: what the model's card recommends."""
    label_thresholds: Thresholds
    labels_off: Labels
    region: Region

    def attention(self, card: ModelCard) -> Attention:
        """What of a picture counts with this model."""
        return Attention(
            score_threshold=self.score_threshold or card.score_threshold,
            label_thresholds=self.label_thresholds,
            labels_off=frozenset(self.labels_off),
            region=self.region,
        )

    def unknown_labels(self, known: Sequence[str]) -> list[str]:
        """Labels that are set up here and that the model does not have."""
        return [label for label in dict.fromkeys([*self.label_thresholds, *self.labels_off]) if label not in known]


class Config:
    """The settings in force: the node's own, and over them what was changed while it ran."""

    def __init__(self, *, settings: NodeSettings, path: Path) -> None:
        self._path = path
        self._base = RunningConfig(**{name: getattr(settings, name) for name in RunningConfig.model_fields})
        self._changes: dict[str, Any] = {}
        self._running = self._base

    def running(self) -> RunningConfig:
        return self._running

    def load(self) -> None:
        """Take over what was changed in an earlier run; a file that does not hold is reported and ignored."""
        try:
            changes = json.loads(self._path.read_bytes())
            if not isinstance(changes, dict):
                raise ConfigError(f"expected a JSON object, got {type(changes).__name__}")
            self._running = self._merged(changes)
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            log.error("the changed settings in %s are not used: %s", self._path, error)
            return
        self._changes = changes
        if changes:
            log.info("changed from the page, over what is set elsewhere: %s (%s)", changes, self._path)

    def warn_of_labels(self, card: ModelCard | None) -> None:
        """Say in the log which labels are set up that the model now in force does not have."""
        unknown = [] if card is None else self._running.unknown_labels(card.labels)
        if unknown:
            log.warning("set up for labels that the model does not have, without effect: %s", ", ".join(unknown))

    def change(self, wanted: dict[str, Any], *, labels: Sequence[str] | None = None) -> RunningConfig:
        """Check, keep on the disk, and put in force; ConfigError changes nothing.

        None as a value takes a change back. `labels` are the model's, None while there is none.
        """
        _check_names(wanted)
        changed = {name: value for name, value in (self._changes | wanted).items() if value is not None}
        running = self._merged(changed)
        _check_labels(running, wanted, labels)
        changes = {name: value for name, value in running.model_dump(mode="json").items() if name in changed}
        try:
            write_whole(self._path, json.dumps(changes).encode(), durable=True)
        except OSError as error:
            raise ConfigError(f"cannot keep the settings in {self._path}: {error.strerror}") from None
        self._running, self._changes = running, changes
        return running

    def _merged(self, wanted: dict[str, Any]) -> RunningConfig:
        try:
            return RunningConfig.model_validate(self._base.model_dump() | wanted)
        except ValidationError as error:
            code = next((_CODES[str(item["loc"][0])] for item in error.errors() if item["loc"][0] in _CODES), "")
            problems = [
                f"{'.'.join(map(str, item['loc']))[:80]}: {item['msg']}, got {shown(repr(item['input']))}"
                for item in error.errors()[:10]
            ]
            known = ", ".join(RunningConfig.model_fields)
            raise ConfigError("; ".join(problems) + f" (can be changed: {known})", code or "config.invalid") from None


def _check_names(wanted: dict[str, Any]) -> None:
    unknown = [name for name in wanted if name not in RunningConfig.model_fields]
    if unknown:
        known = ", ".join(RunningConfig.model_fields)
        raise ConfigError(f"there is no {shown(unknown[0])} (can be changed: {known})", "config.unknown")


def _check_labels(running: RunningConfig, wanted: dict[str, Any], labels: Sequence[str] | None) -> None:
    """Refuse labels that the model does not have; those set up earlier, for another model, may stay."""
    named = [label for name in ("label_thresholds", "labels_off") if name in wanted for label in getattr(running, name)]
    unknown = [label for label in named if labels is not None and label not in labels]
    if labels is not None and unknown:
        sentence = f"the model has no label {shown(unknown[0])} (it has: {', '.join(labels)})"
        raise ConfigError(sentence[:900], "config.label_unknown")
