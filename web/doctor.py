"""The doctor of this machine, asked by the page: `glassline doctor --json`, a process of its own."""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

TIMEOUT_S = 20.0
EVERY_S = 15.0
EXIT_CANNOT = 2
CANNOT = "web.doctor_cannot"


class DoctorError(Exception):
    """It could not look; the text says why, `hint` what to do."""

    def __init__(self, code: str, sentence: str, hint: str) -> None:
        super().__init__(sentence)
        self.code, self.hint = code, hint


class DoctorBusyError(Exception):
    """It looks already, or has just looked: ask again in `wait_s`."""

    def __init__(self, sentence: str, wait_s: float) -> None:
        super().__init__(sentence)
        self.wait_s = math.ceil(wait_s)


class Doctor:
    """One at a time, at most one each EVERY_S. `config` is the settings file that this web was started with."""

    def __init__(self, *, config: Path | None) -> None:
        self._config, self._folder = config, Path.cwd()
        self._turn = threading.Lock()
        self._began_s = -math.inf
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def ask(self) -> dict[str, Any]:
        """What it found, as `glassline doctor --json` prints it. DoctorBusyError, DoctorError."""
        if not self._turn.acquire(blocking=False):
            raise DoctorBusyError("the doctor is looking already", TIMEOUT_S)
        try:
            wait_s = self._began_s + EVERY_S - time.monotonic()
            if wait_s > 0:
                raise DoctorBusyError("the doctor has looked just now", wait_s)
            self._began_s = time.monotonic()
            return self._answer(*self._run())
        finally:
            self._turn.release()

    def stop(self) -> None:
        """End it, if it is looking."""
        self._stopping = True
        if (child := self._child) is not None:
            _end(child)

    def _run(self) -> tuple[int, bytes]:
        """Exit code and what it printed. Of this web's sockets it gets none."""
        named = ["--config", str(self._config)] if self._config else []
        command = [
            sys.executable,
            "-m",
            "glassline.child",
            str(os.getpid()),
            "workbench.main",
            "doctor",
            "--json",
            *named,
        ]
        try:
            child = subprocess.Popen(
                command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise _failed(f"it could not be started: {error.strerror}") from None
        self._child = child
        try:
            if self._stopping:
                _end(child)
            printed, _ = child.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise _failed(f"it did not end within {TIMEOUT_S:.0f} s") from None
        finally:
            self._child = None
            _end(child)
        return child.returncode, printed

    def _answer(self, exit_code: int, printed: bytes) -> dict[str, Any]:
        try:
            found = json.loads(printed)
        except ValueError:
            found = None
        if exit_code in (0, 1) and isinstance(found, dict):
            return found
        if exit_code == EXIT_CANNOT:
            where = f"the settings file {self._config}" if self._config else "a settings file: this web has none"
            raise DoctorError(
                CANNOT,
                "the doctor finds nothing here that it could examine",
                f"It reads what is set up on this machine from {where}. On the server `glassline doctor` says more.",
            )
        raise _failed(f"it ended with code {exit_code}")


def _failed(why: str) -> DoctorError:
    return DoctorError(
        "web.doctor_failed", f"the doctor gave no answer: {why}", "Run `glassline doctor` on the server."
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """The process and all that it may have started: a group of its own."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
