"""`python -m tests.faults.hold_threads PID`: stop the detector's threads of a node until stdin ends.

They are those with a lower priority than the process. ptrace stops single threads, where SIGSTOP stops all. One that is
stopped while it holds Python's lock would stop the node as a whole, so then it is let go and tried again. Prints
`held`, or why not.
"""

import ctypes
import os
import sys
import time
from pathlib import Path

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
TRIES = 20

libc = ctypes.CDLL(None, use_errno=True)


def ptrace(request: int, tid: int) -> None:
    if libc.ptrace(ctypes.c_long(request), ctypes.c_long(tid), None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def detectors_threads(pid: int) -> list[int]:
    usual = os.getpriority(os.PRIO_PROCESS, pid)
    tids = sorted(int(task.name) for task in Path(f"/proc/{pid}/task").iterdir())
    return [tid for tid in tids if os.getpriority(os.PRIO_PROCESS, tid) > usual]


def worked_s(pid: int, without: list[int]) -> float:
    """Processor seconds of the other threads."""
    tids = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir() if int(task.name) not in without]
    fields = [Path(f"/proc/{pid}/task/{tid}/stat").read_text().rpartition(")")[2].split() for tid in tids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")


def hold(tids: list[int]) -> None:
    for tid in tids:
        ptrace(PTRACE_SEIZE, tid)
    for tid in tids:
        ptrace(PTRACE_INTERRUPT, tid)
        os.waitpid(tid, WALL)


def let_go(tids: list[int]) -> None:
    for tid in tids:
        ptrace(PTRACE_DETACH, tid)


def main() -> None:
    pid = int(sys.argv[1])
    tids = detectors_threads(pid)
    if not tids:
        print("it has none", flush=True)
        return
    for _ in range(TRIES):
        hold(tids)
        before_s = worked_s(pid, tids)
        time.sleep(1.5)
        if worked_s(pid, tids) - before_s > 0.1:
            print("held", flush=True)
            sys.stdin.read()
            break
        let_go(tids)
        time.sleep(0.3)
    else:
        print("they always held Python's lock", flush=True)
        return
    let_go(tids)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        print(error, flush=True)
