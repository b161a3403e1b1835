"""Prepared pictures, rendered once and kept as files: the fleet's processes need neither renderer nor codec."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassline.contract import Box
from glassline.writing import write_whole

COUNT = 16
IMAGE_WH = (640, 480)
SEED = 11
STEP_S = 1.7
QUALITY = 85
WHOLE = 0.95


@dataclass(frozen=True)
class Still:
    """A JPEG of glass with one mark or more, as its boxes."""

    jpeg: bytes
    boxes: list[Box]


def prepare(folder: Path) -> None:
    """Render what is missing in `folder`; needs the renderer."""
    if (folder / "stills.json").exists():
        return
    from glassline.scene import Conveyor
    from pi_node.camera import Picture
    from pi_node.camera.jpeg import encode_jpeg

    belt = Conveyor(seed=SEED, image_wh=IMAGE_WH)
    boxes: dict[str, list[dict[str, Any]]] = {}
    at_s = 0.0
    while len(boxes) < COUNT:
        at_s += STEP_S
        if marks := [mark for mark in belt.truth(at_s) if mark.visible_share > WHOLE]:
            name = f"{len(boxes):02d}.jpg"
            write_whole(folder / name, encode_jpeg(Picture(belt.frame(at_s)), QUALITY))
            boxes[name] = [{"label": mark.label, "xyxyn": mark.xyxyn} for mark in marks]
    write_whole(folder / "stills.json", json.dumps(boxes).encode())


def load(folder: Path) -> list[Still]:
    """What `prepare` has made."""
    boxes = json.loads((folder / "stills.json").read_text())
    return [
        Still((folder / name).read_bytes(), [Box(score=0.9, track=n, **box) for n, box in enumerate(found)])
        for name, found in sorted(boxes.items())
    ]
