"""Keeps one program running, as systemd does on a server: `python -m workbench.keep NAME PID -- COMMAND …`.

It starts the command again when it dies, ends it when it is told to end itself or when the process PID is gone, and
gives up when the program ends by itself or says that its settings are wrong.
"""

import subprocess
import sys
from collections.abc import Callable

import psutil

from glassline.program import EndSignals
from glassline.program.settings import EXIT_SETTINGS

AGAIN_S = 1.0
LOOK_S = 0.2
TERM_WAIT_S = 4.0


def main(argv: list[str]) -> int:
    """Run until told to end; the exit code is the program's last."""
    signals = EndSignals()
    signals.catch()
    name, pid, command = argv[0], int(argv[1]), argv[argv.index("--") + 1 :]
    is_alive = watch(pid)

    def is_over(wait_s: float) -> bool:
        return signals.wait(wait_s) or not is_alive()

    while not is_over(0):
        code = _run(command, is_over)
        if code in (0, EXIT_SETTINGS) or is_over(0):
            return max(code, 0)
        cause = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        print(f"{name} {cause}; it is started again in {AGAIN_S:g} s", flush=True)
        is_over(AGAIN_S)
    return 0


def _run(command: list[str], is_over: Callable[[float], bool]) -> int:
    """Run the command once; its exit code. When all is over it is ended, within TERM_WAIT_S."""
    child = subprocess.Popen(command)
    while child.poll() is None:
        if is_over(LOOK_S):
            child.terminate()
            try:
                return child.wait(TERM_WAIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
    return child.wait()


def watch(pid: int) -> Callable[[], bool]:
    """Tells whether the process that has this id now is still alive, whoever may get the id after it."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return lambda: False

    def is_alive() -> bool:
        try:
            return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    return is_alive


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
