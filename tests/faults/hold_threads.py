"""`python -m tests.faults.hold_threads PID`: stop the detector's threads of a node until stdin ends.

They are those with a lower priority than the process. ptrace stops single threads, where SIGSTOP stops all. Prints
`held`, or why not.
"""

import ctypes
import os
import sys
from pathlib import Path

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


def ptrace(request: int, tid: int) -> None:
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(tid), None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def detectors_threads(pid: int) -> list[int]:
    usual = os.getpriority(os.PRIO_PROCESS, pid)
    tids = sorted(int(task.name) for task in Path(f"/proc/{pid}/task").iterdir())
    return [tid for tid in tids if os.getpriority(os.PRIO_PROCESS, tid) > usual]


def main() -> None:
    tids = detectors_threads(int(sys.argv[1]))
    for tid in tids:
        ptrace(PTRACE_SEIZE, tid)
    for tid in tids:
        ptrace(PTRACE_INTERRUPT, tid)
        os.waitpid(tid, WALL)
    print("held" if tids else "it has none", flush=True)
    sys.stdin.read()
    for tid in tids:
        ptrace(PTRACE_DETACH, tid)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        print(error, flush=True)
