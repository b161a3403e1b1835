"""Train YOLO11n with Ultralytics, from its yaml or from weights at hand: nothing is downloaded, nothing is sent."""

from __future__ import annotations

import os
import pickle
import random
from collections import deque
from pathlib import Path
from typing import Any

from glassline.writing import write_whole
from workbench.normalisation import settle_normalisation

ARCHITECTURE = "yolo11n.yaml"
#: What the shipped model was exported from, to go on from.
SHIPPED_WEIGHTS = Path(__file__).parent / "weights" / "glassline-n.pt"
_SETTLING_BATCHES = 24
_PICTURES = {"img", "masks", "sem_masks"}
"""What of a batch has rows and columns; the masks are those of segmenting models."""

REMEDY = (
    "Ultralytics is not installed here: training and export need the extra `train`. "
    "Install it with `pip install 'glassline[train]'`, best in a virtual environment of its own (it brings PyTorch)."
)


class TrainingUnavailable(RuntimeError):
    """The `train` extra is missing; the message says how to install it."""


class FinishedError(ValueError):
    """The run that should go on has come to its end: nothing is wrong, and nothing to do."""


class _WholeFile(type(Path())):  # type: ignore[misc]  # before Python 3.12 only a system's own path can be inherited
    """A path whose bytes are replaced as a whole: training is killed at any time, and Ultralytics writes in place."""

    def write_bytes(self, data: Any) -> int:
        write_whole(Path(self), data)
        return len(data)


def load_yolo() -> Any:
    """Ultralytics' YOLO class, kept offline; TrainingUnavailable when the `train` extra is missing."""
    os.environ.setdefault("YOLO_OFFLINE", "true")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("OMP_NUM_THREADS", str(_cores()))
    try:
        from ultralytics import YOLO
    except ModuleNotFoundError as error:
        if error.name != "ultralytics":
            raise
        raise TrainingUnavailable(REMEDY) from error
    return YOLO


