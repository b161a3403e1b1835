"""Whether another program has a camera, and who has it open, as the kernel says it."""

import errno
import fcntl
import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

_REQBUFS = 0xC0145608
"""VIDIOC_REQBUFS of videodev2.h, which 20 bytes belong to."""
_NO_BUFFERS = b"\0\0\0\0" + (1).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(8)
"""Zero buffers for capture, in memory of the driver: takes nothing, and is refused while another program streams."""
UNNAMED = "a program that this account may not see"


_LOOKERS = frozenset({"pipewire", "wireplumber", "pipewire-media-session"})
"""What a desktop has every camera open with, mostly without taking a picture."""


def holder_of(device: str) -> str | None:
    """The program that keeps `device` from us, like "motion (process 612)"; None if the device itself is not busy."""
    return who_has_open(device) if _is_busy(device) else None


def who_has_open(*patterns: str) -> str:
    """Names those that have one of the devices open, where something else has told that it is busy.

    Many may have a camera open, and only one takes pictures. A program of another account cannot be named.
    """
    others = dict.fromkeys(_others({device for pattern in patterns for device in glob.glob(pattern)}))
    likely = [f"{name} (process {pid})" for name, pid in others if name not in _LOOKERS]
    return ", ".join(likely or [f"{name} (process {pid})" for name, pid in others]) or UNNAMED


def _others(devices: Iterable[str]) -> Iterator[tuple[str, int]]:
    real = {os.path.realpath(device) for device in devices}
    for process in psutil.process_iter(["name"]):
        if process.pid != os.getpid() and not real.isdisjoint(_open_files(process.pid)):
            yield process.info["name"], process.pid


def _open_files(pid: int) -> Iterator[str]:
    """psutil's own list leaves devices out."""
    try:
        links = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return
    for link in links:
        try:
            yield os.readlink(link)
        except OSError:
            continue


def _is_busy(device: str) -> bool:
    """Whether the device says so itself (EBUSY): at opening, or when it is asked to stream."""
    try:
        fd = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        return error.errno == errno.EBUSY
    try:
        fcntl.ioctl(fd, _REQBUFS, _NO_BUFFERS)
    except OSError as error:
        return error.errno == errno.EBUSY
    finally:
        os.close(fd)
    return False
