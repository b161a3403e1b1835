"""Readings of the machine that the node runs on; None where it has no such sensor."""

import os
import re
import shutil
import threading
from pathlib import Path

import psutil

from glassline.contract import Reason

_TEMPERATURE = "class/thermal/thermal_zone0/temp"
_THROTTLED = "devices/platform/soc*/*firmware*/get_throttled"
"""soc/soc:firmware on a Pi up to 4; what stands in place of `soc` differs from board to board."""
_MODEL = "firmware/devicetree/base/model"
_UNDERVOLTAGE, _ANY_THROTTLING = 0x1, 0xE
DISK_FULL_MB = 200
_NICE = 2


def is_pi(sysfs: Path = Path("/sys")) -> bool:
    """Whether this is a Raspberry Pi."""
    return (_text(sysfs / _MODEL) or "").startswith("Raspberry Pi")


def memory_mb() -> float:
    """Resident memory of this process, MB."""
    return round(float(psutil.Process().memory_info().rss) / 1e6, 1)


def disk_free_mb(folder: Path) -> float | None:
    try:
        return round(shutil.disk_usage(folder).free / 1e6, 1)
    except OSError:
        return None


def give_way() -> None:
    """Have the calling thread, and those it will start, come after all others of the machine that want the processor.

    A thread has a niceness of its own on Linux, where POSIX gives one to the process.
    """
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), max(_NICE, os.getpriority(os.PRIO_PROCESS, 0)))


class Host:
    """Sensors of the machine, as the kernel shows them below `sysfs`."""

    def __init__(self, sysfs: Path) -> None:
        self._sysfs = sysfs

    def cpu_temp_c(self) -> float | None:
        text = _text(self._sysfs / _TEMPERATURE)
        return round(int(text) / 1000, 1) if text and text.lstrip("-").isdigit() else None

    def throttled(self) -> str | None:
        """The firmware's flags as hexadecimal: bit 0 under-voltage, bits 1-3 throttling, at this moment."""
        return next((_text(path) for path in self._sysfs.glob(_THROTTLED)), None)

    def is_throttled(self) -> bool:
        """Whether the firmware slows the processor down at this moment."""
        return bool(self._flags() & _ANY_THROTTLING)

    def memory_free_mb(self, procfs: Path) -> float | None:
        """What programs may still take before anything has to go, MB."""
        found = re.search(r"^MemAvailable:\s+(\d+) kB$", _text(procfs / "meminfo") or "", re.MULTILINE)
        return round(int(found[1]) * 1024 / 1e6, 1) if found else None

    def power_reasons(self) -> list[Reason]:
        """What is wrong with the machine's power at this moment."""
        flags = self._flags()
        found = {
            Reason.POWER_UNDERVOLTAGE: bool(flags & _UNDERVOLTAGE),
            Reason.POWER_THROTTLED: bool(flags & _ANY_THROTTLING),
        }
        return [reason for reason, is_so in found.items() if is_so]

    def _flags(self) -> int:
        try:
            return int(self.throttled() or "0", 16)
        except ValueError:
            return 0


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return None
