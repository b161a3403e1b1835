"""`python -m glassline.child PID MODULE ARGUMENT …`: run a module, but no longer than its parent PID lives."""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """On Linux, have the kernel end this process when its parent is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """See the module."""
    die_with_parent()
    if os.getppid() != int(sys.argv[1]):
        raise SystemExit("the process that this one was started for is gone")
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
