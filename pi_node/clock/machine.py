"""The clock of the machine, and whether it can be believed yet.

A Pi has no clock while it is off: it wakes up with the time at which it was last alive, or with that of a battery, and
is put right over the network once there is one. So instants are kept on the monotonic clock, which nobody sets, and
`Reading.offset_s` leads from there to Unix time.
"""

import ctypes
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from glassline.contract import from_unix

from ..health.host import is_pi

TIMESYNC = Path("/run/systemd/timesync")
"""There while systemd-timesyncd runs; it leaves a file `synchronized` once it has set the clock."""
_NOT_SET_US = 16_000_000
"""The error that the kernel assumes while nobody has set its clock. The flag STA_UNSYNC says less: it is also left
where the kernel is to keep its hands off a battery clock."""
_NANOSECONDS = 0x2000
_TRIES = 5
ASK_S, ASK_EACH_S = 2.0, 15.0
"""How long systemd is waited for, and how often it is asked: each time that is a program to start."""
_LAST_UNIX_S = 7_258_118_399.0
"""The end of 2199: the last time that the contract knows."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the clock said at one instant of one boot of the machine."""

    boot: str
    """The kernel's boot id: monotonic times mean nothing beyond it. Empty: not known, so nothing is put right by it."""
    offset_s: float
    """Unix time less monotonic time."""
    synced: bool
    slewed_s: float = 0.0
    """How far the monotonic clock itself was led, by whoever keeps the time: only differences mean something."""

    def time_of(self, monotonic_s: float) -> datetime:
        """The time of an instant of this boot, as far as the contract knows times."""
        return from_unix(min(max(0.0, monotonic_s + self.offset_s), _LAST_UNIX_S))


class Clock:
    """Read it with `read`. `sysfs` and `procfs` are the folders in which the kernel shows itself."""

    def __init__(self, *, sysfs: Path = Path("/sys"), procfs: Path = Path("/proc")) -> None:
        self._sysfs, self._boot_id = sysfs, procfs / "sys/kernel/random/boot_id"
        self._synced = False
        self._ask_again_s = float("-inf")

    def read(self) -> Reading:
        """The clock at this instant, to less than a millisecond."""
        kernel = _Timex.read()
        _, offset_s, slewed_s = min(_compared() for _ in range(_TRIES))
        return Reading(
            boot=self._boot(),
            offset_s=offset_s + (kernel.slew_left_s if kernel is not None else 0.0),
            synced=self._was_set(kernel),
            slewed_s=slewed_s,
        )

    def _boot(self) -> str:
        try:
            return self._boot_id.read_text().strip()
        except OSError:
            return ""

    def _was_set(self, kernel: "_Timex | None") -> bool:
        """Whether somebody has set the clock since the machine was started: then it is right to seconds a day for good.

        All programs that keep the time tell the kernel. A sandbox lets nobody ask it (its call can set the clock, too):
        there timesyncd's own word counts, or systemd's. A machine that is no Pi has a clock with a battery, or its
        host's: it is believed, unless timesyncd still tries.
        """
        if not self._synced and not TIMESYNC.is_dir():
            self._synced = not is_pi(self._sysfs) or (kernel.is_set if kernel is not None else self._timedated_says())
        elif not self._synced:
            self._synced = (TIMESYNC / "synchronized").exists() or (kernel is not None and kernel.is_set)
        return self._synced

    def _timedated_says(self) -> bool:
        """Whether systemd says that the clock was set; it asks the kernel, too. False until it is asked again."""
        if (now_s := time.monotonic()) < self._ask_again_s:
            return False
        self._ask_again_s = now_s + ASK_EACH_S
        command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
        try:
            return subprocess.run(command, capture_output=True, timeout=ASK_S, check=False).stdout.strip() == b"yes"
        except (OSError, subprocess.TimeoutExpired):
            return False


def _compared() -> tuple[float, float, float]:
    """(how long the look took, Unix less monotonic time, monotonic time less that of the bare crystal), seconds."""
    before_s, unix_s, raw_s, after_s = (
        time.monotonic(), time.time(), time.clock_gettime(time.CLOCK_MONOTONIC_RAW), time.monotonic()
    )  # fmt: skip
    monotonic_s = (before_s + after_s) / 2
    return after_s - before_s, unix_s - monotonic_s, monotonic_s - raw_s


class _Timex(ctypes.Structure):
    """adjtimex(2), of which only the first part is wanted."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )

    @classmethod
    def read(cls) -> "_Timex | None":
        """The kernel's state of the clock; None where a sandbox forbids to ask."""
        timex = cls()
        return timex if _libc.adjtimex(ctypes.byref(timex)) >= 0 else None

    @property
    def is_set(self) -> bool:
        return int(self.maxerror) < _NOT_SET_US

    @property
    def slew_left_s(self) -> float:
        """How far the clock is still to be led, slowly, to where it belongs."""
        return float(self.offset) / (1e9 if self.status & _NANOSECONDS else 1e6)


_libc = ctypes.CDLL(None)
