"""What strains the node: power, memory, disk and Wi-Fi of its machine, a camera or detector slower than asked."""

from collections.abc import Callable
from pathlib import Path

from glassline.contract import Reason
from glassline.contract.messages import WifiHealth

from . import wifi
from .host import DISK_FULL_MB, Host, disk_free_mb
from .swing import Swing

WEAK_DBM, FIRM_DBM = -75.0, -70.0
"""From -75 dBm down only the slowest rates remain, and a person who walks in between cuts the link."""
MEMORY_LOW_MB, MEMORY_ENOUGH_MB = 100.0, 150.0
"""Below that the kernel drops and reads again the programs themselves, from the card, long before it ends one."""
DISK_MARGIN = 1.1
CAMERA_SHARES, DETECTOR_SHARES = (1 / 2, 0.7), (1 / 3, 1 / 2)
"""Parts of the rate that was asked for: below the first it is slow, from the second on no more. What a detector is
asked for is the most that it may do, so that less is usual there."""
CAMERA_SLOW_S, DETECTOR_SLOW_S, QUICK_S = 30.0, 60.0, 10.0


class Strain:
    """One thread calls `look` about once a second; then `reasons` tells. `broker` tells the broker's host."""

    def __init__(
        self, *, host: Host, procfs: Path, state_dir: Path, broker: Callable[[], str], outbox_mb: float
    ) -> None:
        self._host, self._procfs, self._state_dir, self._broker = host, procfs, state_dir, broker
        self._outbox_mb = outbox_mb
        self.wifi: WifiHealth | None = None
        self.disk_free_mb: float | None = None
        self.memory_free_mb: float | None = None
        self._swings = {
            Reason.CAMERA_SLOW: Swing(after_s=CAMERA_SLOW_S, until_s=QUICK_S),
            Reason.DETECTOR_SLOW: Swing(after_s=DETECTOR_SLOW_S, until_s=QUICK_S),
            Reason.POWER_UNDERVOLTAGE: Swing(after_s=0, until_s=30),
            Reason.POWER_THROTTLED: Swing(after_s=0, until_s=30),
            Reason.NODE_MEMORY_LOW: Swing(after_s=10, until_s=10),
            Reason.DISK_FULL: Swing(after_s=0, until_s=0),
            Reason.DISK_LOW: Swing(after_s=0, until_s=0),
            Reason.LINK_WIFI_WEAK: Swing(after_s=15, until_s=15),
        }

    def look(
        self, *, camera_fps: tuple[float, float] | None, detect_fps: tuple[float, float] | None, outbox_bytes: int,
        now_s: float,
    ) -> None:  # fmt: skip
        """Look at the machine. The rates are (what is reached, what should be); None: there is none to speak of.

        `outbox_bytes` is what the outbox takes of the disk now.
        """
        self.wifi = wifi.signal(self._procfs, self._broker())
        self.disk_free_mb = disk_free_mb(self._state_dir)
        self.memory_free_mb = self._host.memory_free_mb(self._procfs)
        flags = self._host.power_reasons()
        to_come_mb = DISK_FULL_MB + max(0.0, self._outbox_mb - outbox_bytes / 1e6)
        levels = {
            Reason.CAMERA_SLOW: _share(camera_fps, CAMERA_SHARES),
            Reason.DETECTOR_SLOW: _share(detect_fps, DETECTOR_SHARES),
            Reason.NODE_MEMORY_LOW: (self.memory_free_mb, MEMORY_LOW_MB, MEMORY_ENOUGH_MB),
            Reason.DISK_FULL: (self.disk_free_mb, DISK_FULL_MB, DISK_FULL_MB * DISK_MARGIN),
            Reason.DISK_LOW: (self.disk_free_mb, to_come_mb, to_come_mb * DISK_MARGIN),
            Reason.LINK_WIFI_WEAK: (self.wifi.signal_dbm if self.wifi else None, WEAK_DBM, FIRM_DBM),
        }
        for reason, (level, low, enough) in levels.items():
            is_bad, is_good = level is not None and level < low, level is None or level >= enough
            self._swings[reason].note(is_bad=is_bad, is_good=is_good, now_s=now_s)
        for reason in (Reason.POWER_UNDERVOLTAGE, Reason.POWER_THROTTLED):
            self._swings[reason].note(is_bad=reason in flags, is_good=reason not in flags, now_s=now_s)

    def reasons(self) -> list[Reason]:
        """What is wrong; that the disk is full goes before that it will be."""
        found = [reason for reason, swing in self._swings.items() if swing.is_there]
        return [reason for reason in found if reason is not Reason.DISK_LOW or Reason.DISK_FULL not in found]


def _share(rate: tuple[float, float] | None, shares: tuple[float, float]) -> tuple[float | None, float, float]:
    return (None if rate is None else rate[0] / rate[1], *shares)
