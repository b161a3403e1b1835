"""The model card: what a model finds and how it wants its pictures, from the JSON file beside it or from the model."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, JsonValue, ValidationError, field_validator

from glassline.contract.values import Label, Model, Sha256, Text, Unit

from .errors import CardError, TaskError

TASKS = ("detect", "segment")
DEFAULT_SCORE_THRESHOLD = 0.25
_DEFAULT_IMGSZ = 640
_MAX_LABEL_CHARS = 64
_EXAMPLE = '{"labels": ["scratch", "crack"], "imgsz": 640}'


class ModelCard(Model):
    """What is known of a model. Only `labels` must be given; keys that are not known here are ignored."""

    name: Text = ""
    labels: Annotated[tuple[Label, ...], Field(min_length=1)]
    """Names of the classes, in the order of the model's score rows."""
    imgsz: Annotated[int, Field(ge=32, le=4096)] = _DEFAULT_IMGSZ
    """Longer side of the model's input, pixels."""
    task: Text = "detect"
    sha256: Sha256 | None = None
    """Digest of the model file this card was written for."""
    score_threshold: Unit = DEFAULT_SCORE_THRESHOLD
    """Score from which on a box is believed."""
    licence: Text = ""
    trained_on: Text = ""
    figures: dict[str, JsonValue] = {}
    """Measured accuracy and speed, by name."""
    date: Text = ""

    @field_validator("labels", mode="before")
    @classmethod
    def _fit_labels(cls, labels: Any) -> Any:
        """A user's class may be called anything; the wire wants 1-64 characters."""
        if not isinstance(labels, list | tuple):
            return labels
        return tuple(str(label).strip()[:_MAX_LABEL_CHARS] or f"class {k}" for k, label in enumerate(labels))

    @field_validator("imgsz", mode="before")
    @classmethod
    def _longer_side(cls, imgsz: Any) -> Any:
        return max(imgsz) if isinstance(imgsz, list | tuple) and imgsz else imgsz


def card_path_of(model_path: Path) -> Path:
    """Where the card of this model lies: best.onnx has best.json beside it."""
    return model_path.with_suffix(".json")


def read_card(model_path: Path, *, metadata: Mapping[str, str], sha256: str) -> ModelCard:
    """The card beside the model or, where there is none, the one that Ultralytics' export metadata amounts to.

    `metadata` is the ONNX file's custom metadata, `sha256` the digest of its bytes, which the returned card always
    carries. Raises CardError for an unusable card or one of another file, TaskError for a task without boxes.
    """
    path = card_path_of(model_path)
    where = str(path) if path.exists() else f"the metadata of {model_path}"
    fields = _from_json(path) if path.exists() else _from_metadata(model_path, metadata)
    try:
        card = ModelCard.model_validate({"name": model_path.stem, "task": metadata.get("task", "detect"), **fields})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CardError(f"{where}: {key}: {first['msg']}. A card is JSON like {_EXAMPLE}.") from None
    if card.task not in TASKS:
        raise TaskError(
            f"{model_path} is a model for the task {card.task!r}, which gives no boxes of defects. "
            f"Train one with `yolo detect train` or `yolo segment train`, and export that."
        )
    if card.sha256 not in (None, sha256):
        raise CardError(
            f"{path} was written for a model with sha256 {card.sha256}, but {model_path} has {sha256}. "
            f"Copy model and card together again, or delete the card if the model replaced it on purpose."
        )
    return card.model_copy(update={"sha256": sha256})


def _from_json(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CardError(f"{path} cannot be read as JSON ({error}). A card is JSON like {_EXAMPLE}.") from None
    if not isinstance(fields, dict):
        raise CardError(f"{path} holds a JSON {type(fields).__name__}. A card is JSON like {_EXAMPLE}.")
    return fields


def _from_metadata(model_path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Ultralytics writes Python literals: names "{0: 'scratch', 1: 'crack'}", imgsz "[640, 640]"."""
    try:
        names = ast.literal_eval(metadata["names"])
        labels = [names[k] for k in range(len(names))]
        imgsz = ast.literal_eval(metadata.get("imgsz", str(_DEFAULT_IMGSZ)))
    except (KeyError, ValueError, SyntaxError, TypeError):
        raise CardError(
            f"{model_path} does not say what its classes are called: it carries no readable `names` metadata as "
            f"Ultralytics exports do, and there is no card. Write {card_path_of(model_path)}, JSON like {_EXAMPLE}."
        ) from None
    return {"labels": labels, "imgsz": imgsz, "date": metadata.get("date", ""), "licence": metadata.get("license", "")}
