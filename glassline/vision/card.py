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
from .files import EXPORT, ModelFile

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
    """Digest of the model that runs; in a file, of the one model it was written for."""
    files: dict[str, Sha256] = {}
    """The same model in several forms beside the card, each with its digest."""
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


def stored_card(path: Path) -> dict[str, Any]:
    """What the JSON file says, unchecked; {} where there is none. CardError when it cannot be read."""
    if not path.exists():
        return {}
    try:
        fields = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CardError(f"{path} cannot be read as JSON ({error}). A card is JSON like {_EXAMPLE}.") from None
    if not isinstance(fields, dict):
        raise CardError(f"{path} holds a JSON {type(fields).__name__}. A card is JSON like {_EXAMPLE}.")
    return fields


def files_of(path: Path, stored: Mapping[str, Any]) -> dict[str, str]:
    """Digests by name of the models that a card speaks of, maybe none; CardError when it says it in another way."""
    files = stored.get("files") or {}
    if not isinstance(files, dict):
        raise CardError(f"{path}: expected `files` to be digests by name, got {type(files).__name__}.")
    return files


def check_digest(model: ModelFile, stored: Mapping[str, Any], sha256: str) -> None:
    """CardError where the card beside the model was written for other bytes than these."""
    files = files_of(model.card_path, stored)
    single = stored.get("sha256") if model.kind == "onnx" else None
    promised = files.get(model.path.name) if files else single
    if promised not in (None, sha256):
        raise CardError(
            f"{model.card_path} was written for a model with sha256 {promised}, but {model.path} has {sha256}. "
            f"Copy model and card together again, or delete the card if the model replaced it on purpose."
        )


def read_card(model: ModelFile, stored: Mapping[str, Any], *, metadata: Mapping[str, Any], sha256: str) -> ModelCard:
    """The stored card or, where there is none, the one that Ultralytics' export metadata amounts to.

    `sha256` is the digest of the model, which the returned card always carries. Raises CardError for an unusable
    card, TaskError for a task without boxes.
    """
    where = str(model.card_path) if stored else f"the metadata of {model.path}"
    fields = stored or _from_metadata(model, metadata)
    try:
        known = {"name": model.name, "task": metadata.get("task", "detect")}
        card = ModelCard.model_validate({**known, **fields, "sha256": sha256})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CardError(f"{where}: {key}: {first['msg']}. A card is JSON like {_EXAMPLE}.") from None
    if card.task not in TASKS:
        raise TaskError(
            f"{model.path} is a model for the task {card.task!r}, which gives no boxes of defects. "
            f"Train one with `glassline model train`, `yolo detect train` or `yolo segment train`, and export that: "
            f"{EXPORT}"
        )
    return card


def literal(value: Any) -> Any:
    """Metadata of an ONNX file are texts of Python literals: names "{0: 'scratch', 1: 'crack'}", imgsz "[640, 640]"."""
    return ast.literal_eval(value) if isinstance(value, str) else value


def _from_metadata(model: ModelFile, metadata: Mapping[str, Any]) -> dict[str, Any]:
    try:
        names = literal(metadata["names"])
        labels = [names[k] for k in range(len(names))]
        imgsz = literal(metadata.get("imgsz", _DEFAULT_IMGSZ))
    except (KeyError, ValueError, SyntaxError, TypeError):
        raise CardError(
            f"{model.path} does not say what its classes are called: it carries no readable `names` metadata as "
            f"Ultralytics exports do, and there is no card. Write {model.card_path}, JSON like {_EXAMPLE}."
        ) from None
    date, licence = str(metadata.get("date", "")), str(metadata.get("license", ""))
    return {"labels": labels, "imgsz": imgsz, "date": date, "licence": licence}
