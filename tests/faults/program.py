"""One program of the line as a process, which may be signalled, killed, and started with other settings."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GLASS_") and name != "BACKEND_URL"}


class Program:
    """`python -m NAME` in `folder`, whose glassline.toml it reads; its log is NAME.log there if not `log`."""

    def __init__(self, name: str, folder: Path, *, before: Sequence[str] = (), log: Path | None = None) -> None:
        self.name, self.folder, self.log = name, folder, log or folder / f"{name}.log"
        self._before = list(before)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, **environ: str) -> None:
        command = [*self._before, sys.executable, "-m", self.name, *arguments]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, env=CLEAN | environ, stdout=log, stderr=log)

    def log_end(self, lines: int = 8) -> str:
        """Its last lines."""
        return "\n".join(self.log.read_text().splitlines()[-lines:]) if self.log.exists() else "(no log)"

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def processes(self) -> list[psutil.Process]:
        """Itself and all below it, children first; none where it does not run."""
        with suppress(psutil.NoSuchProcess):
            if self.runs:
                top = psutil.Process(self.pid)
                return [*top.children(recursive=True), top]
        return []

    def signal(self, number: int) -> None:
        """To itself and all its workers."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def end(self) -> None:
        """Whatever state it is in."""
        victims = self.processes()
        self.signal(signal.SIGCONT)
        if self._process is not None and self.runs:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(8)
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        if self._process is not None:
            self._process.wait()
