"""A whole line of real programs on free ports, and the doctor run as people run it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.embedded_broker import free_port
from workbench.demo.site import PROGRAMS, Site

PATIENCE_S = 60.0
LONGEST_S = 13.5
"""For looking; starting Python comes on top, a second where the machine has nothing else to do."""
WELL = "Everything that can be seen from here works."
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GLASS_") and name != "BACKEND_URL"}


@dataclass
class Line:
    """The four programs of one machine, started one by one from the settings file that the demo writes."""

    site: Site
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, *programs: str) -> None:
        for program in programs:
            command = [sys.executable, "-m", program, "--config", str(self.site.config)]
            with (self.site.folder / f"{program}.log").open("a") as log:
                self.processes[program] = subprocess.Popen(command, env=CLEAN, stderr=log, stdout=log)

    def mend(self) -> None:
        """Start again what does not run, and wait until all is well."""
        for program in PROGRAMS:
            if program not in self.processes:
                self.start(program)
            else:
                self.send(program, signal.SIGCONT)
        self.wait_until_well()

    def send(self, program: str, number: int) -> None:
        """Signal a program with all its workers."""
        process = psutil.Process(self.processes[program].pid)
        for one in (process, *process.children(recursive=True)):
            one.send_signal(number)

    def end(self, program: str, number: int = signal.SIGTERM) -> None:
        process = self.processes.pop(program)
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def wait_until_well(self) -> None:
        """Until the web's own chain has no fault and pictures come."""
        until_s = time.monotonic() + PATIENCE_S
        seen: Any = None
        while time.monotonic() < until_s:
            with suppress(OSError, ValueError):
                with urllib.request.urlopen(f"{self.site.url}/api/devices/pi-1/chain", timeout=5) as answer:
                    seen = json.load(answer)
                states = {hop["hop"]: hop["state"] for hop in seen["hops"]}
                if seen["ok"] and all(states.get(hop) == "ok" for hop in ("camera", "node", "bridge", "store")):
                    return
            time.sleep(0.2)
        raise AssertionError(f"not well after {PATIENCE_S:g} s: {seen}")


@pytest.fixture
def line(shared_line: Line) -> Line:
    """A running line that is well; a test may leave it broken."""
    shared_line.mend()
    return shared_line


@pytest.fixture(scope="module")
def shared_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    site = Site(tmp_path_factory.mktemp("site"), free_port(), free_port(), "scene:?seed=7")
    site.write()
    line = Line(site)
    try:
        yield line
    finally:
        for program in list(line.processes):
            line.send(program, signal.SIGCONT)
            line.end(program)


@dataclass(frozen=True)
class Told:
    """What one run of the doctor said."""

    code: int
    text: str
    complaint: str

    @property
    def json(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.text)
        return told

    @property
    def looked_s(self) -> float:
        """How long it looked."""
        return float(self.json["took_s"])

    @property
    def cause(self) -> str | None:
        """The code of the first cause."""
        first = self.json["first_cause"]
        return first["code"] if first else None

    @property
    def causes(self) -> list[str]:
        """The codes of the first cause and of what else is wrong."""
        return [one["code"] for one in (self.json["first_cause"], *self.json["also"]) if one]

    def remedy(self, code: str) -> str:
        """What is to be done about one of them."""
        faults = (self.json["first_cause"], *self.json["also"])
        return str(next(one["remedy"] for one in faults if one and one["code"] == code))

    @property
    def states(self) -> dict[str, str]:
        return {hop["hop"]: hop["state"] for hop in self.json["hops"]}


def run_doctor(*arguments: str, folder: Path, **environ: str) -> Told:
    """Run `glassline doctor` in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "workbench.main", "doctor", *arguments],
        cwd=folder, env=CLEAN | {"COLUMNS": "200"} | environ, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Told(done.returncode, done.stdout, done.stderr)
