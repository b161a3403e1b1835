"""A network camera: an RTSP stream through OpenCV and FFmpeg."""

import time
from urllib.parse import quote, urlsplit, urlunsplit

import cv2

from glassline.program import SecretError, masked, read_secret

from .base import CameraError, Shot
from .lateness import LATE_S, Lateness
from .opencv import TIMEOUTS, Source, fitted


class RtspCamera:
    """`rtsp://[user[:password]@]host[:port]/path`. `password_file` holds the user's password, if the address does not.

    Pictures that are more than a second late, after a stall of the network, are left out: the newest counts.
    """

    may_repeat = False

    def __init__(self, url: str, *, image_wh: tuple[int, int], password_file: str) -> None:
        self._url, self._shown = url, masked(url)
        try:
            parts = urlsplit(url)
            host, user, password, _ = parts.hostname, parts.username, parts.password, parts.port
        except ValueError:
            host, user, password = None, None, None
        if not host:
            raise CameraError(
                f"rtsp: expected an address like rtsp://192.168.1.20/stream1, got {self._shown}; a password that holds "
                "/ or @ goes into the file that camera_password_file names"
            )
        if password_file and (not user or password is not None):
            raise CameraError(
                f"rtsp: with camera_password_file the address has a user and no password, like rtsp://USER@{host}/…"
            )
        self._password_file, self._image_wh = password_file, image_wh
        self._source, self._lateness = Source(), Lateness()

    def open(self) -> None:
        if not self._source.open(self._address(), cv2.CAP_FFMPEG, TIMEOUTS):
            raise CameraError(
                f"{self._shown} cannot be opened: is the camera on and in this network (`ping` it), and are path, user "
                "and password right? `ffprobe` with the same address shows what it says"
            )

    def _address(self) -> str:
        if not self._password_file:
            return self._url
        try:
            password = quote(read_secret(self._password_file), safe="")
        except SecretError as error:
            raise CameraError(f"rtsp: camera_password_file: {error}") from None
        parts = urlsplit(self._url)
        user, _, host = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))

    def read(self) -> Shot:
        while True:
            if not self._source.next():
                raise CameraError(f"{self._shown} gives no pictures any more: the stream ended or the network is away")
            now_s = time.monotonic()
            late_s = self._lateness.of(self._source.get(cv2.CAP_PROP_POS_MSEC) / 1000, now_s)
            if late_s <= LATE_S:
                break
        picture = self._source.picture()
        if picture is None:
            raise CameraError(f"{self._shown} gives pictures that cannot be decoded")
        return fitted(picture, self._image_wh), now_s - late_s

    def close(self) -> None:
        self._source.close()
