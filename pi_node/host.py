"""Readings of the machine that the node runs on; None where it has no such sensor."""

import shutil
from pathlib import Path
from typing import Literal

import psutil

from glassline.contract import Reason

_TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
_THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
_MODEL = Path("/proc/device-tree/model")
_TIMESYNC = Path("/run/systemd/timesync")
_UNDERVOLTAGE, _ANY_THROTTLING = 0x1, 0xE
DISK_LOW_MB = 200


def is_pi() -> bool:
    """Whether this is a Raspberry Pi."""
    return (_text(_MODEL) or "").startswith("Raspberry Pi")


def cpu_temp_c() -> float | None:
    text = _text(_TEMPERATURE)
    return round(int(text) / 1000, 1) if text and text.lstrip("-").isdigit() else None


def memory_mb() -> float:
    """Resident memory of this process, MB."""
    return round(float(psutil.Process().memory_info().rss) / 1e6, 1)


def disk_free_mb(folder: Path) -> float | None:
    try:
        return round(shutil.disk_usage(folder).free / 1e6, 1)
    except OSError:
        return None


def throttled() -> str | None:
    """The firmware's flags as hexadecimal: bit 0 under-voltage, bits 1-3 throttling, at this moment."""
    return _text(_THROTTLED)


def clock() -> Literal["synced", "unsynced"]:
    """`unsynced` while systemd-timesyncd runs and has not yet set the clock."""
    return "unsynced" if _TIMESYNC.is_dir() and not (_TIMESYNC / "synchronized").exists() else "synced"


def reasons(state_dir: Path) -> list[Reason]:
    """What is wrong with the machine."""
    flags = int(throttled() or "0", 16)
    free_mb = disk_free_mb(state_dir)
    found = {
        Reason.POWER_UNDERVOLTAGE: bool(flags & _UNDERVOLTAGE),
        Reason.POWER_THROTTLED: bool(flags & _ANY_THROTTLING),
        Reason.DISK_FULL: free_mb is not None and free_mb < DISK_LOW_MB,
        Reason.NODE_CLOCK_UNSYNCED: clock() == "unsynced",
    }
    return [reason for reason, is_so in found.items() if is_so]


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip("\0\n ")
    except OSError:
        return None
