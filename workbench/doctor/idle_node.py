"""What would keep a node from working that does not run now: its model, its camera, the machine."""

from collections.abc import Iterator
from pathlib import Path

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, hop_of, remedy_of
from pi_node.camera.holder import holder_of
from pi_node.host import Host, disk_free_mb

from .machine import NODE, Machine, Setup
from .running import folder_of


def observe_idle(machine: Machine) -> list[Observation]:
    """Look at what the node of this machine needs."""
    setup = machine.programs[NODE]
    found = [*_model(setup, folder_of(NODE, machine.file)), *_camera(setup.text("camera"))]
    state_dir = _existing(Path(setup.text("state_dir")))
    found += [(reason, {}) for reason in Host(Path(setup.text("sysfs"))).reasons(state_dir)]
    known: dict[str, str | float | int] = {
        "id": setup.text("id"), "file": machine.file_name, "camera": setup.text("camera"), "model": setup.text("model"),
        "disk_free_mb": disk_free_mb(state_dir) or 0,
    }  # fmt: skip
    return [
        Observation(
            hop=hop_of(code, Hop.NODE), state=remedy_of(code).state, age_s=0.0, code=code, facts=known | facts, via=()
        )
        for code, facts in found
    ]


def _model(setup: Setup, folder: Path) -> Iterator[tuple[Reason, dict[str, str]]]:
    model = setup.text("model")
    if model not in ("", "auto") and not (folder / model).exists():
        yield Reason.DETECTOR_MODEL_MISSING, {"model": str(folder / model)}


def _camera(uri: str) -> Iterator[tuple[Reason, dict[str, str]]]:
    """No device, or one that another program holds. Only a device can be missing while nobody opens it."""
    kind, _, place = uri.partition(":")
    devices = {"usb": (f"/dev/video{place or 0}",), "picamera": ("/dev/media*", "/dev/video*")}.get(kind)
    if devices is None:
        return
    if not any(list(Path("/dev").glob(Path(device).name)) for device in devices):
        yield Reason.CAMERA_MISSING, {}
    elif (holder := holder_of(*devices)) is not None:
        yield Reason.CAMERA_BUSY, {"holder": holder}


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
