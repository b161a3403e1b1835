"""Keeps one program running, as systemd does on a server: `python -m workbench.keep NAME -- COMMAND …`.

It starts the command again when it dies, ends it when it is told to end itself or when whoever started it is gone, and
gives up when the program says that its settings are wrong.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

EXIT_SETTINGS = 2
EXIT_RESTART = 75
AGAIN_S = 1.0
TERM_WAIT_S = 4.0
_PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> int:
    """Run until told to end; the exit code is the program's last."""
    name, command = argv[0], argv[argv.index("--") + 1 :]
    ending = threading.Event()
    child: subprocess.Popen[bytes] | None = None

    def end(number: int, frame: FrameType | None) -> None:
        ending.set()
        if child is not None:
            child.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    _end_with_parent(os.getppid())
    while True:
        child = subprocess.Popen(command)
        code = _wait(child, ending)
        if ending.is_set() or code in (0, EXIT_SETTINGS):
            return max(code, 0)
        cause = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        print(f"{name} {cause}; it is started again in {AGAIN_S:g} s", flush=True)
        if ending.wait(AGAIN_S):
            return 0


def _wait(child: "subprocess.Popen[bytes]", ending: threading.Event) -> int:
    """Wait for the child; once we are ending, not longer than TERM_WAIT_S."""
    deadline_s = None
    while True:
        try:
            return child.wait(0.2)
        except subprocess.TimeoutExpired:
            if ending.is_set():
                deadline_s = deadline_s or time.monotonic() + TERM_WAIT_S
                if time.monotonic() > deadline_s:
                    child.kill()


def _end_with_parent(parent: int) -> None:
    """Be told to end when the parent dies, however it dies (prctl(2), Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
