"""The bench's processes: each lives as long as the block it was started in, and says what went wrong with it."""

import json
import os
import selectors
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_S = 30.0
STOP_S = 15.0
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")


class BenchError(Exception):
    """The bench cannot be run, or broke; the text says what to do."""


class Child:
    """A process with its log in `folder`. It is told to end by the end of its input, then by signals."""

    def __init__(self, name: str, *command: str, folder: Path) -> None:
        self.name, self._command = name, command
        self._log = folder / f"{name}.log"

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        """Start; settings of this machine do not reach it."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GLASS_")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment,
            )  # fmt: skip
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def check(self) -> None:
        """BenchError if it has ended."""
        if (code := self._process.poll()) is not None:
            raise BenchError(f"{self.name} ended with code {code}. It said:\n{self._said()}")

    def wait_for_port(self, port: int) -> None:
        """Return once it listens there."""
        until_s = time.monotonic() + START_S
        while time.monotonic() < until_s:
            self.check()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise BenchError(f"{self.name} does not listen on port {port} after {START_S:g} s. It said:\n{self._said()}")

    def wait_for_line(self, wanted: str, timeout_s: float, *others: "Child") -> None:
        """Return once it has printed the line; `others` must live meanwhile."""
        assert self._process.stdout is not None
        until_s = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while time.monotonic() < until_s:
                for child in others:
                    child.check()
                if selector.select(0.5):
                    line = self._process.stdout.readline().decode().strip()
                    if line == wanted:
                        return
                    self._process.wait(STOP_S)
                    self.check()
        raise BenchError(f"{self.name}: not {wanted} after {timeout_s:g} s. It said:\n{self._said()}")

    def result(self) -> Any:
        """End it and return the JSON that it prints then."""
        self.check()
        out, _ = self._process.communicate(timeout=120)
        try:
            return json.loads(out)
        except ValueError:
            raise BenchError(f"{self.name} gave no result. It said:\n{self._said()}") from None

    def _said(self) -> str:
        return self._log.read_text(errors="replace").strip()[-2000:] or "nothing"


def python(module: str, *arguments: object) -> list[str]:
    """The command line of a module under this interpreter."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def program(module: str, *arguments: object) -> list[str]:
    """The same for one of the four programs, which then ends with its input as the bench's own do."""
    return python("workbench.bench.until_told", module, *arguments)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
