"""Cameras by URI: `picamera:0`, `usb:0`, `folder:PATH`, `scene:?seed=1`."""

from .attended import Attended
from .base import Camera, CameraBusyError, CameraError, CameraHangsError, Frame
from .picture import Picture
from .planes import Planes
from .uri import open_camera

__all__ = [
    "Attended",
    "Camera",
    "CameraBusyError",
    "CameraError",
    "CameraHangsError",
    "Frame",
    "Picture",
    "Planes",
    "open_camera",
]
