"""Models as they lie on a disk: which kind a path is, its digest, and its variants beside one card."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .errors import ModelBrokenError, ModelMissingError, ModelUnknownError

Kind = Literal["onnx", "openvino", "ncnn", "pt"]

DEFAULT_MODEL = Path(__file__).parent / "models" / "glassline-n.onnx"
EXPORT = "glassline model export best.pt"
_FOLDERS: dict[Kind, tuple[str, str]] = {"openvino": ("_openvino_model", ".xml"), "ncnn": ("_ncnn_model", ".param")}
_GRAPHS: dict[str, Kind] = {suffix: kind for kind, (_, suffix) in _FOLDERS.items()}
_FILES: dict[str, Kind] = {".onnx": "onnx", ".pt": "pt"}
_KINDS = "an .onnx file, a folder NAME_ncnn_model or NAME_openvino_model, a .pt file of Ultralytics, or a .json card"


@dataclass(frozen=True)
class ModelFile:
    """A model of one kind: `path` is what people name (a file, or a folder), `graph` the file that says how it runs."""

    path: Path
    kind: Kind
    graph: Path

    @property
    def weights(self) -> Path:
        """The file beside `graph` that holds the numbers; `graph` itself where one file holds both."""
        return self.graph.with_suffix(".bin") if self.kind in _FOLDERS else self.graph

    @property
    def name(self) -> str:
        """best.onnx, best_ncnn_model and best_openvino_model are all the model `best`."""
        return self.path.name.removesuffix(_FOLDERS[self.kind][0]) if self.kind in _FOLDERS else self.path.stem

    @property
    def card_path(self) -> Path:
        """Where its card lies: beside it, `best.json` for all of them."""
        return self.path.parent / f"{self.name}.json"

    def sha256(self) -> str:
        """Digest of the file or, for a folder, of graph and weights one after the other."""
        digest = hashlib.sha256()
        for path in dict.fromkeys((self.graph, self.weights)):
            digest.update(read_bytes(path))
        return digest.hexdigest()


def find_model(path: Path) -> ModelFile:
    """What lies at `path`; ModelMissingError, ModelUnknownError or ModelBrokenError say what is wrong there."""
    if not path.exists():
        raise ModelMissingError(
            f"there is no model at {path}. Correct the `model` setting, or leave it out to use the default model."
        )
    if path.is_file() and path.suffix not in _GRAPHS:
        if path.suffix not in _FILES:
            raise ModelUnknownError(f"{path} is not a model: a model is {_KINDS}. {EXPORT} makes them.")
        return ModelFile(path, _FILES[path.suffix], path)
    folder, graphs = (path.parent, [path]) if path.is_file() else (path, sorted(path.iterdir()))
    for graph in graphs:
        if kind := _GRAPHS.get(graph.suffix):
            if not graph.with_suffix(".bin").is_file():
                raise ModelBrokenError(f"{graph} has no {graph.stem}.bin beside it: copy all of {folder} again.")
            return ModelFile(folder, kind, graph)
    raise ModelUnknownError(f"the folder {path} holds no model: a model is {_KINDS}. {EXPORT} makes them.")


def variants(card_path: Path, names: list[str]) -> list[ModelFile]:
    """Those of `names`, files and folders beside a card, that are there; ModelMissingError if none is."""
    names = names or [f"{card_path.stem}.onnx"]
    found = [find_model(card_path.parent / name) for name in names if (card_path.parent / name).exists()]
    if not found:
        raise ModelMissingError(
            f"none of the models that {card_path} describes is beside it ({', '.join(names)}). "
            f"Copy at least one of them there, or leave `model` out to use the default model."
        )
    return found


def read_bytes(path: Path) -> bytes:
    """The file's bytes; ModelMissingError when it may not be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMissingError(f"the model {path} cannot be read: {error.strerror}. Check its permissions.") from None
