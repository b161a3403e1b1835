"""What the numbers of a YUV picture mean, and what they are in a JPEG, which knows one meaning only."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from .planes import Plane, Planes

Matrix = npt.NDArray[np.float64]

_RED_AND_BLUE = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593)}
"""How much each counts for brightness, by the standard's number."""


@dataclass(frozen=True)
class Colours:
    """`standard` is the number of an ITU-R recommendation; `full`: black is 0 and white 255, not 16 and 235."""

    standard: str = "601"
    full: bool = True

    def __post_init__(self) -> None:
        if self.standard not in _RED_AND_BLUE:
            raise ValueError(f"expected one of {', '.join(_RED_AND_BLUE)}, got {self.standard!r}")

    def to_jpeg(self, planes: Planes) -> Planes:
        """The picture whose numbers have this meaning, in those of a JPEG."""
        if self == JPEG:
            return planes
        to = _to_jpeg(self)
        black = 0 if self.full else 16
        u, v = planes.u.astype(np.float32) - 128, planes.v.astype(np.float32) - 128
        colour = cv2.resize(to[0, 1] * u + to[0, 2] * v, planes.image_wh, interpolation=cv2.INTER_LINEAR)
        y = to[0, 0] * (planes.y.astype(np.float32) - black) + colour
        return Planes(_bytes(y), _bytes(to[1, 1] * u + to[1, 2] * v + 128), _bytes(to[2, 1] * u + to[2, 2] * v + 128))


JPEG = Colours("601", full=True)


@cache
def _to_jpeg(colours: Colours) -> npt.NDArray[np.float32]:
    """From (y - black, u - 128, v - 128) of `colours` to those of a JPEG; grey stays grey."""
    scale = np.diag([1, 1, 1] if colours.full else [255 / 219, 255 / 224, 255 / 224])
    return np.asarray(_from_rgb("601") @ np.linalg.inv(_from_rgb(colours.standard)) @ scale, np.float32)


def _from_rgb(standard: str) -> Matrix:
    red, blue = _RED_AND_BLUE[standard]
    y = np.array([red, 1 - red - blue, blue])
    return np.array([y, (np.array([0, 0, 1]) - y) / (2 - 2 * blue), (np.array([1, 0, 0]) - y) / (2 - 2 * red)])


def _bytes(values: npt.NDArray[np.float32]) -> Plane:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