def train(
    *,
    data_yaml: Path | None,
    runs: Path,
    name: str,
    weights: Path | None = None,
    imgsz: int = 416,
    epochs: int = 100,
    hours: float | None = None,
    batch: int = 16,
    lr0: float = 0.002,
    mosaic: float = 0.4,
    keep_best: bool = True,
    seed: int = 0,
    device: str = "cpu",
    workers: int = 2,
    resume: bool = False,
) -> Path:
    """Train on a YOLO data set and return the folder with weights/best.pt and weights/last.pt.

    `weights` is a .pt file to start from, whatever its labels; without it training starts from nothing. With `hours`
    the number of epochs and the learning rate schedule follow from the time that an epoch takes. `mosaic` is the
    share of training pictures put together from four. With `keep_best` best.pt is the epoch that did best on the
    validation pictures; without it nothing is chosen by them, which are then looked at once, at the end, and best.pt
    is last.pt. Runs of another `seed` see other pictures in another order; from the same weights, they may be blended.
    `resume` goes on from last.pt of the run of this name with the data and settings it was started with. `device` is
    `cpu` or a GPU number; on the CPU, `taskset` says which cores it may take.
    """
    run = runs.resolve() / name
    last = run / "weights" / "last.pt"
    _check_files(data_yaml, weights, last if resume else None)
    yolo = load_yolo()
    if resume:
        _check_unfinished(last)
    model = yolo(str(last if resume else weights or ARCHITECTURE))
    model.add_callback("on_train_start", _save_whole)
    model.add_callback("on_train_start", _turn_batches)
    model.add_callback("on_train_start", _keep_batches)
    model.add_callback("on_train_epoch_end", _settle_normalisation)
    if device == "cpu":
        model.add_callback("on_train_start", _use_whole_cpu)
    if resume:
        model.train(resume=True)
        return run
    assert data_yaml is not None
    model.train(
        data=str(data_yaml.resolve()),
        project=str(run.parent),
        name=run.name,
        exist_ok=True,
        imgsz=imgsz,
        epochs=epochs,
        time=hours,
        batch=batch,
        nbs=batch,
        seed=seed,
        device=device,
        workers=workers,
        cache="ram",
        val=keep_best,
        pretrained=weights is not None,
        amp=False,  # its self-test would download weights
        plots=False,
        deterministic=False,
        patience=0,
        optimizer="AdamW",
        lr0=lr0,
        lrf=0.01,
        cos_lr=True,
        warmup_epochs=0.5,
        warmup_bias_lr=0.0,
        mosaic=mosaic,
        close_mosaic=max(2, epochs // 8) if hours is None else 2,
        hsv_h=0.02,
        hsv_s=0.3,
        hsv_v=0.3,
        fliplr=0.5,
        flipud=0.5,
        translate=0.1,
        scale=0.3,
        erasing=0.0,
    )
    return run


def _check_files(data_yaml: Path | None, weights: Path | None, last: Path | None) -> None:
    if data_yaml is not None and not data_yaml.is_file():
        raise FileNotFoundError(f"{data_yaml} is not there: write a data set with `glassline model render` first")
    if data_yaml is None and last is None:
        raise FileNotFoundError("name the data.yaml of a data set to train on")
    if weights is not None and not weights.is_file():
        raise FileNotFoundError(f"{weights} is not there: weights to start from are a .pt file that a training left")
    if last is not None and not last.is_file():
        raise FileNotFoundError(f"cannot resume: {last} is not there; start without --resume")


def _check_unfinished(last: Path) -> None:
    import torch

    try:
        saved = torch.load(last, map_location="cpu", weights_only=False)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(f"cannot resume: {last} is not whole ({error}); start without --resume") from error
    if saved.get("optimizer") is None or saved["epoch"] + 1 >= saved["train_args"]["epochs"]:
        raise FinishedError(f"{last.parent.parent} is finished: there is nothing to resume; use its weights/best.pt")


def _save_whole(trainer: Any) -> None:
    trainer.last, trainer.best = _WholeFile(trainer.last), _WholeFile(trainer.best)


def _turn_batches(trainer: Any) -> None:
    """Lay half of all batches on their side: with the mirror images, glass is then seen from all eight sides.

    Quarter turns keep boxes tight; a rotation by any other angle would box the corners of the old boxes.
    """
    preprocess = trainer.preprocess_batch

    def turned(batch: dict[str, Any]) -> dict[str, Any]:
        batch = preprocess(batch)
        if random.random() < 0.5:
            for name in _PICTURES & set(batch):
                batch[name] = batch[name].transpose(-2, -1)
            batch["bboxes"] = batch["bboxes"][:, [1, 0, 3, 2]]
        return batch

    trainer.preprocess_batch = turned


def _keep_batches(trainer: Any) -> None:
    """Keep the last training pictures for `_settle_normalisation`, a byte for each value."""
    preprocess = trainer.preprocess_batch
    trainer.kept_batches = deque(maxlen=_SETTLING_BATCHES)

    def kept(batch: dict[str, Any]) -> dict[str, Any]:
        batch = preprocess(batch)
        trainer.kept_batches.append((batch["img"] * 255).byte())
        return batch

    trainer.preprocess_batch = kept


def _settle_normalisation(trainer: Any) -> None:
    """Measure the means and variances of batch normalisation anew, on the weights as they are now.

    Running averages lag behind weights that move fast: after one epoch at a learning rate of 0.002 the model as
    saved had an mAP50 of 0.03 on rendered pictures, and of 0.59 with these. Source: precise batch normalisation in
    Wu and Johnson, "Rethinking Batch in BatchNorm", 2021.
    """
    settle_normalisation(trainer.ema.ema, (pictures.float() / 255 for pictures in trainer.kept_batches))


def _cores() -> int:
    """How many this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _use_whole_cpu(trainer: Any) -> None:
    """Train on every core allowed (Ultralytics leaves one out), channels last, in bfloat16 where the CPU has it.

    On two cores bfloat16 is 2.8 times as fast on a Zen 4; on a Zen 3, which has none, the layout alone gives a quarter.
    Only the network's forward pass is in bfloat16: weights, loss and validation stay in float32.
    """
    import torch

    torch.set_num_threads(_cores())
    trainer.model.to(memory_format=torch.channels_last)
    bfloat16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    predict = trainer.model.predict

    def predict_fast(image: Any, *args: Any, **kwargs: Any) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            output = predict(image.contiguous(memory_format=torch.channels_last), *args, **kwargs)
        return _as_float32(output)

    trainer.model.predict = predict_fast


def _as_float32(output: Any) -> Any:
    """The same nesting of dicts and lists with every tensor in float32."""
    if isinstance(output, dict):
        return {key: _as_float32(value) for key, value in output.items()}
    if isinstance(output, list | tuple):
        return type(output)(_as_float32(value) for value in output)
    return output.float() if hasattr(output, "float") else output
