"""How pictures lie in a camera's memory, and how to read them there."""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from .base import CameraError
from .colours import JPEG, Colours
from .picture import Picture
from .planes import Bgr, Plane, Planes

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Layout:
    """What a stream was configured to: libcamera's name of the format, size, bytes from row to row, meaning of YUV.

    CameraError if nobody here knows such a format.
    """

    format: str
    image_wh: tuple[int, int]
    stride: int
    colours: Colours = field(default=JPEG)

    def __post_init__(self) -> None:
        if self.format not in _READERS:
            raise CameraError(
                f"the camera gives pictures in the format {self.format}, which is not understood; understood are "
                f"{', '.join(_READERS)}"
            )

    def picture(self, memory: Bytes) -> Picture:
        """The picture that lies in `memory`, of which it may keep parts; CameraError if that is too short."""
        try:
            pixels = _READERS[self.format](memory, self)
        except ValueError:
            width, height = self.image_wh
            raise CameraError(
                f"the camera gave {memory.size} bytes where {self.format} of {width}x{height} was configured, in rows "
                f"of {self.stride} bytes"
            ) from None
        return Picture(self.colours.to_jpeg(pixels) if isinstance(pixels, Planes) else pixels)


def _rows(memory: Bytes, stride: int, *, start: int = 0, rows: int, used: int) -> Plane:
    """`rows` of `stride` bytes from `start` on, of each the first `used`; ValueError where there are not so many."""
    return memory[start : start + rows * stride].reshape(rows, stride)[:, :used]


def _three_planes(memory: Bytes, layout: Layout) -> tuple[Plane, Plane, Plane]:
    (width, height), stride = layout.image_wh, layout.stride
    y = _rows(memory, stride, rows=height, used=width)
    half = {"rows": height // 2, "used": width // 2}
    start, size = height * stride, height // 2 * (stride // 2)
    return y, _rows(memory, stride // 2, start=start, **half), _rows(memory, stride // 2, start=start + size, **half)


def _yuv420(memory: Bytes, layout: Layout) -> Planes:
    return Planes(*_three_planes(memory, layout))


def _yvu420(memory: Bytes, layout: Layout) -> Planes:
    y, v, u = _three_planes(memory, layout)
    return Planes(y, u, v)


def _two_planes(first_is_u: bool) -> Callable[[Bytes, Layout], Planes]:
    def read(memory: Bytes, layout: Layout) -> Planes:
        (width, height), stride = layout.image_wh, layout.stride
        y = _rows(memory, stride, rows=height, used=width)
        pairs = _rows(memory, stride, start=height * stride, rows=height // 2, used=width).reshape(height // 2, -1, 2)
        first, second = (np.asarray(plane, np.uint8) for plane in cv2.split(pairs))
        return Planes(y, first, second) if first_is_u else Planes(y, second, first)

    return read


def _packed(y_at: int) -> Callable[[Bytes, Layout], Planes]:
    """Two pixels in four bytes, which share their colour; every second row's goes into that of the row above."""

    def read(memory: Bytes, layout: Layout) -> Planes:
        width, height = layout.image_wh
        rows = _rows(memory, layout.stride, rows=height, used=2 * width)
        colours = (np.ascontiguousarray(rows[:, k::4]) for k in (1 - y_at, 3 - y_at))
        half_wh = width // 2, height // 2
        u, v = (np.asarray(cv2.resize(c, half_wh, interpolation=cv2.INTER_AREA), np.uint8) for c in colours)
        return Planes(np.ascontiguousarray(rows[:, y_at::2]), u, v)

    return read


def _bytes_a_pixel(count: int, to_bgr: int | None) -> Callable[[Bytes, Layout], Bgr]:
    def read(memory: Bytes, layout: Layout) -> Bgr:
        width, height = layout.image_wh
        rows = _rows(memory, layout.stride, rows=height, used=count * width)
        pixels = np.ascontiguousarray(rows).reshape(height, width, count)
        return pixels if to_bgr is None else np.asarray(cv2.cvtColor(pixels, to_bgr), np.uint8)

    return read


def _mjpeg(memory: Bytes, layout: Layout) -> Bgr:
    picture = cv2.imdecode(memory, cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("no JPEG")
    return np.asarray(picture, np.uint8)


# libcamera names RGB formats by the order of bits in a word, so that its RGB888 lies in memory as B, G, R.
_READERS: dict[str, Callable[[Bytes, Layout], Planes] | Callable[[Bytes, Layout], Bgr]] = {
    "YUV420": _yuv420,
    "YVU420": _yvu420,
    "NV12": _two_planes(True),
    "NV21": _two_planes(False),
    "YUYV": _packed(0),
    "UYVY": _packed(1),
    "RGB888": _bytes_a_pixel(3, None),
    "BGR888": _bytes_a_pixel(3, cv2.COLOR_RGB2BGR),
    "XRGB8888": _bytes_a_pixel(4, cv2.COLOR_BGRA2BGR),
    "XBGR8888": _bytes_a_pixel(4, cv2.COLOR_RGBA2BGR),
    "MJPEG": _mjpeg,
}
