"""What every camera is: something that is opened, read frame by frame, and closed."""

from dataclasses import dataclass, field
from typing import Protocol

from glassline.contract import Box

from .picture import Picture


class CameraError(Exception):
    """The camera cannot be opened or read; the text says what happened and what to do."""


class CameraBusyError(CameraError):
    """Another program has the camera: `holder` names it."""

    def __init__(self, sentence: str, holder: str) -> None:
        super().__init__(sentence)
        self.holder = holder


class CameraHangsError(CameraError):
    """The camera's driver does not come back from a call, or gives no frame."""


@dataclass(frozen=True)
class Frame:
    """One picture, and when it was exposed, in seconds on the clock that nobody sets."""

    seq: int
    monotonic_s: float
    picture: Picture
    marks: list[Box] = field(default_factory=list, compare=False)
    """The confirmed marks in it, once it was inspected."""

    @property
    def image_wh(self) -> tuple[int, int]:
        return self.picture.image_wh


Shot = tuple[Picture, float]
"""(picture, when it was exposed in monotonic seconds)."""


class Camera(Protocol):
    """A source of pictures. `read` blocks until the next picture is due.

    One thread opens, reads and closes. Only where a call hangs, another one calls `close`.
    """

    may_repeat: bool
    """Whether one picture may be the same as the one before, bit for bit. No sensor ever sees the same twice."""

    def open(self) -> None:
        """Open the device; CameraError says why not."""

    def read(self) -> Shot:
        """The next picture; CameraError when the camera is gone."""

    def close(self) -> None:
        """Release the device, or leave that to a call that hangs in it. May be called when `open` failed."""
