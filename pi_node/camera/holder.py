"""Who else has a camera open, as the kernel says it."""

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


def holder_of(*patterns: str) -> str | None:
    """The other program that holds one of the devices, like "motion (process 612)"; None if nobody does.

    A program of another account can be noticed, but not be named.
    """
    devices = {device for pattern in patterns for device in glob.glob(pattern)}
    others = ", ".join(dict.fromkeys(_others(devices)))
    return others or (UNNAMED if any(map(_is_busy, sorted(devices))) else None)


def _others(devices: Iterable[str]) -> Iterator[str]:
    real = {os.path.realpath(device) for device in devices}
    for process in psutil.process_iter(["name"]):
        if process.pid != os.getpid() and not real.isdisjoint(_open_files(process.pid)):
            yield f"{process.info['name']} (process {process.pid})"


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
