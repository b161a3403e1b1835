"""The streams of a picamera2 device: asked for, and read back, since what it gives may be something else."""

import logging
from dataclasses import dataclass
from typing import Any

from .base import CameraError
from .colours import JPEG, Colours
from .layouts import Layout
from .picture import Picture

log = logging.getLogger(__name__)

SMALL_SIDE_PX = 640
"""Longer side of what detectors mostly look at; larger pictures are made smaller by the camera itself."""
BUFFERS = 4
_SAME_SHAPE = 0.01
_REFUSED = (RuntimeError, ValueError, TypeError, AttributeError)
"""picamera2's ways of saying that a camera cannot do a configuration; the last where it has no second stream."""


@dataclass
class Streams:
    """What was configured: the picture, and the same view in fewer pixels, where there is one."""

    main: Layout
    small: Layout | None

    def picture(self, request: Any) -> tuple[Picture, dict[str, Any]]:
        """(picture, metadata) of a completed request, copied out of the camera's memory."""
        metadata: dict[str, Any] = request.get_metadata()
        if self.small is not None and not _same_crop(metadata):
            log.warning("the camera's small picture shows another part of the view: the detector gets the large one")
            self.small = None
        small = None if self.small is None else self.small.picture(request.make_buffer("lores"))
        large = self.main.picture(request.make_buffer("main"))
        return Picture(large.planes or large.bgr, small=small), metadata


def configure(device: Any, *, image_wh: tuple[int, int], controls: dict[str, Any]) -> Streams:
    """Configure `device` to the best that it does and that is understood; CameraError names what it offered instead."""
    from libcamera import ColorSpace

    small_wh = _small_wh(image_wh)
    told: list[str] = []
    attempts = [("YUV420", small_wh), ("YUV420", None), ("RGB888", None)]
    for format_, lores_wh in attempts if small_wh else attempts[1:]:
        lores = None if lores_wh is None else {"size": lores_wh, "format": "YUV420"}
        try:
            device.configure(
                device.create_video_configuration(
                    main={"size": image_wh, "format": format_}, lores=lores, colour_space=ColorSpace.Sycc(),
                    buffer_count=BUFFERS, controls=controls,
                )
            )  # fmt: skip
            return _read_back(device)
        except CameraError as error:
            told.append(str(error))
        except _REFUSED as error:
            told.append(f"{format_}{' with a small picture beside it' if lores else ''}: {error}")
    raise CameraError(f"the camera offers nothing that is understood: {'; '.join(told)}")


def _read_back(device: Any) -> Streams:
    got = device.camera_configuration()
    main = _layout(got["main"], _colours(device, 0))
    small = _small(device, got.get("lores"), main)
    log.info("the camera gives %s%s", _text(main), "" if small is None else f", and {_text(small)} for the detector")
    return Streams(main, small)


def _small(device: Any, got: dict[str, Any] | None, main: Layout) -> Layout | None:
    """The second stream, if it was configured to something that helps."""
    if got is None:
        return None
    try:
        small = _layout(got, _colours(device, 1))
    except CameraError as error:
        log.warning("no small picture for the detector: %s", error)
        return None
    if max(small.image_wh) >= max(main.image_wh):
        log.info("no small picture for the detector: the camera makes none smaller than %s", _text(main))
        return None
    if abs(_shape(small) / _shape(main) - 1) > _SAME_SHAPE:
        log.warning("no small picture for the detector: %s has another shape than %s", _text(small), _text(main))
        return None
    return small


def _layout(got: dict[str, Any], colours: Colours) -> Layout:
    return Layout(got["format"], tuple(got["size"]), got["stride"], colours)


def _colours(device: Any, stream: int) -> Colours:
    """What YUV means in that stream. picamera2 itself tells the nearest of three meanings that it knows."""
    space = device.libcamera_config.at(stream).color_space
    if space is None:  # as USB cameras do, which mean this one
        return Colours("601", full=False)
    standard = str(space.ycbcrEncoding).rpartition(".")[2].removeprefix("Rec")
    if standard in ("Null", "None"):  # RGB
        return JPEG
    try:
        return Colours(standard, full=str(space.range).endswith("Full"))
    except ValueError:
        raise CameraError(f"the camera gives the colour space {space}, which is not understood") from None


def _small_wh(image_wh: tuple[int, int]) -> tuple[int, int] | None:
    longer = max(image_wh)
    if longer <= SMALL_SIDE_PX:
        return None
    width, height = (max(2, round(side * SMALL_SIDE_PX / longer / 2) * 2) for side in image_wh)
    return width, height


def _same_crop(metadata: dict[str, Any]) -> bool:
    """Whether both pictures are of the same part of the sensor, as far as the camera tells it of each."""
    crops = metadata.get("ScalerCrops") or ()
    return len(set(crops[:2])) <= 1


def _shape(layout: Layout) -> float:
    return layout.image_wh[0] / layout.image_wh[1]


def _text(layout: Layout) -> str:
    width, height = layout.image_wh
    return f"{layout.format} {width}x{height}"
