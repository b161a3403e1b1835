"""A machine for tests: a Debian with a real systemd as PID 1, in namespaces, that is booted, rebooted and switched off.

    with Container(trixie(), tmp_path) as pi:
        pi.run("systemctl", "status")
        pi.reboot()

What it writes lies in an overlay and outlasts a reboot. Its network is a cable to this machine, 10.77.N.1 here and
10.77.N.2 there, that can be pulled. Memory limits are accepted there and not enforced.
"""

import errno
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.support.waiting import until

BOOT = Path(__file__).with_name("boot.sh")
BOOT_S, OFF_S = 60.0, 20.0


class Container:
    """`root` is the Debian, which is only read; `folder` takes what is written. Wants root."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root, self._folder = root, folder
        number, self._claim = _claimed_number()
        self.host_ip, self.ip = f"10.77.{number}.1", f"10.77.{number}.2"
        self._cable = f"glass{number}"
        self._cgroup = _cgroup2() / f"glassline-{os.getpid()}-{number}"
        self._unshare: subprocess.Popen[bytes] | None = None
        self.boots = 0

    def __enter__(self) -> Self:
        for name in ("upper", "work", "root"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        self.boot()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.switch_off()

    @property
    def console(self) -> str:
        """What systemd said while it booted."""
        return (self._folder / "console").read_text(errors="replace")

    @property
    def files(self) -> Path:
        """Its root folder, to be read and written from here while it is switched on."""
        return Path(f"/proc/{self._init()}/root")

    def boot(self) -> None:
        """Switch on, and wait until it is up; nothing of it is left where that fails."""
        try:
            self._boot()
        except BaseException:
            self.switch_off(cleanly=False)
            raise

    def _boot(self) -> None:
        self._cgroup.mkdir()
        self.boots += 1
        with (self._folder / "console").open("ab") as console:
            self._unshare = subprocess.Popen(
                [
                    "sh", "-c", f'echo $$ >{self._cgroup}/cgroup.procs; exec unshare --pid --fork --kill-child=SIGKILL '
                    '--mount --uts --ipc --net --cgroup --propagation private "$@"',
                    "sh", BOOT, self._root, self._folder,
                ],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            )  # fmt: skip
        is_up = until(lambda: self._init() is not None and self._state() in ("running", "degraded"), BOOT_S)
        assert is_up, self.console[-3000:]
        self._plug_in()

    def switch_off(self, *, cleanly: bool = True) -> None:
        """Shut down, or kill everything at once; what was written stays then, too, whether or not it was synced."""
        if self._unshare is None:
            return
        init = self._init()
        if init is not None:
            os.kill(init, signal.SIGRTMIN + 3 if cleanly else signal.SIGKILL)
        try:
            self._unshare.wait(OFF_S)
        except subprocess.TimeoutExpired:
            self._unshare.kill()
            self._unshare.wait()
        self._unshare = None
        subprocess.run(
            ["ip", "link", "delete", self._cable], capture_output=True, check=False
        )  # it goes with the rest, later
        for below in sorted(self._cgroup.rglob("*/"), reverse=True):
            below.rmdir()
        self._cgroup.rmdir()
        shutil.rmtree(self._folder / "work", ignore_errors=True)
        (self._folder / "work").mkdir(exist_ok=True)

    def reboot(self, *, cleanly: bool = True) -> None:
        self.switch_off(cleanly=cleanly)
        self.boot()

    def run(self, *command: str | Path, check: bool = True, timeout_s: float = 300, by: Sequence[str] = ()) -> str:
        """Run it as root in there, by a command of this machine if any; what it printed, stderr too."""
        init = self._init()
        assert init is not None, "it is switched off"
        ended = subprocess.run(
            [
                *by, "nsenter", "--target", str(init),
                "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "env", "-i",
                "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb", "LANG=C.UTF-8", *command,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_s,
        )  # fmt: skip
        assert not check or ended.returncode == 0, f"{command} ended with {ended.returncode}:\n{ended.stdout}"
        return ended.stdout

    def property(self, unit: str, name: str) -> str:
        """What `systemctl show` says."""
        return self.run("systemctl", "show", "--property", name, "--value", unit).strip()

    def journal(self, unit: str) -> str:
        return self.run("journalctl", "--unit", unit, "--no-pager", "--output", "cat")

    def cable(self, *, plugged_in: bool) -> None:
        """Pull the network cable, or plug it in."""
        _ip("link", "set", self._cable, "up" if plugged_in else "down")

    def _plug_in(self) -> None:
        init = str(self._init())
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", init)
        _ip("address", "add", f"{self.host_ip}/30", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        for words in (f"address add {self.ip}/30 dev eth0", "link set eth0 up", "link set lo up"):
            subprocess.run(["nsenter", "--target", init, "--net", "ip", *words.split()], check=True)

    def _init(self) -> int | None:
        assert self._unshare is not None
        try:
            children = psutil.Process(self._unshare.pid).children()
        except psutil.NoSuchProcess:
            return None
        return children[0].pid if children else None

    def _state(self) -> str:
        try:
            return self.run("systemctl", "is-system-running", check=False, timeout_s=10).strip()
        except (AssertionError, subprocess.TimeoutExpired):
            return ""


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _claimed_number() -> tuple[int, socket.socket]:
    """A number for a cable that no other run has or takes, on this machine's network, while the socket lives."""
    for more in range(250):
        number = (os.getpid() + more) % 250 + 1
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0glassline-cable-{number}")
        except OSError as error:
            claim.close()
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        if not Path(f"/sys/class/net/glass{number}").exists():
            return number, claim
        claim.close()
    raise AssertionError("250 machines for tests have a cable here already")


def _cgroup2() -> Path:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    place = next((Path(place) for _, place, kind, *_ in mounts if kind == "cgroup2"), None)
    assert place is not None, "systemd needs a cgroup2 hierarchy, and none is mounted here"
    return place
