"""picamera2 as it is on a Raspberry Pi, as far as our camera uses it: what libcamera's virtual camera cannot show.

Written after picamera2 0.3.38 and what its users tell of Pis: two streams, rows padded to 64 bytes, sYCC kept where it
is asked for, the crop of each stream told per frame (Pi 5), controls with their ranges. It was not recorded on a Pi.
"""

import sys
import threading
import time
from types import ModuleType, SimpleNamespace

import cv2

from tests.pi_node.camera.memory import written
from tests.pi_node.camera.red_object import red_object

CONTROLS = {
    "FrameDurationLimits": (8333, 11767556, 33333), "ExposureTime": (9, 11767556, 20000),
    "AnalogueGain": (1.0, 16.0, 1.0), "ColourGains": (0.0, 32.0, None), "AwbEnable": (False, True, None),
    "AwbMode": (0, 7, 0), "AfMode": (0, 2, 0), "LensPosition": (0.0, 15.0, 1.0), "NoiseReductionMode": (0, 4, 0),
}  # fmt: skip
"""Of a Camera Module 3."""
_BYTES_A_PIXEL = {"RGB888": 3, "BGR888": 3, "XRGB8888": 4, "XBGR8888": 4, "YUYV": 2, "UYVY": 2}


class ColorSpace:
    """Its parts look like libcamera's enumerations when they are written out."""

    def __init__(self, encoding, range_):
        self.ycbcrEncoding, self.range = f"YcbcrEncoding.{encoding}", f"Range.{range_}"

    @staticmethod
    def Sycc():  # noqa: N802 - the library's name
        return ColorSpace("Rec601", "Full")


class FakeLibrary:
    """Installs itself as picamera2 and libcamera; what it does can be changed before a camera is opened."""

    def __init__(self, monkeypatch):
        self.main_format, self.lores_format = None, "YUV420"
        """What is given, whatever was asked; None: what was asked."""
        self.has_lores = True
        self.lores_wh = None
        self.color_space = None
        self.controls = dict(CONTROLS)
        self.crops = [(0, 0, 4608, 2592)] * 2
        self.age_s = 0.03
        self.silent, self.hangs_in_open = threading.Event(), threading.Event()
        self.opened, self.configured, self.waited, self.closed = [], [], [], 0
        library = self

        class Picamera2(_Device):
            def __init__(self, index):
                super().__init__(library)
                library.opened.append(index)
                while library.hangs_in_open.is_set():
                    time.sleep(0.01)

        modules = {"picamera2": ModuleType("picamera2"), "libcamera": ModuleType("libcamera")}
        modules["picamera2"].Picamera2, modules["libcamera"].ColorSpace = Picamera2, ColorSpace
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)


class _Device:
    def __init__(self, library):
        self._library, self._cancelled = library, threading.Event()
        self.camera_controls = library.controls

    def create_video_configuration(self, *, main, lores, colour_space, buffer_count, controls):
        return {"main": dict(main), "lores": lores and dict(lores), "colour_space": colour_space, "controls": controls}

    def configure(self, asked):
        library = self._library
        for name in asked["controls"]:
            if name not in self.camera_controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        if asked["lores"] and not library.has_lores:
            raise AttributeError("'NoneType' object has no attribute 'at'")
        library.configured.append(asked)
        got = {"main": self._stream(asked["main"], library.main_format, None), "lores": None}
        if asked["lores"]:
            got["lores"] = self._stream(asked["lores"], library.lores_format, library.lores_wh)
        self._got = got
        space = library.color_space or asked["colour_space"]
        self.libcamera_config = SimpleNamespace(at=lambda n: SimpleNamespace(color_space=space))

    def _stream(self, asked, format_, wh):
        wh, format_ = wh or asked["size"], format_ or asked["format"]
        used = wh[0] * _BYTES_A_PIXEL.get(format_, 1)
        return {"size": wh, "format": format_, "stride": used + -used % 64}

    def camera_configuration(self):
        return self._got

    def start(self):
        self.started = True

    def capture_request(self, wait):
        self._library.waited.append(wait)
        end_s = time.monotonic() + wait
        while self._library.silent.is_set():
            if time.monotonic() > end_s:
                raise TimeoutError
            time.sleep(0.01)
        return _Request(self._library, self._got)

    def cancel_all_and_flush(self):
        self._cancelled.set()

    def close(self):
        self._library.closed += 1


class _Request:
    def __init__(self, library, got):
        self._library, self._got, self._released = library, got, False

    def make_buffer(self, name):
        assert not self._released, "memory of a request that was given back"
        got = self._got[name]
        whole = self._got["main"]["size"]
        bgr = cv2.resize(red_object(whole), got["size"], interpolation=cv2.INTER_NEAREST)
        used = got["size"][0] * _BYTES_A_PIXEL.get(got["format"], 1)
        return written(got["format"], bgr, padding=got["stride"] - used)[0]

    def get_metadata(self):
        sensor_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - round(self._library.age_s * 1e9)
        return {"SensorTimestamp": sensor_ns, "ScalerCrops": self._library.crops}

    def release(self):
        self._released = True
