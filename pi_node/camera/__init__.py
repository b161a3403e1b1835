"""Cameras by URI: `picamera:0`, `usb:0`, `folder:PATH`, `scene:?seed=1`."""

from .base import Camera, CameraBusyError, CameraError, Frame
from .uri import open_camera

__all__ = ["Camera", "CameraBusyError", "CameraError", "Frame", "open_camera"]
