"""From a camera's URI to the camera."""

from urllib.parse import parse_qsl, unquote

from glassline.program import masked

from ..config.tuning import AS_IT_COMES, Tuning
from .base import Camera, CameraError

KNOWN = "picamera:0, usb:0, rtsp://HOST/PATH, video:PATH, folder:PATH, scene:?seed=1"


def open_camera(
    uri: str, *, image_wh: tuple[int, int], fps: float, tuning: Tuning = AS_IT_COMES, password_file: str = ""
) -> Camera:
    """Make (not yet open) the camera that `uri` names; CameraError names the known kinds.

    `tuning` is for picamera: alone, `password_file` for rtsp: alone.
    """
    kind, mark, rest = uri.partition(":")
    place, _, query_text = rest.partition("?")
    query = dict(parse_qsl(query_text))
    match kind if mark else "":
        case "scene":
            from .scene import SceneCamera

            return SceneCamera(query, image_wh=image_wh, fps=fps)
        case "folder":
            from .folder import FolderCamera

            return FolderCamera(unquote(place), query, image_wh=image_wh, fps=fps)
        case "video":
            from .video import VideoCamera

            return VideoCamera(unquote(place), query, image_wh=image_wh, fps=fps)
        case "usb":
            from .usb import UsbCamera

            return UsbCamera(unquote(place) or "0", image_wh=image_wh, fps=fps)
        case "rtsp" | "rtsps":
            from .rtsp import RtspCamera

            return RtspCamera(uri, image_wh=image_wh, password_file=password_file)
        case "picamera":
            from .picamera import PiCamera

            return PiCamera(place or "0", image_wh=image_wh, fps=fps, tuning=tuning)
    raise CameraError(f"the camera {masked(uri)!r} is of no known kind; known are {KNOWN}")
