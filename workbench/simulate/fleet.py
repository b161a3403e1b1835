"""The fleet: accounts and folders of its devices, the processes they run in, and what these report.

A process that dies is started again, as systemd does with a node.
"""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from glassline.contract import Role
from glassline.link import BrokerAddress
from glassline.program import Credentials, read_credentials, write_credentials
from glassline.program.settings import EXIT_SETTINGS
from workbench.accounts_folder import AccountsFolder

from .device import Plan
from .stills import prepare
from .tally import FleetTally

DEFAULT_BROKER = "mqtt://127.0.0.1:1883"
AGAIN_S = 1.0
STOP_S = 20.0


class FleetError(Exception):
    """The fleet cannot run; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked of the fleet: `first` and `devices` make the ids, `prefix`-first and so on."""

    devices: int
    first: int
    prefix: str
    fps: float
    detections_per_min: float
    broker: str | None
    """Where it is, if not where the credentials say."""
    outbox_mb: int
    folder: Path
    seed: int
    per_process: int

    def ids(self) -> list[str]:
        """Of all devices."""
        return [f"{self.prefix}-{number}" for number in range(self.first, self.first + self.devices)]

    def credentials(self, id: str) -> Path:
        """The file with all that the device needs to reach its broker, where it has an account."""
        return self.folder / "credentials" / f"{id}.toml"

    def journal(self, id: str) -> Path:
        """The file that says what the device has planted."""
        return self.folder / id / "planted.jsonl"

    def plans(self) -> list[Plan]:
        """One for each device. SecretError if its credentials cannot be used."""
        return [self._plan(id, self.credentials(id)) for id in self.ids()]

    def _plan(self, id: str, path: Path) -> Plan:
        known = read_credentials(path) if path.exists() else None
        return Plan(
            id=id, broker=self.broker or (known.broker if known else DEFAULT_BROKER), folder=str(self.folder / id),
            credentials=str(path) if known else None, fps=self.fps, detections_per_min=self.detections_per_min,
            outbox_mb=self.outbox_mb, seed=f"{self.seed} {id}",
        )  # fmt: skip


def make_accounts(wanted: Wanted, accounts: AccountsFolder, say: Callable[[str], None]) -> None:
    """An account for each device that has no credentials yet; AccountsError where its name is taken."""
    missing = [id for id in wanted.ids() if not wanted.credentials(id).exists()]
    address = BrokerAddress.parse(wanted.broker or accounts.broker_address(local=True))
    for id in missing:
        say(f"making an account for {id} …")
        password = accounts.accounts.add(id, Role.NODE)
        ca = accounts.ca_pem if address.tls else ""
        write_credentials(wanted.credentials(id), Credentials(id, Role.NODE, str(address), password, ca=ca))
    if missing:
        with contextlib.redirect_stdout(sys.stderr):
            accounts.renew_mosquitto()


class Fleet:
    """`with Fleet(wanted, say) as fleet`: it runs. `tally` has what it reports, `say` gets what befalls a process."""

    def __init__(self, wanted: Wanted, say: Callable[[str], None]) -> None:
        self.tally = FleetTally()
        self._wanted, self._say = wanted, say
        self._resting, self._ending = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._fault = ""

    def __enter__(self) -> Self:
        wanted = self._wanted
        prepare(wanted.folder / "stills")
        plans = wanted.plans()
        for number, at in enumerate(range(0, len(plans), wanted.per_process)):
            part = plans[at : at + wanted.per_process]
            thread = threading.Thread(target=self._keep, args=(number, part), name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._ending.set()
            for process in self._processes.values():
                _close(process)
        until_s = time.monotonic() + STOP_S
        for number, thread in enumerate(self._threads):
            thread.join(max(0.0, until_s - time.monotonic()))
            if thread.is_alive():
                self._processes[number].kill()
                thread.join(5)

    def hint(self) -> str:
        """What to do about devices that have no credentials, if there are any."""
        missing = next((path for id in self._wanted.ids() if not (path := self._wanted.credentials(id)).exists()), None)
        if missing is None:
            return ""
        return f"There is no {missing}: give --accounts, the broker's accounts file, or put credentials there"

    def check(self) -> None:
        """FleetError if a process cannot run at all."""
        if self._fault:
            raise FleetError(self._fault)

    def rest(self) -> None:
        """Plant nothing more; what waits is still sent."""
        with self._lock:
            self._resting.set()
            for process in self._processes.values():
                _tell(process, {"rest": True})

    def _keep(self, number: int, plans: list[Plan]) -> None:
        """Run a worker, and again when it dies."""
        while not self._ending.is_set() and not self._fault:
            code = self._run(number, plans)
            if self._ending.is_set():
                return
            if code == EXIT_SETTINGS:
                self._fault = self._log(plans).read_text().strip().splitlines()[-1]
                return
            cause = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            self._say(f"the process of {plans[0].id} … {plans[-1].id} {cause}: it is started again")
            self.tally.restarts += 1
            self._ending.wait(AGAIN_S)

    def _run(self, number: int, plans: list[Plan]) -> int:
        with self._log(plans).open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "workbench.simulate.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, text=True,
            )  # fmt: skip
        with self._lock:
            self._processes[number] = process
            stills = str(self._wanted.folder / "stills")
            _tell(process, {"stills": stills, "plans": [asdict(p) for p in plans], "resting": self._resting.is_set()})
            if self._ending.is_set():
                _close(process)
        assert process.stdout is not None
        for line in process.stdout:
            with contextlib.suppress(ValueError):  # a line that was cut off when the process was killed
                self.tally.take(number, json.loads(line))
        self.tally.gone(number)
        return process.wait()

    def _log(self, plans: list[Plan]) -> Path:
        return self._wanted.folder / f"{plans[0].id}.log"


def _tell(process: "subprocess.Popen[str]", what: dict[str, Any]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it has died: the next one is told anew
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()


def _close(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
