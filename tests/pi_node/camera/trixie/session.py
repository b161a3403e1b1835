"""Runs inside the Debian root: our camera on the real picamera2. Prints what it saw as JSON, one object a line."""

import json
import logging
import os
import sys
import time
from pathlib import Path

import virtual_camera  # noqa: F401 - it sets picamera2 up

from glassline.contract import Reason
from pi_node.camera import open_camera
from pi_node.camera.capture import Capture
from pi_node.camera.jpeg import encode_jpeg

WH = (1280, 720)
HANG_FILE = Path(os.environ["HANG_FILE"])


def told(**facts):
    print(json.dumps(facts), flush=True)


def until(condition, within_s):
    end_s = time.monotonic() + within_s
    while not condition() and time.monotonic() < end_s:
        time.sleep(0.02)
    return condition()


def pixels(bgr):
    """B, G, R on the red, the green and the grey."""
    height, width = bgr.shape[:2]
    return [bgr[int(y * height), int(x * width)].tolist() for x, y in ((0.22, 0.37), (0.62, 0.37), (0.9, 0.9))]


def by_hand():
    camera = open_camera("picamera:0", image_wh=WH, fps=15)
    for turn in range(2):
        camera.open()
        shots = [camera.read() for _ in range(100 if turn == 0 else 3)]
        picture, monotonic_s = shots[-1]
        age_s = time.monotonic() - monotonic_s
        camera.close()
        Path("/out/picture.jpg").write_bytes(encode_jpeg(picture, 90))
        times = [shot[1] for shot in shots]
        told(
            frames=len(shots), wh=picture.image_wh, small_wh=picture.small and picture.small.image_wh,
            bgr=pixels(picture.bgr), small_bgr=picture.small and pixels(picture.small.bgr), age_s=age_s,
            planes=picture.planes is not None, later=times == sorted(times),
        )  # fmt: skip


def by_capture():
    frames, alive = [], []
    capture = Capture(
        make_camera=lambda: open_camera("picamera:0", image_wh=(640, 480), fps=15),
        sinks=[frames.append], on_opened=lambda: None, on_alive=lambda for_s: alive.append(for_s),
    )  # fmt: skip
    capture.start()
    came = until(lambda: len(frames) > 20, 10)
    HANG_FILE.touch()
    hung_s = time.monotonic()
    named = until(lambda: capture.reason() is Reason.CAMERA_NO_FRAMES, 10)
    named_s = time.monotonic() - hung_s
    before = len(frames)
    HANG_FILE.unlink()
    back = until(lambda: len(frames) > before + 20, 20)
    back_s = time.monotonic() - hung_s
    well = until(lambda: capture.reason() is None, 5)
    capture.stop()
    told(came=came, named=named, named_s=named_s, back=back, back_s=back_s, well=well)


logging.basicConfig(level=logging.INFO, stream=sys.stderr)
{"by hand": by_hand, "hang": by_capture}[sys.argv[1]]()
