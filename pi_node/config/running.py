"""The settings that may change while the node runs, and what may break with them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

from pydantic import ValidationError

from glassline.contract.tunable import AUTO, Tunable
from glassline.program import shown
from glassline.vision import ModelCard

from ..settings import wh_of
from .attention import Attention
from .tuning import Tuning

CAMERA = frozenset(
    {"image_wh", "camera_fps", "camera_exposure_us", "camera_gain", "camera_white_balance", "camera_focus"}
)
"""The camera has to be opened anew for these."""
DETECTOR = frozenset({"image_wh", "model"})
"""The detector has to be loaded anew for these."""
RISKY = CAMERA | DETECTOR
"""With these camera or detector may no longer work: they are on probation first."""


class ConfigError(ValueError):
    """A wanted change is not possible; the text says which and why, the code what kind of fault it is."""

    def __init__(self, sentence: str, code: str = "config.invalid", *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.fields = dict(fields or {})
        """What is wrong, by the name of the setting."""


_CODES = {
    "region": "config.region_invalid",
    "label_thresholds": "config.threshold_invalid",
    "score_threshold": "config.threshold_invalid",
    "image_wh": "config.size_invalid",
}
"""By the setting that is wrong; all others are `config.invalid`, and one that there is not is `config.unknown`."""


class RunningConfig(Tunable):
    """What the command `config` may set, as it is in force."""

    def wh(self) -> tuple[int, int]:
        """(width, height) in pixels of `image_wh`."""
        return wh_of(self.image_wh)

    def tuning(self) -> Tuning:
        """What the camera is told."""
        return Tuning(
            exposure_us=self.camera_exposure_us,
            gain=self.camera_gain,
            white_balance=self.camera_white_balance,
            focus_dioptres=None if self.camera_focus == AUTO else float(self.camera_focus),
        )

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

    def unlike(self, other: Self) -> frozenset[str]:
        """Names of what is not the same in both."""
        return frozenset(name for name in type(self).model_fields if getattr(self, name) != getattr(other, name))

    def with_changes(self, changes: dict[str, Any]) -> Self:
        """These with `changes` over them; ConfigError says what is wrong with them."""
        try:
            return type(self).model_validate(self.model_dump() | changes)
        except ValidationError as error:
            raise _refused(error) from None


def check_names(wanted: dict[str, Any]) -> None:
    """ConfigError for a setting that there is not, or that is not changed here."""
    unknown = [name for name in wanted if name not in RunningConfig.model_fields]
    if unknown:
        fields = {name[:64]: "there is none of that name" for name in unknown[:10] if name}
        raise ConfigError(f"there is no {shown(unknown[0])} ({_known()})", "config.unknown", fields=fields)


def check_labels(running: RunningConfig, wanted: dict[str, Any], labels: Sequence[str] | None) -> None:
    """Refuse labels that the model does not have; those set up earlier, for another model, may stay."""
    named = [label for name in ("label_thresholds", "labels_off") if name in wanted for label in getattr(running, name)]
    unknown = [label for label in named if labels is not None and label not in labels]
    if labels is not None and unknown:
        sentence = f"the model has no label {shown(unknown[0])} (it has: {', '.join(labels)})"
        raise ConfigError(sentence[:900], "config.label_unknown")


def check_model(model: str, known: Collection[str]) -> None:
    """Refuse a model that does not lie on this node: nobody names files of its disk from afar."""
    if model not in known:
        there = ", ".join(repr(one) for one in known)
        sentence = f"there is no model {shown(model)} on this node (there is: {there}); the command `model` brings one"
        raise ConfigError(sentence[:900], "config.model_unknown")


def _known() -> str:
    return "can be changed: " + ", ".join(RunningConfig.model_fields)


def _refused(error: ValidationError) -> ConfigError:
    items = error.errors()
    code = next((_CODES[str(item["loc"][0])] for item in items if item["loc"][0] in _CODES), "config.invalid")
    problems = [
        (str(item["loc"][0]), ".".join(map(str, item["loc"]))[:80], f"{item['msg']}, got {shown(repr(item['input']))}")
        for item in items[:10]
    ]
    sentence = "; ".join(f"{where}: {what}" for _, where, what in problems)
    return ConfigError(f"{sentence} ({_known()})", code, fields={name[:64]: what[:500] for name, _, what in problems})
