"""What would keep a node from working that does not run now: its model, its camera, the machine."""

import os
from collections.abc import Iterator
from pathlib import Path

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, hop_of, remedy_of
from pi_node.camera.holder import holder_of
from pi_node.health.host import DISK_FULL_MB, Host, disk_free_mb

from .machine import NODE, Machine


def observe_idle(machine: Machine, *, runs: bool) -> list[Observation]:
    """Look at what the node of this machine needs; while its process `runs`, it has its model and its camera itself."""
    setup = machine.programs[NODE]
    found = [] if runs else [*_model(setup.text("model")), *_camera(setup.text("camera"))]
    state_dir = _existing(Path(setup.text("state_dir")))
    found += [(reason, {}) for reason in Host(Path(setup.text("sysfs"))).power_reasons()]
    free_mb = disk_free_mb(state_dir)
    if free_mb is not None and free_mb < DISK_FULL_MB:
        found.append((Reason.DISK_FULL, {}))
    known: dict[str, str | float | int] = {
        "id": setup.text("id"), "file": machine.file_name, "camera": setup.text("camera"), "model": setup.text("model"),
        "disk_free_mb": free_mb or 0,
    }  # fmt: skip
    return [
        Observation(
            hop=hop_of(code, Hop.NODE), state=remedy_of(code).state, age_s=0.0, code=code, facts=known | facts, via=()
        )
        for code, facts in found
    ]


def _model(model: str) -> Iterator[tuple[Reason, dict[str, str]]]:
    """Where a relative path begins is not known while the node does not run."""
    if not Path(model).is_absolute():
        return
    try:
        Path(model).stat()
    except (FileNotFoundError, NotADirectoryError):
        yield Reason.DETECTOR_MODEL_MISSING, {"model": model}
    except OSError:
        return


def _camera(uri: str) -> Iterator[tuple[Reason, dict[str, str]]]:
    """No device, or a USB camera that another program has. Of a Pi camera only opening it tells, which takes it."""
    kind, _, place = uri.partition(":")
    devices = {"usb": (f"/dev/video{place or 0}",), "picamera": ("/dev/media*", "/dev/video*")}.get(kind)
    if devices is None:
        return
    if not any(list(Path("/dev").glob(Path(device).name)) for device in devices):
        yield Reason.CAMERA_MISSING, {}
    elif kind == "usb" and (holder := holder_of(*devices)) is not None:
        yield Reason.CAMERA_BUSY, {"holder": holder}


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there, and may be seen."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.exists(path))
