"""Real broker, bridge and web with accounts, as processes on free loopback ports."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from glassline.contract import Role
from glassline.program import write_secret
from tests.support.embedded_broker import RunningBroker, broker_process, free_port
from tests.support.waiting import until

NODES = ("pi-1", "pi-2", "pi-3", "pi-4")
ROLES = {
    **dict.fromkeys(NODES, Role.NODE),
    "bridge-1": Role.BRIDGE,
    "web-1": Role.WEB,
    "healthy": Role.OBSERVER,
    "stalled": Role.OBSERVER,
}


@dataclass(frozen=True)
class Line:
    """What runs, and where."""

    broker: RunningBroker
    web_port: int
    store: str
    pids: dict[str, int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def counters(self) -> dict[str, int]:
        """The web's own counters."""
        counters: dict[str, int] = httpx.get(f"{self.url}/health", timeout=10).json()["counters"]
        return counters

    def is_up(self) -> bool:
        try:
            programs = {one["deviceId"]: one["online"] for one in self._devices()}
        except httpx.HTTPError:
            return False
        return programs.get("bridge-1", False) is True

    def _devices(self) -> list[dict[str, object]]:
        devices: list[dict[str, object]] = httpx.get(f"{self.url}/api/devices", timeout=5).json()["devices"]
        return devices


@contextmanager
def running_line(folder: Path, *, stall_s: float) -> Iterator[Line]:
    """Run the three programs; logs lie in `folder`. `stall_s`: after how long the web drops who reads nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as private, broker_process(ROLES, log=folder / "broker.log") as broker:
        store, port = f"sqlite:{private}/glassline.db", free_port()
        processes = {}
        for program, id, more in (
            ("bridge", "bridge-1", []),
            ("web", "web-1", [f"--http-port={port}", f"--stall-s={stall_s:g}"]),
        ):
            secret = Path(private) / program
            write_secret(secret, broker.passwords[id])
            reach = [f"--broker={broker.url}", f"--password-file={secret}", f"--store={store}"]
            with (folder / f"{program}.log").open("wb") as log:
                processes[program] = subprocess.Popen([sys.executable, "-m", program, *reach, *more], stderr=log)
        line = Line(broker, port, store, {"broker": broker.pid} | {name: p.pid for name, p in processes.items()})
        try:
            until(line.is_up, 60, what=lambda: (folder / "web.log").read_text())
            yield line
            for name, process in processes.items():
                assert process.poll() is None, f"{name} ended with {process.returncode}"
        finally:
            for process in processes.values():
                process.terminate()
            for process in processes.values():
                process.wait(15)


def sleep_until(moment_s: float) -> None:
    """Until a moment of the monotonic clock."""
    time.sleep(max(0.0, moment_s - time.monotonic()))
